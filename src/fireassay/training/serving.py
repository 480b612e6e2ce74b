"""Trained networks asked again: on the bars they were scored on, or on bars that came later.

Beside its weights a network needs what the training sessions fitted: which features, their scaling,
how long a session typically is, and the unit of a real label. `Inputs` keeps these in the run folder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from fireassay.arrays import AnyArray, Float, Int
from fireassay.data.panel import SessionPanel
from fireassay.data.splits import Split
from fireassay.data.task import Fitted, Kind, Label, Scaler, Task
from fireassay.errors import DataError, listed, nearest
from fireassay.training.member import label_scale
from fireassay.training.settings import NetSettings
from fireassay.training.store import Store
from fireassay.training.trial import Predictions

SCHEMA_VERSION = "1.0"
SHOWN = 5
"""Names that an error lists."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """What one or several trained models predict at n bars.

    Attributes
    ----------
    mean
        `[n, C]` predictive probabilities (binary: `[n, 1]`, of class 1), or means of a real label in
        its own units. Several models: their mean.
    total, expected
        `[n]` entropy of the prediction, and the mean entropy over draws (aleatoric), in nats. For a
        real label variances, in squared label units.
    draws
        `[S, n, C]` what each posterior draw predicts (of a real label: its location), model after
        model; None where they weren't asked for.
    """

    mean: Float
    total: Float
    expected: Float
    draws: Float | None = None

    @property
    def mutual_information(self) -> Float:
        """`[n]` what the weights' uncertainty adds (epistemic): total less expected, at least 0."""
        return np.maximum(self.total - self.expected, 0)


def pooled(kind: Kind, each: Sequence[Predictions | Forecast]) -> Forecast:
    """Return what several models predict together: each as likely as the other.

    What they disagree about counts as uncertainty of the weights.
    """
    mean = np.mean([one.mean for one in each], axis=0)
    expected = np.mean([one.expected for one in each], axis=0)
    if len(each) == 1:
        total = each[0].total
    elif kind == "real":
        between = np.var([one.mean[:, 0] for one in each], axis=0)
        total = np.mean([one.total for one in each], axis=0) + between
    else:
        p = np.concatenate([mean, 1 - mean], axis=1) if kind == "binary" else mean
        total = -(p * np.log(np.clip(p, 1e-12, 1))).sum(axis=1)
    kept = [one.draws for one in each if isinstance(one, Forecast) and one.draws is not None]
    draws = np.concatenate(kept) if len(kept) == len(each) else None
    return Forecast(mean, np.asarray(total), expected, draws)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a trained network needs to be asked about a panel.

    Attributes
    ----------
    features
        Names of the panel's columns, in order.
    selection
        How they are selected from a table (`fireassay.data.columns`).
    fitted
        Scaling and typical length of the training sessions.
    label
        Name of the target.
    kind, classes, horizon
        The target's, as in `Label`.
    centre, spread
        Mean and SD of a real label on the training rows; 0 and 1 for classes.
    """

    features: tuple[str, ...]
    selection: tuple[str, ...]
    fitted: Fitted
    label: str
    kind: Kind
    classes: tuple[str, ...] = ()
    horizon: int = 1
    centre: float = 0.0
    spread: float = 1.0

    @classmethod
    def of(cls, task: Task, selection: Sequence[str] = ()) -> Inputs:
        """Return what a Task's training sessions fit."""
        centre, spread = label_scale(task)
        return cls(
            features=task.panel.features,
            selection=tuple(selection) or task.panel.features,
            fitted=Fitted(task.scaler, task.typical_length),
            label=task.label.name,
            kind=task.label.kind,
            classes=task.label.classes,
            horizon=task.label.horizon,
            centre=centre,
            spread=spread,
        )

    def task(self, panel: SessionPanel) -> Task:
        """Return the Task of predicting at every bar of a panel, without labels.

        Raises
        ------
        DataError
            If the panel's features aren't those that were trained on, in their order.
        """
        self.check(panel.features)
        rows = np.arange(panel.rows)
        unknown = np.full(panel.rows, np.nan, dtype=np.float32)
        none = np.zeros(0, dtype=np.int64)
        return Task(
            panel,
            Label(self.label, self.kind, unknown, rows, self.horizon, classes=self.classes),
            Split(none, none, np.arange(panel.sessions)),
            fitted=self.fitted,
        )

    def check(self, features: Sequence[str]) -> None:
        """Raise DataError unless the features are those trained on, in their order."""
        if tuple(features) == self.features:
            return
        missing = [name for name in self.features if name not in features]
        extra = [name for name in features if name not in self.features]
        if missing:
            near = nearest(missing[0], extra)
            hint = f" (there is {' or '.join(near)})" if near else ""
            what = f"{len(missing)} of the {len(self.features)} features that the model was trained "
            what += f"on are missing: {listed(missing, SHOWN)}{hint}"
        elif extra:
            what = f"{len(extra)} features are not among those trained on: {listed(extra, SHOWN)}"
        else:
            what = "the features stand in another order than in training"
        raise DataError(what, fix="Give the features of the training, by the same names.")

    def to_json(self) -> str:
        """Return the inputs as JSON; `from_json` gives equal ones back."""
        scaler = self.fitted.scaler
        row = {
            "schema_version": SCHEMA_VERSION,
            "features": self.features,
            "selection": self.selection,
            "centre": scaler.centre.tolist(),
            "scale": scaler.scale.tolist(),
            "clip": scaler.clip if np.isfinite(scaler.clip) else None,
            "typical_length": self.fitted.typical_length,
            "label": {
                "name": self.label,
                "kind": self.kind,
                "classes": self.classes,
                "horizon": self.horizon,
                "centre": self.centre,
                "spread": self.spread,
            },
        }
        return json.dumps(row, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Inputs:
        """Read what `to_json` wrote."""
        row: dict[str, Any] = json.loads(text)
        label = row["label"]
        clip = np.inf if row["clip"] is None else row["clip"]
        centre, scale = (np.array(row[name], dtype=np.float32) for name in ("centre", "scale"))
        return cls(
            features=tuple(row["features"]),
            selection=tuple(row["selection"]),
            fitted=Fitted(Scaler(centre, scale, clip), row["typical_length"]),
            label=label["name"],
            kind=label["kind"],
            classes=tuple(label["classes"]),
            horizon=label["horizon"],
            centre=label["centre"],
            spread=label["spread"],
        )


@dataclass(frozen=True, eq=False)
class TrainedNet:
    """One network, trained from several seeds.

    Attributes
    ----------
    inputs
        What it takes.
    settings
        The seeds' common settings.
    seeds
        `[K]`: draws derive from them, so the same bars get the same draws as at the end of training.
    weights
        `[K]` arrays of each, as `Cohort.weights` returns them.
    """

    inputs: Inputs
    settings: NetSettings
    seeds: tuple[int, ...]
    weights: tuple[dict[str, AnyArray], ...]

    def forecast(
        self,
        panel: SessionPanel,
        *,
        draws: int | None = None,
        keep: bool = False,
        device: str = "cpu",
    ) -> Forecast:
        """Predict at every bar of a panel.

        Parameters
        ----------
        panel
            Raw features; they are scaled as in training.
        draws
            Posterior draws of each seed's network; None: as its settings say.
        keep
            Whether to return what each draw predicts.

        Raises
        ------
        DataError
            If the features aren't those of the training.
        """
        from fireassay.models.transformer import Transformer
        from fireassay.training.batches import Feeder
        from fireassay.training.cohort import architecture
        from fireassay.training.prediction import Forecaster
        from fireassay.training.streams import network_seed

        task = self.inputs.task(panel)
        net = Transformer(architecture(task, self.settings))
        each_seed = range(self.settings.networks)
        seeds = [network_seed(seed, i) for seed in self.seeds for i in each_seed]
        forecaster = Forecaster(
            net,
            self._posterior(net, device),
            [self.settings] * len(seeds),
            seeds,
            Feeder(task, device, net.arch.windows),
            self.inputs.kind,
        )
        sessions, rows = np.arange(panel.sessions), np.arange(panel.rows)
        found = forecaster(sessions, rows, draws or self.settings.draws, "final", keep=keep)
        mean, total, expected = (t.cpu().numpy() for t in (found.mean, found.total, found.expected))
        each = None if found.draws is None else found.draws.numpy()
        models = [
            Forecast(mean[k], total[k], expected[k], None if each is None else each[k])
            for k in range(len(seeds))
        ]
        return pooled(self.inputs.kind, [self._in_label_units(model) for model in models])

    def named(self, k: int = 0) -> dict[str, tuple[AnyArray, AnyArray]]:
        """Return posterior mean and SD of each parameter of the k-th seed, by name.

        Of an ensemble both have its networks as a leading axis.
        """
        import torch

        from fireassay.models.transformer import Transformer
        from fireassay.training.cohort import architecture

        net = Transformer(
            architecture(self.inputs.task(_no_bars(self.inputs.features)), self.settings)
        )
        layout = net.layout
        arrays = self.weights[k]
        sigma = np.exp(arrays["log_sigma"]) * arrays["scale"]
        if "head_factor" in arrays:
            first = layout.place(net.head.weight)
            sd = np.linalg.norm(arrays["head_factor"], axis=1)
            sigma[first : first + len(sd)] = sd
        means, sigmas = (layout.split(torch.from_numpy(a)) for a in (arrays["mean"], sigma))
        return {
            p.name: (mean.numpy(), sd.numpy())
            for p, mean, sd in zip(layout.parameters, means, sigmas, strict=True)
        }

    def _posterior(self, net: Any, device: str) -> Any:
        import torch

        from fireassay.models.laplace import LastLayer
        from fireassay.models.variational import MeanField

        def stacked(name: str) -> torch.Tensor:
            rows = [np.atleast_2d(w[name]) for w in self.weights]
            return torch.as_tensor(np.concatenate(rows), device=device)

        mean = stacked("mean")
        found = MeanField(
            net.layout,
            torch.stack([mean, stacked("log_sigma")], dim=1),
            stacked("scale"),
            stacked("prior_mean"),
            stacked("prior_log_sigma"),
            torch.zeros(len(mean), dtype=torch.bool, device=device),
        )
        if not self.settings.stands_for.head:
            return found
        factors = np.stack([w["head_factor"] for w in self.weights])
        return LastLayer(
            found, torch.as_tensor(factors, device=device), net.layout.place(net.head.weight)
        )

    def _in_label_units(self, found: Forecast) -> Forecast:
        if self.inputs.kind != "real":
            return found
        centre, spread = self.inputs.centre, self.inputs.spread
        draws = None if found.draws is None else found.draws * spread + centre
        return Forecast(
            found.mean * spread + centre,
            found.total * spread**2,
            found.expected * spread**2,
            draws,
        )


def load_net(store: Store, trials: Sequence[str], inputs: Inputs) -> TrainedNet:
    """Return the network whose seeds' runs a folder keeps.

    Raises
    ------
    RunFolderError
        If the folder lacks the weights of one.
    """
    kept = [store.load_specification(trial) for trial in trials]
    return TrainedNet(
        inputs=inputs,
        settings=NetSettings.model_validate(kept[0]["settings"]),
        seeds=tuple(one["seed"] for one in kept),
        weights=tuple(store.load_weights(trial) for trial in trials),
    )


def with_panel(task: Task, panel: SessionPanel) -> tuple[Task, Int]:
    """Return the Task with a panel's sessions appended without labels, and the rows of these.

    A learner that keeps no weights is fitted again on the Task and asked at these rows.
    """
    own, rows = task.panel, panel.rows
    whole = replace(
        own,
        buffer=np.concatenate([own.buffer, panel.values]),
        offsets=np.concatenate([own.offsets, own.offsets[-1] + panel.offsets[1:]]),
        symbols=own.symbols + panel.symbols,
        dates=own.dates + panel.dates,
        stale=np.concatenate([own.stale, panel.stale]),
        _on_device={},
    )
    at = np.arange(own.rows, own.rows + rows)
    unknown = np.full(rows, np.nan, dtype=np.float32)
    label = replace(
        task.label,
        y=np.concatenate([task.label.y, unknown]),
        end=np.concatenate([task.label.end, at]),
    )
    return replace(task, panel=whole, label=label, others=()), at


def tabulated(index: pl.DataFrame, found: Forecast, inputs: Inputs) -> pl.DataFrame:
    """Return a forecast as a table, row by row beside `index`.

    Columns: `mean` (binary: the probability of class 1; several classes: `mean_CLASS` each), then
    `total_entropy`, `expected_entropy` and `mutual_information` in nats, of a real label
    `total_variance`, `expected_variance` and `epistemic_variance`; `draws`, where they were kept, as
    one array a bar.
    """
    names: tuple[str, ...] = ("mean",)
    if inputs.kind == "multiclass":
        names = tuple(f"mean_{name}" for name in inputs.classes)
    columns = {name: found.mean[:, i] for i, name in enumerate(names)}
    real = inputs.kind == "real"
    total, expected = (
        ("total_variance", "expected_variance")
        if real
        else (
            "total_entropy",
            "expected_entropy",
        )
    )
    columns[total] = found.total
    columns[expected] = found.expected
    columns["epistemic_variance" if real else "mutual_information"] = found.mutual_information
    table = index.with_columns(
        pl.Series(name, np.asarray(values, dtype=np.float32)) for name, values in columns.items()
    )
    if found.draws is None:
        return table
    draws = np.moveaxis(found.draws, 0, 1)  # [n, S, C]
    draws = draws if inputs.kind == "multiclass" else draws[..., 0]
    return table.with_columns(pl.Series("draws", np.ascontiguousarray(draws, dtype=np.float32)))


def _no_bars(features: tuple[str, ...]) -> SessionPanel:
    """Return a panel of the features without a session: enough to know a network's shape."""
    return SessionPanel(
        buffer=np.zeros((0, len(features)), dtype=np.float32),
        offsets=np.zeros(1, dtype=np.int64),
        features=features,
        symbols=(),
        dates=(),
        stale=np.zeros(0, dtype=bool),
        lead=0,
    )
