"""The Bayesian Transformer for people with arrays of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fireassay.arrays import AnyArray, Float
from fireassay.data.panel import SessionPanel
from fireassay.data.splits import Split
from fireassay.data.task import Kind, Label, Scaling, Task
from fireassay.errors import DataError, SettingError
from fireassay.study import Study
from fireassay.training.environment import pick_device
from fireassay.training.learner import EpochNews, Progress, Setting, learner
from fireassay.training.serving import Forecast, Inputs, TrainedNet
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Run, Trial

if TYPE_CHECKING:
    from fireassay.training.learner import Weights

MOST_CLASSES = 20
"""Distinct whole numbers up to which labels are taken for classes."""


class BayesianTransformer:
    """A causal Transformer over sessions with a posterior over its weights.

    It predicts at every bar from the bars of the same session up to it, `look_back` at most.

    Parameters
    ----------
    seeds
        Networks, trained in lockstep from one seed each; their mean is predicted.
    seed
        The first of them; every draw derives from it.
    validation
        Share of the sessions, the last ones, that decide when to stop; 0: train all epochs.
    embargo
        Sessions left out between training and validation.
    scaling
        How features are scaled: "standard", "robust" or "none".
    device
        "auto", "cpu", "cuda" or "mps".
    **settings
        Settings of the network (`fireassay.training.settings.NetSettings`): width, layers, epochs,
        learning_rate, prior, kl_weight, draws, ...; `posterior="deterministic"` makes it a point
        estimate.

    Attributes
    ----------
    settings
        All settings of the network.
    runs
        After `fit`: a Run per seed, with the history of its epochs.
    net
        After `fit`: the trained network.

    Raises
    ------
    SettingError
        If a setting isn't known or isn't possible.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> sessions = np.repeat(np.arange(40), 78)
    >>> x = rng.normal(size=(len(sessions), 5)).astype("float32")
    >>> y = (x[:, 0] + rng.normal(size=len(sessions)) > 0).astype(float)
    >>> model = BayesianTransformer(width=16, layers=1, epochs=5).fit(x, y, sessions)
    >>> found = model.predict(x, sessions, draws=32)
    >>> found.mean.shape, found.mutual_information.max()
    """

    def __init__(
        self,
        *,
        seeds: int = 1,
        seed: int = 0,
        validation: float = 0.1,
        embargo: int = 1,
        scaling: Scaling = "standard",
        device: str = "auto",
        **settings: Any,
    ) -> None:
        if seeds < 1:
            raise SettingError(f"seeds = {seeds}: at least one is needed")
        chosen = Study(model="bayesian", settings=settings).learner_settings()
        assert isinstance(chosen, NetSettings)
        self.settings = chosen
        self.seeds, self.seed, self.device = seeds, seed, device
        self.validation, self.embargo, self.scaling = validation, embargo, scaling
        self.runs: tuple[Run, ...] = ()
        self.net: TrainedNet | None = None

    def fit(
        self,
        x: Task | npt.ArrayLike,
        y: npt.ArrayLike | None = None,
        sessions: npt.ArrayLike | None = None,
        *,
        features: Sequence[str] | None = None,
        kind: Kind | None = None,
        horizon: int = 1,
        told: Callable[[EpochNews], None] | None = None,
    ) -> BayesianTransformer:
        """Train on rows in the order of time, session after session.

        Parameters
        ----------
        x
            `[R, F]` features; NaN where one isn't known. Or a Task, which has the rest.
        y
            `[R]` labels, NaN where there is none: 0 and 1, whole numbers from 0 for more classes, or
            real numbers.
        sessions
            `[R]` id of each row's session; the rows of one stand together, sessions in time order.
        features
            Names of the features.
        kind
            "binary", "multiclass" or "real"; None: what the labels look like.
        horizon
            Bars that a label looks ahead.
        told
            Told after every epoch.

        Raises
        ------
        DataError
            If the arrays don't fit together, hold infinite values, or labels that can't be learned.
        """
        task = x if isinstance(x, Task) else self._task(x, y, sessions, features, kind, horizon)
        trials = [
            (Trial("bayesian", self.settings, task.fingerprint, seed=self.seed + i), task)
            for i in range(self.seeds)
        ]
        setting = Setting(pick_device(self.device), None, Progress(told or (lambda _news: None)))
        ended: list[tuple[Run, Weights]] = learner("bayesian").run(trials, setting)
        self.runs = tuple(run for run, _ in ended)
        self.net = TrainedNet(
            Inputs.of(task),
            self.settings,
            tuple(trial.seed for trial, _ in trials),
            tuple(weights for _, weights in ended),
        )
        return self

    def predict(
        self,
        x: npt.ArrayLike,
        sessions: npt.ArrayLike,
        *,
        draws: int | None = None,
        keep_draws: bool = False,
    ) -> Forecast:
        """Predict at every row.

        Parameters
        ----------
        x, sessions
            As in `fit`, with the same features.
        draws
            Posterior draws of each network; None: as the settings say.
        keep_draws
            Whether to return what each draw predicts.

        Returns
        -------
        Forecast
            `mean [n, C]`, `total [n]` and `expected [n]` entropy (variances of a real label),
            `mutual_information [n]`, and `draws [S, n, C]` or None.

        Raises
        ------
        SettingError
            If it isn't fitted yet.
        DataError
            If the arrays don't fit together, or aren't those of the training.
        """
        if self.net is None:
            raise SettingError("the model isn't fitted", fix="Call fit before predict.")
        values = _table(x)
        known = self.net.inputs.features
        if values.shape[1] != len(known):
            raise DataError(
                f"x has {values.shape[1]} features, the model was trained on {len(known)}",
                fix="Give the features of the training, in the same order.",
            )
        panel = _panel(values, np.asarray(sessions), known)
        device = pick_device(self.device)
        return self.net.forecast(panel, draws=draws, keep=keep_draws, device=device)

    def _task(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike | None,
        sessions: npt.ArrayLike | None,
        features: Sequence[str] | None,
        kind: Kind | None,
        horizon: int,
    ) -> Task:
        if y is None or sessions is None:
            raise DataError("labels or sessions are missing", fix="Call fit(x, y, sessions).")
        values, labels = _table(x), np.asarray(y, dtype=np.float32)
        if labels.shape != (len(values),):
            raise DataError(f"y has shape {labels.shape}, x has {len(values)} rows")
        names = tuple(features or (f"x{i}" for i in range(values.shape[1])))
        panel = _panel(values, np.asarray(sessions), names)
        label = _label(labels, panel, kind, horizon)
        return Task(panel, label, self._split(panel.sessions), self.scaling)

    def _split(self, sessions: int) -> Split:
        """Return all sessions for training but the last share, which decides when to stop."""
        held = max(1, round(sessions * self.validation)) if self.validation else 0
        learned = sessions - held - (self.embargo if held else 0)
        if learned < 1:
            raise DataError(
                f"{sessions} sessions are too few for {self.validation:.0%} validation and an "
                f"embargo of {self.embargo}",
                fix="Give more sessions, or set validation=0.",
            )
        order = np.arange(sessions)
        return Split(order[:learned], order[sessions - held :], order[:0], self.embargo)


def _table(x: npt.ArrayLike) -> Float:
    values = np.asarray(x, dtype=np.float32)
    if values.ndim != 2 or 0 in values.shape:
        raise DataError(f"x has shape {values.shape}", fix="Give rows and columns: [R, F].")
    if np.isinf(values).any():
        row, column = (int(i) for i in np.argwhere(np.isinf(values))[0])
        raise DataError(f"x holds an infinite value in row {row}, column {column}")
    return values


def _panel(values: Float, sessions: AnyArray, features: tuple[str, ...]) -> SessionPanel:
    """Return a panel whose sessions are the runs of equal ids, a date each."""
    if sessions.shape != (len(values),):
        raise DataError(f"sessions has shape {sessions.shape}, x has {len(values)} rows")
    if len(features) != values.shape[1] or len(set(features)) < len(features):
        raise DataError(f"features must name the {values.shape[1]} columns of x, each differently")
    starts = np.flatnonzero(np.r_[True, sessions[1:] != sessions[:-1]])
    ids = sessions[starts]
    if len(np.unique(ids)) < len(ids):
        unique, count = np.unique(ids, return_counts=True)
        raise DataError(
            f"the rows of session {unique[count > 1][0]!s} don't stand together",
            fix="Sort the rows by session, sessions by time.",
        )
    first = dt.date(2000, 1, 1)
    return SessionPanel(
        buffer=np.ascontiguousarray(values),
        offsets=np.r_[starts, len(values)].astype(np.int64),
        features=features,
        symbols=("",) * len(starts),
        dates=tuple(first + dt.timedelta(days=i) for i in range(len(starts))),
        stale=np.zeros(len(values), dtype=bool),
        lead=0,
    )


def _label(y: Float, panel: SessionPanel, kind: Kind | None, horizon: int) -> Label:
    known = y[~np.isnan(y)]
    values = np.unique(known)
    if len(values) < 2:
        raise DataError("the labels hold fewer than two values: there is nothing to learn")
    whole = bool((values == np.round(values)).all()) and values[0] >= 0
    if kind is None:
        classes = whole and len(values) <= MOST_CLASSES and values[-1] < 2 * len(values)
        kind = "real" if not classes else "binary" if values[-1] == 1 else "multiclass"
    if kind != "real" and (not whole or (kind == "binary" and values[-1] > 1)):
        odd = values[~np.isin(values, [0, 1])][0]
        raise DataError(
            f"labels such as {odd:g} aren't classes of a {kind} target",
            fix="Number the classes from 0, or fit with kind='real'.",
        )
    count = int(values[-1]) + 1 if kind != "real" else 0
    rows = np.arange(len(y))
    last = panel.offsets[1:][panel.session_of_row] - 1
    return Label(
        name="y",
        kind=kind,
        y=y,
        end=np.minimum(rows + horizon, last).astype(np.int64),
        horizon=horizon,
        classes=tuple(str(i) for i in range(count)),
    )
