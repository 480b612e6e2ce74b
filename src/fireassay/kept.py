"""A finished training, read back from its folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import ValidationError

from fireassay.arrays import Int, bar_of_row
from fireassay.data.panel import SessionPanel
from fireassay.data.settings import DataSettings
from fireassay.data.task import Task
from fireassay.diagnosis.calibrated import threshold_for
from fireassay.errors import unknown_name
from fireassay.models.probes import PROBES, ProbeSettings, fitting_rows
from fireassay.statistics.calibration import Temperature
from fireassay.statistics.conformal import class_sets
from fireassay.statistics.uncertainty import over_session
from fireassay.study import Study, told
from fireassay.trained import Stretch, Trained, Uncertainty
from fireassay.training.module_settings import PREFIX
from fireassay.training.serving import (
    Forecast,
    Inputs,
    TrainedNet,
    load_net,
    pooled,
    tabulated,
    with_panel,
)
from fireassay.training.store import RunFolderError, Store, holds_runs
from fireassay.training.trial import Run

HELD = 0.9
"""Coverage of the sets and intervals that predictions come with."""

FILTERS = ("start", "end")
"""Settings that chose the training's dates, and say nothing of other data."""


@dataclass(frozen=True)
class Kept:
    """A finished training.

    Attributes
    ----------
    folder
        Where it lies.
    study, account, inputs
        What was asked, what came of it, what the model takes.
    """

    folder: Path
    study: Study
    account: Trained
    inputs: Inputs

    @property
    def trials(self) -> list[str]:
        """Ids of the runs, a seed each."""
        return [member.trial for member in self.account.members]

    @property
    def fingerprint(self) -> str:
        """Of the Task that was learned."""
        return str(Store(self.folder).load_specification(self.trials[0])["task"])

    @property
    def net(self) -> TrainedNet | None:
        """The network; None for a learner that keeps no weights."""
        if not all(member.weights for member in self.account.members):
            return None
        return load_net(Store(self.folder), self.trials, self.inputs)

    def settings_for(self, location: str, reading: Mapping[str, Any]) -> DataSettings:
        """Return how other data is read: as the training's, but for its dates and what is given."""
        known = DataSettings.model_fields
        for name in reading:
            if name not in known:
                raise unknown_name("data setting", name, known)
        values = self.study.data.model_dump(exclude={*FILTERS, "location", "query"})
        try:
            return DataSettings.model_validate({**values, "location": location, **reading})
        except ValidationError as error:
            raise told(error, "data") from None

    def forecast(
        self,
        panel: SessionPanel,
        task: Callable[[], Task],
        *,
        draws: int | None = None,
        keep: bool = False,
        device: str = "cpu",
    ) -> Forecast:
        """Predict at every bar of a panel of the training's features.

        Parameters
        ----------
        task
            Gives the training's Task, on which a learner without weights is fitted again.
        draws, keep, device
            As in `TrainedNet.forecast`.
        """
        net = self.net
        if net is not None:
            return net.forecast(panel, draws=draws, keep=keep, device=device)
        learned = task()
        rows: Int = np.arange(panel.rows)
        if learned.panel is not panel:
            learned, rows = with_panel(learned, panel)
        each = [self._refitted(trial, learned, rows, keep=keep) for trial in self.trials]
        return pooled(learned.label.kind, each)

    def table(self, index: pl.DataFrame, found: Forecast) -> pl.DataFrame:
        """Return a forecast as a table beside `index`, as `tabulated`, with what validation mends.

        Further columns, where the training has them: `calibrated` (several classes:
        `calibrated_CLASS`) the probabilities at its temperature, and `set`, the classes of the
        conformal set of 90 %, joined by "|"; of a real label `low` and `high`, the interval of 90 %.
        """
        table, account = tabulated(index, found, self.inputs), self.account.calibration
        if account is None:
            return table
        columns: dict[str, Any] = {}
        kind, classes = self.inputs.kind, self.inputs.classes
        mean = found.mean.astype(np.float64)
        if account.rescaled is not None and kind != "real":
            value = account.rescaled.value
            cooled = Temperature(math.inf if value is None else value, 0.0, math.inf)(mean)
            names = ["calibrated"] if kind == "binary" else [f"calibrated_{c}" for c in classes]
            columns |= {name: cooled[:, i].astype(np.float32) for i, name in enumerate(names)}
        threshold = threshold_for(account, HELD)
        if threshold is not None and kind == "real":
            half = threshold * np.sqrt(found.total.astype(np.float64))
            columns |= {"low": mean[:, 0] - half, "high": mean[:, 0] + half}
        elif threshold is not None:
            sets = class_sets(mean, threshold)
            named = np.full(len(mean), "", dtype=object)
            for held, name in zip(sets.T, classes, strict=True):
                joined = np.where(named == "", name, named + f"|{name}")
                named = np.where(held, joined, named)
            columns["set"] = named.tolist()
        return table.with_columns(pl.Series(name, values) for name, values in columns.items())

    def _refitted(self, trial: str, task: Task, rows: Int, *, keep: bool) -> Forecast:
        from fireassay.training.probing import without_posterior

        store = Store(self.folder)
        kept = store.load_specification(trial)
        if kept["learner"].startswith(PREFIX):
            from fireassay.training.module import asked_again

            mean = asked_again(kept, store.load_weights(trial), task, rows)
        else:
            probe = PROBES[kept["learner"]]()
            settings = probe.settings.model_validate(kept["settings"])
            mean = probe.fit_predict(task, settings, kept["seed"], fitting_rows(task), rows)
        told = without_posterior(rows, mean, task.label.kind)
        return Forecast(told.mean, told.total, told.expected, told.mean[None] if keep else None)


def open_training(folder: Path | str) -> Kept:
    """Read a finished training.

    Raises
    ------
    RunFolderError
        If the folder holds none; says what is there instead.
    """
    root = Path(folder)
    try:
        account = Trained.from_json((root / "train.json").read_text(encoding="utf-8"))
    except OSError:
        raise _no_training(root) from None
    except (ValidationError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise RunFolderError(f"it isn't a training's account: {first}", where=str(root)) from None
    inputs = Inputs.from_json((root / "inputs.json").read_text(encoding="utf-8"))
    return Kept(root, Study.from_toml(root / "study.toml"), account, inputs)


def _no_training(root: Path) -> RunFolderError:
    """Say what is in a folder that holds no finished training."""
    if not root.is_dir():
        what, fix = "there is no such folder", "Give the run folder of a `fireassay train`."
    elif (root / "diagnosis.json").exists():
        what, fix = "the folder holds a diagnosis", "`fireassay report` shows it."
    elif holds_runs(root):
        what = "the training isn't finished"
        fix = f"`fireassay train --study {root}/study.toml --out {root}` goes on with it."
    else:
        what, fix = "the folder holds no training", "Give the run folder of a `fireassay train`."
    return RunFolderError(what, where=str(root), fix=fix)


def held_out_table(
    frame: pl.DataFrame, task: Task, runs: Sequence[Run], inputs: Inputs
) -> pl.DataFrame:
    """Return what the runs together predict of the labelled bars of validation and test sessions.

    A learner that keeps no weights is fitted on the validation sessions, so these are left out.

    Parameters
    ----------
    frame
        Canonical table, R rows.

    Returns
    -------
    pl.DataFrame
        Columns symbol, session, time, part, label, and those of `tabulated`.
    """
    tables = []
    fitted = isinstance(runs[0].trial.settings, ProbeSettings)
    for part in ("test",) if fitted else ("validation", "test"):
        each = [getattr(run, part) for run in runs]
        rows = each[0].rows
        index = frame[rows.tolist()].select("symbol", "session", "time")
        labels = pl.Series("label", task.label.y[rows])
        index = index.with_columns(pl.lit(part).alias("part"), labels)
        tables.append(tabulated(index, pooled(task.label.kind, each), inputs))
    return pl.concat(tables)


def uncertainty_of(task: Task, runs: Sequence[Run], *, drawn: bool) -> Uncertainty | None:
    """Return what the runs together are unsure of on labelled test bars, over the session.

    None where one network alone says one thing (not `drawn`, one run): there is no telling what it
    doesn't know; and where a learner tells no spread.
    """
    each = [run.test for run in runs]
    rows = each[0].rows
    if not (drawn or len(runs) > 1) or not len(rows):
        return None
    found = pooled(task.label.kind, each)
    total, expected = found.total.astype(np.float64), found.expected.astype(np.float64)
    if not (np.isfinite(total).all() and total.any()):
        return None
    epistemic = float(np.maximum(total - expected, 0).mean())
    over = over_session(total, expected, bar_of_row(task.panel.offsets)[rows])
    columns = (over.first + 1, over.last + 1, over.count, over.total, over.aleatoric, over.epistemic)
    names = ("first", "last", "count", "total", "aleatoric", "epistemic")
    return Uncertainty(
        unit="squared label units" if task.label.kind == "real" else "nats",
        total=float(total.mean()),
        aleatoric=float(expected.mean()),
        epistemic=epistemic,
        share=epistemic / float(total.mean()),
        stretches=tuple(
            Stretch.model_validate(dict(zip(names, row, strict=True)))
            for row in zip(*(column.tolist() for column in columns), strict=True)
        ),
    )


def test_labels(frame: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Return the labelled test bars, so that trials can be compared later without the data.

    Parameters
    ----------
    frame
        Canonical table, R rows.

    Returns
    -------
    pl.DataFrame
        Columns symbol, session, time, row (of the table) and label.
    """
    rows = task.test_rows
    index = frame[rows.tolist()].select("symbol", "session", "time")
    return index.with_columns(pl.Series("row", rows), pl.Series("label", task.label.y[rows]))


def parts_of(task: Task) -> pl.Series:
    """Return `[R]` the part of the split that each row is in; null for dates left out."""
    named = np.full(task.panel.sessions, None, dtype=object)
    for part in ("train", "validation", "test"):
        named[getattr(task.split, part)] = part
    return pl.Series("part", named[task.panel.session_of_row].tolist(), dtype=pl.String)


def summary(table: pl.DataFrame) -> str:
    """Say in a sentence or two how sure a model is over the bars of `tabulated`."""
    if "total_variance" in table.columns:
        total, part, unit = "total_variance", "epistemic_variance", "squared label units"
    else:
        total, part, unit = "total_entropy", "mutual_information", "nats"
    whole, weights = (float(np.nanmean(table[name].to_numpy())) for name in (total, part))
    share = weights / whole if whole else 0.0
    return (
        f"{table.height:,} bars. Uncertainty is {whole:.4g} {unit} on average, {share:.1%} of it "
        "from the weights, which more data would lessen."
    )
