"""One row's train and test metrics, read as a person should: what each takes no skill to get."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from fireassay.errors import SettingError
from fireassay.manual.entry import Entry, Explanation, facts
from fireassay.statistics.metrics_reading import Printed, read_metrics
from fireassay.statistics.no_skill import Metric
from fireassay.swept import Labels, Row, Swept

SMALL_GAP = 0.002
"""Nats a label under which losses of training and test are called equal."""


def open_sweep(folder: Path | str) -> Swept:
    """Read a finished sweep.

    Raises
    ------
    SettingError
        If the folder holds none.
    """
    from pydantic import ValidationError

    file = Path(folder) / "sweep.json"
    fix = "Give the run folder of a finished `fireassay sweep`."
    try:
        return Swept.from_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(
            f"there is no sweep to read ({error.strerror})", where=str(file), fix=fix
        ) from None
    except (ValidationError, UnicodeDecodeError):
        raise SettingError("it isn't a sweep", where=str(file), fix=fix) from None


def the_row(swept: Swept, number: int, folder: Path | str) -> Row:
    """Return a row of a sweep; raises SettingError if it has none of that number."""
    row = swept.row(number)
    if row is None:
        raise SettingError(
            f"the sweep has no row {number}",
            where=str(folder),
            fix=f"Rows are 1 to {len(swept.rows)}.",
        )
    return row


def explain_row(folder: Path | str, number: int) -> Explanation:
    """Read one row of a sweep.

    Raises
    ------
    SettingError
        If the folder holds no sweep, or the sweep no such row.
    """
    swept = open_sweep(folder)
    row = the_row(swept, number, folder)
    changes = ", ".join(f"{key} = {value}" for key, value in row.changes.items())
    return Explanation(
        (
            Entry(
                "row",
                f"row {number} of {len(swept.rows)}",
                f"{changes}, for {swept.study['target']}",
                (
                    *facts("Told from chance", list(_told(swept, row))),
                    *facts("Loss", [_loss(swept.labels, row)]),
                    *facts("Metrics", list(_metrics(swept.labels, row))),
                    *facts("If there is signal", list(_if_signal(swept, row))),
                    *facts("If there is none", list(_if_none(swept))),
                    *facts("See also", ["fireassay explain metric_artefact"]),
                ),
            ),
        )
    )


def _told(swept: Swept, row: Row) -> Iterator[str]:
    if row.status != "done":
        yield f"The run {row.status}: its scores are those of the last weights that were kept."
    if row.score is None or row.p is None:
        yield f"{swept.metric} isn't defined on the test sessions: their labels are of one class."
        return
    between = ""
    if row.interval and row.interval.low is not None and row.interval.high is not None:
        between = f" [{row.interval.low:.3f}, {row.interval.high:.3f}]"
    yield (
        f"{swept.metric} {row.score:.4f}{between} on {swept.labels.dates} test dates, where no skill "
        f"gives {swept.chance:g}. Had it been tried alone: p = {row.p:.3f}."
    )
    if row.p_adjusted is not None:
        yield (
            f"It is one of {len(swept.rows)}: p = {row.p_adjusted:.3f} for all together, so it "
            + ("can" if row.p_adjusted <= swept.alpha else "can't")
            + " be told from chance."
        )
    if swept.chosen == row.number:
        yield (
            f"Validation {swept.chosen_by} chose it without seeing the test, so the p alone is the "
            "one to read."
        )
    if row.mde is not None:
        yield (
            f"An excess of {row.mde:.3f} over chance would have been found in four of five cases, "
            "had it been tried alone."
        )


def _loss(labels: Labels, row: Row) -> str:
    train, test = (_number(row, f"{part}_nll") for part in ("train", "test"))
    if math.isnan(train) or math.isnan(test):
        return ""
    said = f"NLL {train:.4f} on training sessions and {test:.4f} on test sessions"
    if labels.kind != "binary" or not labels.train_prevalence or not labels.prevalence:
        return f"{said}. The gap between them measures the fit, not whether there is signal."
    prior = labels.train_prevalence
    if prior >= 1:
        return f"{said}."
    without = [
        -(share * math.log(prior) + (1 - share) * math.log(1 - prior))
        for share in (prior, labels.prevalence)
    ]
    told = f"{said}, where the class prior alone has {without[0]:.4f} and {without[1]:.4f}"
    if train > without[0] - SMALL_GAP:
        return (
            f"{told}: not even the training sessions are predicted better than by the prior. Either "
            "nothing can be learned or something holds the model back; equal losses can't tell which."
        )
    if test < without[1]:
        return f"{told}: both are better than the prior."
    return (
        f"{told}: better than the prior in training and worse on the test. As probabilities what was "
        "fitted is noise there, or too sure of itself; the AUC tells whether its order holds."
    )


def _metrics(labels: Labels, row: Row) -> Iterator[str]:
    if labels.kind != "binary" or not labels.prevalence or not 0 < labels.prevalence < 1:
        for name in ("r2", "rank_ic", "accuracy"):
            train, test = (_number(row, f"{part}_{name}") for part in ("train", "test"))
            if not (math.isnan(train) or math.isnan(test)):
                yield f"{name.replace('_', ' ')}: {train:.4f} in training, {test:.4f} on the test."
        return
    printed = [
        Printed(*(_rounded(row, f"{part}_{name}") for name in ("accuracy", "f1", "auc")))
        for part in ("train", "test")
    ]
    reading = read_metrics(
        *printed,
        prevalence=labels.prevalence,
        labels=labels.test,
        train_labels=labels.train,
        effective=labels.effective,
        f1_as=(Metric.F1_BINARY,),
    )
    yield from (sentence.text for sentence in reading.sentences)


def _if_signal(swept: Swept, row: Row) -> Iterator[str]:
    yield (
        "AUC leaves chance first, then NLL passes the class prior's. F1 and accuracy move only when "
        "probabilities cross the threshold, so they may stay where they are."
        if swept.labels.kind == "binary"
        else "The rank IC leaves 0 first; R² only when the predictions' size is right too."
    )
    if _number(row, "test_f1") > _number(row, "train_f1"):
        yield (
            "Train F1 should rise above test F1 as the model learns: a fit is better where it was "
            "made. More capacity or longer training raises train F1 first; test F1 follows, or the "
            "model overfits."
        )
    yield "It repeats with another seed and survives skip=1; `fireassay diagnose` asks both."


def _if_none(swept: Swept) -> Iterator[str]:
    yield (
        "Train and test stay at what the class prior gives, at any size; or train leaves it and test "
        "doesn't. Turning settings changes how often class 1 is said, so F1 wanders within the "
        "range of no skill, train above test or below it by chance."
        if swept.labels.kind == "binary"
        else "Train leaves 0 as far as the model can memorise; test stays within its null."
    )
    best = swept.best
    if best is not None and best.chance is not None and best.q95 is not None:
        yield (
            f"The best of {best.tried} still gets {best.chance:.4f} on average, {best.q95:.4f} once "
            "in twenty: a table always has a winner."
        )


def _rounded(row: Row, name: str) -> float | None:
    value = _known(row, name)
    return None if value is None else round(value, 4)


def _number(row: Row, name: str) -> float:
    value = _known(row, name)
    return math.nan if value is None else value


def _known(row: Row, name: str) -> float | None:
    value = row.metrics.get(name)
    return float(value) if isinstance(value, int | float) else None
