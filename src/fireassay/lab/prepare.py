"""From a study to what is learned: bars, features, target and split."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fireassay.data.assemble import build_task
from fireassay.data.bars import Bars
from fireassay.data.load import load
from fireassay.data.targets import TARGETS
from fireassay.data.task import Task
from fireassay.errors import DataError
from fireassay.kept import Kept
from fireassay.lab.watch import Watch
from fireassay.study import Study


@dataclass(frozen=True)
class Prepared:
    """A study's data, ready to be learned from.

    Attributes
    ----------
    study, bars, task
        What was asked, what was read, what is learned.
    """

    study: Study
    bars: Bars
    task: Task


def prepare(study: Study, frame: object = None, watch: Watch | None = None) -> Prepared:
    """Load bars, compute features and target, divide sessions.

    Parameters
    ----------
    study
        What to load, and how.
    frame
        A Polars, pandas or Arrow table, in place of `study.data.location`.
    """
    watch = watch or Watch()
    watch.phase("reading bars")
    bars = load(study.data, frame, need_prices=study.needs_prices)
    watch.phase("computing features and target")
    spec = study.spec
    moves = spec.name in TARGETS and TARGETS[spec.name].price_move
    task = build_task(
        bars,
        features=study.features,
        target=spec,
        split=study.split,
        scaling=study.scaling,
        others=[replace(spec, skip=spec.skip + 1)] if moves else [],
    )
    return Prepared(study, bars.reading(split=task.split.told(task.panel)), task)


def prepared_again(kept: Kept, watch: Watch) -> Prepared:
    """Read the data of a finished training again; raises DataError if it isn't the same."""
    if not kept.study.data.location:
        fix = "Give the data to predict on."
        if kept.net is None:
            fix = f"A {kept.study.model} model is fitted again when it is asked: train it on a file."
        raise DataError(
            "the model was trained on a table in memory, which can't be read again",
            where=str(kept.folder),
            fix=fix,
        )
    prepared = prepare(kept.study, watch=watch)
    if prepared.task.fingerprint != kept.fingerprint:
        raise DataError(
            f"{kept.study.data.location} has changed since the model was trained on it",
            where=str(kept.folder),
            fix="Give it as new data, to predict on it as it is now.",
        )
    return prepared
