"""Trials of a diagnosis as runs that can be compared: the model as set, as changed, any by its id."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from fireassay.comparison.candidate import HEADLINE, Candidate, averaged
from fireassay.errors import SettingError, UserError
from fireassay.findings import Diagnosis
from fireassay.interventions import Stage, TaskChange, from_specification
from fireassay.report import read
from fireassay.study import Study

APPLIED = "applied"
"""What stands after `#` for the settings that `diagnose --apply` tried."""

FEWEST = 4
"""Characters of a trial's id that name it."""

Specifications = Mapping[str, Mapping[str, Any]]
"""What was asked of each finished trial, by its id."""


def applied_of(folder: Path) -> str | None:
    """Return the name of the changed run of a diagnosis; None: nothing was changed, or no diagnosis.

    Raises
    ------
    UserError
        If its diagnosis.json can't be read.
    """
    if not (folder / "diagnosis.json").exists():
        return None
    found = _read(folder)
    return f"{folder}#{APPLIED}" if found.applied else None


def trial_of_diagnosis(name: str, folder: Path, which: str) -> Candidate:
    """Read a trial of a finished diagnosis.

    Parameters
    ----------
    name
        As it was given.
    folder
        Run folder of `fireassay diagnose`.
    which
        "": the model as set; "applied": with the changed settings; else a trial's id, or its first
        characters, or a learner's name.

    Raises
    ------
    UserError
        If there is no such trial, or it learned other labels than those asked about.
    """
    found = _read(folder)
    asked = _specifications(folder)
    if not asked:
        raise SettingError(
            "the diagnosis trained nothing, so there is nothing to compare",
            where=str(folder),
            fix="Give the folder of a `fireassay diagnose`; `inspect` and `scan` train no model.",
        )
    study = Study.from_toml(folder / "study.toml")
    first = _chosen(found, study, asked, which, folder)
    _refuse_other_labels(asked[first], name)
    # Runs that differ by nothing but their seed are one: their predictions are averaged.
    members = [id_ for id_ in asked if _but_seed(asked[id_]) == _but_seed(asked[first])]
    members.sort(key=lambda id_: asked[id_]["seed"])
    labels = _labels(folder)
    history = json.loads((folder / "trials" / members[0] / "run.json").read_text(encoding="utf-8"))
    return Candidate(
        name=name,
        title=f"{_called(which, first)} of {found.title}",
        study=study,
        model=asked[first]["learner"],
        settings=asked[first]["settings"],
        kind=_kind(found, labels),
        test=averaged(labels, [folder / "trials" / member for member in members]),
        history=tuple(history["history"]),
        kept=history["best_epoch"],
        final={},
        changed=", ".join(from_specification(i).label for i in asked[first]["interventions"]),
    )


def _read(folder: Path) -> Diagnosis:
    found = read(folder / "diagnosis.json")
    assert isinstance(found, Diagnosis)
    return found


def _specifications(folder: Path) -> Specifications:
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("trials/*/trial.json"))
        if (path.parent / "run.json").exists() and (path.parent / "predictions.safetensors").exists()
    }


def _chosen(found: Diagnosis, study: Study, asked: Specifications, which: str, folder: Path) -> str:
    """Return the id of the trial that is meant."""
    if which == APPLIED:
        return _applied(found, asked, folder)
    named = [id_ for id_ in asked if len(which) >= FEWEST and id_.startswith(which)]
    if not named:
        learner = which or study.model
        named = [id_ for id_ in _as_set(folder) if id_ in asked and not which]
        named += [id_ for id_ in asked if asked[id_]["learner"] == learner and _plain(asked[id_])]
    if named:
        return named[0]
    if not which:
        raise SettingError(
            f"the diagnosis didn't get to train {study.model} as set",
            where=str(folder),
            fix="Give it a larger --budget.",
        )
    learners = sorted({row["learner"] for row in asked.values() if _plain(row)})
    raise SettingError(
        f"the diagnosis has no trial {which}",
        where=str(folder),
        fix=f"After # stands {APPLIED}, a learner ({', '.join(learners)}), or the id of a trial as "
        "the report cites it.",
    )


def _as_set(folder: Path) -> Iterator[str]:
    """Yield the id of the model as set, as the budget allowed it, where that was decided."""
    path = folder / "afforded.json"
    if path.exists():
        yield str(json.loads(path.read_text(encoding="utf-8"))["trial"])


def _applied(found: Diagnosis, asked: Specifications, folder: Path) -> str:
    """Return the trial of the changed settings on the labels as they are."""
    if found.applied is None:
        raise SettingError(
            "the diagnosis made no changes",
            where=str(folder),
            fix="Run it with --apply; it changes settings only where a cause that they mend is "
            "supported.",
        )
    before = next(_as_set(folder), "")
    same = asked[before]["interventions"] if before in asked else []
    turned = [
        id_
        for id_ in found.applied.outcome.trials
        if id_ in asked
        and asked[id_]["interventions"] == same
        and id_ != before
        and (before not in asked or _but_seed(asked[id_]) != _but_seed(asked[before]))
    ]
    if not turned:
        raise SettingError("the trial of the changed settings isn't there", where=str(folder))
    return turned[0]


def _plain(row: Mapping[str, Any]) -> bool:
    """Whether a trial learned the labels that were asked about, from all features."""
    changes = [from_specification(i) for i in row["interventions"]]
    return all(not isinstance(c, TaskChange) or c.stage is Stage.SESSIONS for c in changes)


def _refuse_other_labels(row: Mapping[str, Any], name: str) -> None:
    changes = [from_specification(i) for i in row["interventions"]]
    other = [c.label for c in changes if isinstance(c, TaskChange) and c.stage is Stage.LABELS]
    if other:
        raise SettingError(
            f"the trial learned other labels: {', '.join(other)}",
            where=name,
            fix="Scores of different labels say nothing about which model is better; name a trial on "
            "the labels as they are.",
        )


def _but_seed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "seed"}


def _labels(folder: Path) -> pl.DataFrame:
    """Read the labels of the test bars; raises UserError if the folder keeps none."""
    path = folder / "test.parquet"
    if not path.exists():
        raise UserError(
            "the diagnosis kept no test labels",
            where=str(path),
            fix="It was made by an older fireassay: run `fireassay diagnose` again with a new --out.",
        )
    return pl.read_parquet(path)


def _kind(found: Diagnosis, labels: pl.DataFrame) -> str:
    classes = found.evidence["label"].numbers.get("classes") if "label" in found.evidence else None
    if isinstance(classes, int) and classes > 2:
        return "multiclass"
    metrics = [e.metric for e in found.evidence.values()]
    if any(metric.startswith(f"{HEADLINE['multiclass']} (classes") for metric in metrics):
        return "multiclass"
    values: Sequence[float] = labels["label"].drop_nulls().drop_nans().unique().to_list()
    return "binary" if set(values) <= {0.0, 1.0} else "real"


def _called(which: str, trial: str) -> str:
    if which == APPLIED:
        return "the changed settings"
    return f"trial {trial}" if which else "the model as set"
