"""Is run B better than run A? Only the same test bars and the same label can tell.

Each run's held-out predictions meet the same labels; what one gains on the other is taken date by
date, so that what makes a date easy or hard for both drops out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fireassay.compared import Compared, Difference, Gain, Score, Side
from fireassay.comparison.candidate import (
    HEADLINE,
    KEY,
    OTHERS,
    Candidate,
    open_candidate,
    scorable,
)
from fireassay.comparison.diagnosed import applied_of
from fireassay.errors import SettingError
from fireassay.findings import Interval, Sentence
from fireassay.seeds import derive
from fireassay.statistics import scores
from fireassay.statistics.bootstrap import Estimate, paired_difference, session_bootstrap
from fireassay.statistics.multiplicity import holm
from fireassay.statistics.null import detectable

__all__ = ["compare", "compare_candidates"]

LEAST_DATES = 5
"""Common test dates below which a p can't fall under .03, so that none is given."""


def compare(runs: Sequence[str], *, alpha: float = 0.05, draws: int = 1999) -> Compared:
    """Compare finished trainings, rows of sweeps and trials of diagnoses, each with the first.

    Parameters
    ----------
    runs
        Two or more names as `open_candidate` takes them; or one diagnosis that made changes, whose
        changed settings are compared with the model as set.
    alpha
        Level at which a gain is called one.
    draws
        Sign flips behind a p, and bootstrap draws behind an interval.

    Raises
    ------
    UserError
        If there are fewer than two, one is given twice, or one isn't a finished training.
    """
    if len(runs) == 1 and (changed := applied_of(Path(runs[0]))):
        runs = [*runs, changed]
    if len(runs) < 2:
        raise SettingError(
            "a comparison needs two runs",
            fix="Give the folders of two trainings, or a diagnosis that was run with --apply and "
            "had settings to change.",
        )
    if len(set(runs)) < len(runs):
        raise SettingError("the same run is given twice", where=max(runs, key=list(runs).count))
    return compare_candidates([open_candidate(run) for run in runs], alpha=alpha, draws=draws)


def compare_candidates(found: Sequence[Candidate], *, alpha: float, draws: int) -> Compared:
    """Compare runs that are read already; as `compare`."""
    first, *others = found
    remarks: list[str] = []
    pairs = []
    for i, other in enumerate(others, start=2):
        common, why = _common(first, other)
        if why:
            remarks.append(f"Run {i} can't be compared with run 1: {why}")
            continue
        left = max(first.test.height, other.test.height) - common.height
        if left:
            remarks.append(
                f"Runs 1 and {i} are compared on {common.height:,} test bars that both predicted; "
                f"{left:,} of the larger test part are left out."
            )
        pairs.append((i, other, common))
    gains = list(_gains(first, pairs, draws))
    return Compared(
        metric=_metric(first),
        runs=tuple(_side(one, draws) for one in found),
        settings=tuple(_differences(found)),
        gains=tuple(gains),
        assessment=tuple(Sentence(text=text) for text in _assessment(found, gains, alpha)),
        remarks=tuple(Sentence(text=text) for text in remarks),
    )


def _metric(one: Candidate) -> str:
    name = str(HEADLINE[one.kind])
    return f"{name} (classes pooled)" if one.kind == "multiclass" else name


def _common(first: Candidate, other: Candidate) -> tuple[pl.DataFrame, str]:
    """Return the test bars of both with both predictions, and why they can't be compared, if so."""
    columns = [*KEY, "label", *other.means]
    renamed = {name: f"other_{name}" for name in ("label", *other.means)}
    both = first.test.join(
        other.test.select(columns).rename(renamed), on=KEY, how="inner", maintain_order="left"
    )
    if first.kind != other.kind or len(first.means) != len(other.means):
        return both, f"its label is {other.kind}, that of run 1 is {first.kind}."
    if both.is_empty():
        spans = [_span(one.test["date"].to_list()) for one in (first, other)]
        return both, (
            f"they have no test bar in common (run 1 is tested on {spans[0]}, it on {spans[1]}). "
            "Train both on the same data with the same split."
        )
    unequal = float((both["label"] - both["other_label"]).abs().gt(1e-6).mean() or 0.0)  # type: ignore[arg-type]
    if unequal > 0:
        said = f"({first.study.target} and {other.study.target}) "
        said = said if first.study.target != other.study.target else ""
        return both, (
            f"the labels {said}differ at {unequal:.1%} of the {both.height:,} common test bars, and "
            "scores of different labels say nothing about which model is better. `fireassay scan` "
            "compares targets."
        )
    if (dates := both["date"].n_unique()) < LEAST_DATES:
        return both, f"they share {dates} test dates; at least {LEAST_DATES} are needed."
    return both, ""


def _span(dates: Sequence[object]) -> str:
    return f"{dates[0]} to {dates[-1]}" if dates[0] != dates[-1] else str(dates[0])


def _gains(
    first: Candidate, pairs: Sequence[tuple[int, Candidate, pl.DataFrame]], draws: int
) -> Iterator[Gain]:
    """Yield the gains of the headline score, p adjusted over the runs, then of the other scores."""
    headline = [
        _gain(i, first, other, common, HEADLINE[first.kind], draws) for i, other, common in pairs
    ]
    p = holm(np.array([math.nan if gain.p is None else gain.p for gain in headline]))
    for gain, adjusted in zip(headline, p, strict=True):
        yield gain.model_copy(
            update={
                "metric": _metric(first),
                "p_adjusted": None if adjusted != adjusted else adjusted,
            }
        )
    for i, other, common in pairs:
        for score in OTHERS[first.kind]:
            yield _gain(i, first, other, common, score, draws)


def _gain(
    number: int,
    first: Candidate,
    other: Candidate,
    common: pl.DataFrame,
    score: scores.Score,
    draws: int,
) -> Gain:
    base = scorable(common, first.means)
    better = scorable(common, [f"other_{name}" for name in other.means])
    found = paired_difference(
        better.pred,
        base.pred,
        base.y,
        base.offsets,
        base.clusters,
        draws,
        seed=derive("compare", str(score)),
        score=score,
    )
    return Gain(
        run=number,
        metric=str(score),
        gain=found.value,
        interval=_interval(found),
        p=found.p,
        mde=detectable(found.se) if found.se == found.se else None,
        bars=common.height,
        dates=found.units,
    )


def _interval(found: Estimate) -> Interval | None:
    return None if math.isnan(found.low) else found.interval


def _side(one: Candidate, draws: int) -> Side:
    rows = scorable(one.test, one.means)
    told = {}
    for score in (HEADLINE[one.kind], *OTHERS[one.kind]):
        estimate = session_bootstrap(
            rows.pred,
            rows.y,
            rows.offsets,
            rows.clusters,
            draws,
            seed=derive("interval", str(score)),
            score=score,
        )
        name = _metric(one) if score is HEADLINE[one.kind] else str(score)
        told[name] = Score(value=estimate.value, interval=_interval(estimate))
    part = next((p for p in ("validation", "train") if _has(one, f"{p}_nll")), "")
    return Side(
        name=one.name,
        title=one.title,
        target=one.study.target,
        model=one.model,
        kind=one.kind,
        bars=one.test.height,
        dates=one.test["date"].n_unique(),
        scores=told,
        learning=f"{part} NLL" if part else "",
        epochs=tuple(range(1, len(one.history) + 1)) if part else (),
        curve=tuple(row.get(f"{part}_nll") for row in one.history) if part else (),
        kept=one.kept,
    )


def _has(one: Candidate, name: str) -> bool:
    return len(one.history) > 1 and all(row.get(name) is not None for row in one.history)


def _differences(found: Sequence[Candidate]) -> Iterator[Difference]:
    """Yield the keys that differ, the learner's settings with their defaults filled in."""
    leaves = [dict(_leaves(_resolved(one))) for one in found]
    for key in dict.fromkeys(key for each in leaves for key in each):
        values = tuple(each.get(key) for each in leaves)
        if any(value != values[0] for value in values[1:]):
            yield Difference(key=key, values=values)


def _resolved(one: Candidate) -> dict[str, Any]:
    study = one.study.model_dump(mode="json", exclude={"settings", "scan", "sweep", "diagnosis"})
    return {
        **study,
        "seeds": one.study.diagnosis.seeds,
        "model": one.model,
        "trial": one.changed or None,
        "settings": dict(one.settings),
    }


def _leaves(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            plain = ", ".join(map(str, value)) if isinstance(value, list) else value
            yield f"{prefix}{name}", plain


def _assessment(found: Sequence[Candidate], gains: Sequence[Gain], alpha: float) -> Iterator[str]:
    metric = _metric(found[0])
    headline = [gain for gain in gains if gain.metric == metric]
    for gain in headline:
        if gain.gain is None or gain.p_adjusted is None or gain.interval is None:
            yield f"{metric} isn't defined for runs 1 and {gain.run} on these dates."
            continue
        low, high = gain.interval.low or 0.0, gain.interval.high or 0.0
        size = f"{gain.gain:+.4f} [{low:+.4f}, {high:+.4f}] in {metric}"
        told = f"{size} over {gain.dates} paired dates, p = {gain.p_adjusted:.3f}"
        if gain.p_adjusted <= alpha:
            yield f"Run {gain.run} is better than run 1: {told}."
        elif high < 0:
            yield f"Run {gain.run} is worse than run 1: {size} over {gain.dates} paired dates."
        else:
            seen = (
                f" A gain of {gain.mde:.4f} would have shown in four of five cases."
                if gain.mde
                else ""
            )
            yield f"Run {gain.run} can't be told from run 1: {told}.{seen}"
    if len(headline) > 1:
        yield (
            "The p are adjusted for the number of runs compared (Holm); which of many is best is "
            "what `fireassay sweep` tests."
        )
