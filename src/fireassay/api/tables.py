"""An independent check of the variational layers: regression on any table of rows, UCI style."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.errors import DataError, SettingError
from fireassay.seeds import derive, generator

if TYPE_CHECKING:
    import polars as pl
    from torch import Tensor

    from fireassay.training.settings import NetSettings
    from fireassay.training.tables import Fit

METHODS = ("mean_field", "mc_dropout", "deterministic", "bayesian_linear")
RATES = (0.005, 0.01, 0.05, 0.1)
"""Dropout rates that the validation part chooses from (Gal and Ghahramani 2016)."""

VALIDATION = 0.2
"""Share of the training rows on which the dropout rate is chosen."""

LEAST_ROWS = 20


@dataclass(frozen=True, eq=False)
class TableScores:
    """What one method reached on the test rows of every split.

    Attributes
    ----------
    log_likelihood
        `[splits]` mean log predictive density of a test row, in nats and units of y.
    rmse
        `[splits]` root mean squared error of the predictive mean, in units of y.
    chosen
        `[splits]` dropout rate chosen on the validation part; None where there is none to choose.
    """

    log_likelihood: Float
    rmse: Float
    chosen: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class TableFit:
    """What `fit_regression` returns.

    Attributes
    ----------
    rows, features, splits
        Of the table; splits is the number of random ones.
    scores
        By method.
    """

    rows: int
    features: int
    splits: int
    scores: dict[str, TableScores]

    def frame(self) -> pl.DataFrame:
        """Return one row a method: mean over splits and its standard error, in units of y."""
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "method": name,
                    "log_likelihood": float(found.log_likelihood.mean()),
                    "log_likelihood_se": _standard_error(found.log_likelihood),
                    "rmse": float(found.rmse.mean()),
                    "rmse_se": _standard_error(found.rmse),
                }
                for name, found in self.scores.items()
            ]
        )

    def __repr__(self) -> str:
        lines = (
            f"{row['method']:16} test log-likelihood {row['log_likelihood']:8.3f} "
            f"± {row['log_likelihood_se']:.3f}   RMSE {row['rmse']:.4g} ± {row['rmse_se']:.2g}"
            for row in self.frame().iter_rows(named=True)
        )
        head = f"{self.rows} rows, {self.features} features, {self.splits} random splits"
        return "\n".join([head, *lines])


@dataclass(frozen=True, eq=False)
class _Split:
    """Standardised rows of one split, and the SD of y that undoes it."""

    x: Float
    y: Float
    test_x: Float
    test_y: Float
    unit: float


def fit_regression(
    x: Any,
    y: Any,
    *,
    hidden: Sequence[int] = (50,),
    splits: int = 20,
    test_share: float = 0.1,
    methods: Sequence[str] = METHODS,
    steps: int = 3000,
    batch: int = 128,
    draws: int = 200,
    noise_sd: float | None = None,
    seed: int = 0,
    **settings: Any,
) -> TableFit:
    """Measure mean-field VI of our layers on a table of independent rows, beside its peers.

    Each of the random splits is standardised on its own training rows, and all of them train in
    lockstep. `mean_field` is a perceptron whose weights all have a normal posterior, with one learned
    Gaussian noise; `deterministic` is its point estimate; `mc_dropout` has dropout on inputs and
    hidden units, at the rate that does best on a fifth of the training rows; `bayesian_linear` is
    exact Bayesian linear regression with both precisions at the maximum of the evidence
    (scikit-learn's BayesianRidge).

    Parameters
    ----------
    x, y
        `[n, F]` numbers and `[n]` targets: arrays, lists or data frames.
    hidden
        Widths of the hidden layers; `()` is a linear model.
    splits, test_share
        Random splits, and the share of rows held out in each.
    methods
        Which of "mean_field", "mc_dropout", "deterministic" and "bayesian_linear".
    steps, batch
        Steps of the optimiser, and rows in each.
    draws
        Posterior draws of a prediction: its density is their mixture's.
    noise_sd
        SD of the noise in units of y, where it's known; None: learned.
    seed
        Splits, starts and draws derive from it.
    **settings
        Settings of the network: `prior`, `prior_sigma`, `kl_weight`, `learning_rate`, ....

    Raises
    ------
    DataError
        If the table isn't one of finite numbers, or has fewer than 20 rows.
    SettingError
        If a method or setting isn't known.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> found = fireassay.fit_regression(*load_diabetes(return_X_y=True), splits=5)
    >>> found.frame()
    >>> found.scores["mean_field"].log_likelihood.mean()
    """
    values, target = _checked(x, y)
    unknown = [name for name in methods if name not in METHODS]
    if unknown:
        raise SettingError(f"unknown method {unknown[0]!r}", fix=f"Known: {', '.join(METHODS)}.")
    parts = [_split(values, target, test_share, seed, number) for number in range(splits)]
    chosen = _Networks(parts, tuple(hidden), steps, batch, draws, noise_sd, seed, settings)
    made: dict[str, Callable[[], TableScores]] = {
        "mean_field": chosen.mean_field,
        "mc_dropout": chosen.mc_dropout,
        "deterministic": chosen.deterministic,
        "bayesian_linear": lambda: _bayesian_linear(parts),
    }
    rows, features = values.shape
    return TableFit(rows, features, splits, {name: made[name]() for name in methods})


@dataclass(frozen=True, eq=False)
class _Networks:
    """The perceptrons of every split."""

    parts: list[_Split]
    hidden: tuple[int, ...]
    steps: int
    batch: int
    draws: int
    noise_sd: float | None
    seed: int
    settings: dict[str, Any]

    def mean_field(self) -> TableScores:
        from fireassay.training.tables import EVERY_PART

        return self._scores([self._chosen("mean_field", bayesian=EVERY_PART)] * len(self.parts))

    def deterministic(self) -> TableScores:
        return self._scores([self._chosen("deterministic")] * len(self.parts))

    def mc_dropout(self) -> TableScores:
        """Choose the rate of every split on a part of its training rows, then train on all."""
        inner = [
            _resplit(part, VALIDATION, self.seed, number) for number, part in enumerate(self.parts)
        ]
        tried = [self._chosen("mc_dropout", dropout=rate) for rate in RATES]
        found = [self._scores([settings] * len(inner), inner).log_likelihood for settings in tried]
        best = np.argmax(found, axis=0)
        scores = self._scores([tried[i] for i in best])
        return TableScores(scores.log_likelihood, scores.rmse, tuple(RATES[i] for i in best))

    def _chosen(self, posterior: str, **more: Any) -> NetSettings:
        from pydantic import ValidationError

        from fireassay.training.settings import NetSettings

        values = {"learning_rate": 5e-3, "epochs": 1, **self.settings, "posterior": posterior, **more}
        try:
            return NetSettings(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"])) or "settings"
            raise SettingError(
                f"{name}: {first['msg']}", fix="See `fireassay train --help`."
            ) from None

    def _scores(self, settings: list[NetSettings], parts: list[_Split] | None = None) -> TableScores:
        from fireassay.models.mlp import MLP
        from fireassay.training.tables import fit

        parts = parts or self.parts
        net = MLP(parts[0].x.shape[1], self.hidden)
        seeds = [derive("table", self.seed, number) for number in range(len(parts))]
        log_noise = None
        if self.noise_sd is not None:
            # In standardised units; splits differ little, and one number serves all of them.
            log_noise = math.log(self.noise_sd / float(np.mean([part.unit for part in parts])))
        found = fit(
            net,
            _stacked([part.x for part in parts]),
            _stacked([part.y for part in parts]),
            settings,
            seeds,
            steps=self.steps,
            batch=self.batch,
            log_noise=log_noise,
        )
        return _measured(found, parts, self.draws)


def _measured(found: Fit, parts: list[_Split], draws: int) -> TableScores:
    """Return log density of the mixture of draws, and error of its mean, in units of y."""
    from scipy.special import logsumexp
    from scipy.stats import norm

    located, noise = found.predict(_stacked([part.test_x for part in parts]), draws)
    mean, sd = located.numpy().astype(np.float64), noise.numpy().astype(np.float64)
    y, unit = np.stack([part.test_y for part in parts]), np.array([part.unit for part in parts])
    each = norm.logpdf(y[:, None], mean, sd[:, None, None])
    density = logsumexp(each, axis=1) - math.log(mean.shape[1])
    error = np.sqrt(np.mean((y - mean.mean(1)) ** 2, axis=1))
    return TableScores(density.mean(1) - np.log(unit), error * unit)


def _bayesian_linear(parts: list[_Split]) -> TableScores:
    """Exact posterior predictive of a linear regression, both precisions fitted to the evidence."""
    from scipy.stats import norm
    from sklearn.linear_model import BayesianRidge

    density, error = [], []
    for part in parts:
        mean, sd = BayesianRidge().fit(part.x, part.y).predict(part.test_x, return_std=True)
        density.append(norm.logpdf(part.test_y, mean, sd).mean() - math.log(part.unit))
        error.append(part.unit * np.sqrt(np.mean((part.test_y - mean) ** 2)))
    return TableScores(np.array(density), np.array(error))


def _checked(x: Any, y: Any) -> tuple[Float, Float]:
    """Return the table as float64 arrays."""
    try:
        values, target = (np.asarray(a, dtype=np.float64) for a in (x, y))
    except (TypeError, ValueError):
        raise DataError(
            "the table holds something that isn't a number", fix="Encode text as numbers first."
        ) from None
    if values.ndim != 2 or target.size != len(values):
        raise DataError(
            f"x of shape {values.shape} and y of shape {target.shape} aren't a table and its target",
            fix="Give x as [rows, features] and y as [rows].",
        )
    target = target.reshape(-1)
    bad = ~(np.isfinite(values).all(1) & np.isfinite(target))
    if bad.any():
        raise DataError(
            f"{bad.sum()} of {len(bad)} rows hold values that aren't finite, the first is row "
            f"{int(bad.argmax())}",
            fix="Fill or drop them first.",
        )
    if len(values) < LEAST_ROWS:
        raise DataError(f"{len(values)} rows are too few", fix=f"Give at least {LEAST_ROWS}.")
    if np.ptp(target) == 0:
        raise DataError("y is the same in every row", fix="Give the column that is to be predicted.")
    return values, target


def _split(x: Float, y: Float, test_share: float, seed: int, number: int) -> _Split:
    """Return a random split, standardised on its training rows."""
    held = round(test_share * len(y))
    if not 0 < held < len(y):
        raise SettingError(f"test_share {test_share} leaves no rows", fix="Give one such as 0.1.")
    order = generator("table", seed, "split", number).permutation(len(y))
    return _standardised(x, y, order[held:], order[:held])


def _resplit(part: _Split, share: float, seed: int, number: int) -> _Split:
    """Return the training rows of a split, split again."""
    order = generator("table", seed, "validation", number).permutation(len(part.y))
    held = max(1, round(share * len(order)))
    return _standardised(part.x, part.y, order[held:], order[:held])


def _standardised(x: Float, y: Float, train: Int, test: Int) -> _Split:
    centre, scale = x[train].mean(0), x[train].std(0)
    scale[scale == 0] = 1.0
    middle, unit = float(y[train].mean()), float(y[train].std()) or 1.0
    return _Split(
        (x[train] - centre) / scale,
        (y[train] - middle) / unit,
        (x[test] - centre) / scale,
        (y[test] - middle) / unit,
        unit,
    )


def _stacked(arrays: list[Float]) -> Tensor:
    import torch

    return torch.as_tensor(np.stack(arrays), dtype=torch.float32)


def _standard_error(values: Float) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan
