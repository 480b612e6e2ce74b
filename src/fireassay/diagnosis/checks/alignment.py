"""Do features and label belong to the same bar?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from fireassay.arrays import Bool, rows_of_sessions
from fireassay.data.targets.spec import COLUMN, TargetSpec
from fireassay.data.task import Task
from fireassay.diagnosis.case import BLOCK, Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, Interval, Mark, Plot, Rule, Series
from fireassay.seeds import derive
from fireassay.statistics.lags import Above, LagScan, reach_of, scan_lags
from fireassay.statistics.scores import Score

MOST_ROWS = 40_000
MOST_VALUES = 1_000_000
"""Rows, and rows times features, beyond which dates are thinned, evenly."""

REACH = 15
"""Largest lag, in bars; half of it where the curve only illustrates."""

FEWEST_DATES = 24
"""Dates that are kept in any case."""

ILLUSTRATED = 99
"""Exchanges behind the band of a curve that only illustrates, on a quarter of the values."""

FLIPS = 9999
"""Draws of signs behind the comparison of two lags."""

KNOWN = {Score.AUC: 0.95, Score.RANK_IC: 0.85}
"""Score from which features don't predict a label but hold it."""

LEVEL = 0.01
"""p from which a label is called shifted: a sound one shouldn't be more often than that."""

LITTLE = 0.5
"""A label stands early where features up to its end tell at most this part of what later ones do."""

NOTHING = 0.15
"""The same part where the end isn't told: outcomes of many bars show little in the first ones."""

SKIPPED = 2
"""Bars after its own within which the outcome of a label whose end isn't told begins."""

ADDED = 0.25
"""Bars that add less than this part of a score are no part of the label's outcome."""


class Verdict(StrEnum):
    """What the curve over the lags says of the label."""

    ALIGNED = "aligned"
    SHIFTED = "shifted"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Ends:
    """How many bars after its own a label is known: 5 % and 95 % of labels, and whether told."""

    first: int
    last: int
    told: bool


@dataclass(frozen=True)
class Shift:
    """The verdict, the comparison that it rests on, its p over all comparisons made, and why."""

    verdict: Verdict
    above: Above
    p: float
    why: str


@check
class Alignment(Check):
    """Score a ridge learner at every lag between features and label, 15 bars to either side.

    Question: is the label that stands at a bar the one that belongs to it?

    Null: labels of whole dates exchanged under the learner's held-out predictions, max-T over lags;
    that one lag scores above another, by paired signs of the dates. Both must be rejected, at .01
    for a label to be called shifted; between that and the diagnosis's level it is left open.

    What misleads it: features of later bars hold the outcome, so most sound labels score far better
    at lags above 0 than at 0, and a peak there means nothing by itself. What may be expected
    depends on when the label is known. A label stands *early* where bars after its end are needed to
    tell it, while those up to its end tell little; or where bars before its end tell all there is,
    and the bars on which it is said to end add nothing. It stands *late* where it is known at its
    own bar and earlier bars tell it better, where earlier bars hold it, or where features hold its
    outcome before the end that was told. Earlier bars that merely
    predict better than the bar's own are no fault: a look-back reaches them. Of a label whose end
    isn't told, a peak one or two bars ahead can't be read.

    Targets of the catalogue are computed here from the same bars, so they can't be shifted. Dates
    before the test only; thinned to 40,000 bars and a million values.
    """

    id: ClassVar[str] = "alignment"
    question: ClassVar[str] = "Do features and label belong to the same bar?"
    causes: ClassVar[tuple[str, ...]] = ("label_misaligned",)
    cost: ClassVar[Cost] = Cost.FREE

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Scan the lags and read the curve."""
        task = case.task
        spec = TargetSpec.parse(task.label.name)
        own = spec.name == COLUMN
        if own:
            scan = _scan(task, case.draws, MOST_VALUES, REACH)
        else:
            scan = _scan(task, ILLUSTRATED, MOST_VALUES // 4, REACH // 2)
        if scan is None:
            why = "Sessions are too few or too short, or labels leave their session."
            return [] if own else [self._sound(None, why)]
        if not own:
            return [self._sound(scan, "")]
        ends = _ends(task, told=bool(spec.end) or spec.horizon > 1)
        return [self._judged(case, scan, read(scan, ends, case.alpha))]

    def _sound(self, scan: LagScan | None, why: str) -> Evidence:
        """Return the evidence for a target that is computed here."""
        note = "The label is computed here, from the bars that it stands at: it can't be shifted."
        return Evidence(
            id=self.id,
            check=self.id,
            question=self.question,
            experiment="" if scan is None else _experiment(scan),
            metric="" if scan is None else str(scan.kind),
            sessions=0 if scan is None else scan.units,
            bears_on=(Bearing(cause="label_misaligned", rule=Rule.OBSERVED_AGAINST, note=note),),
            reading=note,
            caveat=why or "Features of later bars hold the outcome: that they score is no fault.",
            plot=None if scan is None else _plot(scan),
        )

    def _judged(self, case: Case, scan: LagScan, shift: Shift) -> Evidence:
        """Return the evidence for a column of the user's own."""
        above, unclear = shift.above, shift.verdict is Verdict.UNCLEAR
        rule = Rule.ILLUSTRATES if unclear else Rule.EFFECT
        numbers = {f"{scan.kind} at lag {b}": scan.at(b) for b in {0, above.lag, above.reference}}
        return Evidence(
            id=self.id,
            check=self.id,
            question=self.question,
            experiment=_experiment(scan),
            control=(
                f"Labels of {scan.units} dates exchanged, {case.draws} times, max-T over lags; lags "
                "against each other by paired signs of the dates."
            ),
            metric=f"{scan.kind} at lag {above.lag} less that at lag {above.reference}",
            effect=above.value,
            trivial=0.0,
            interval=Interval(low=above.value - 1.96 * above.se, high=above.value + 1.96 * above.se),
            p=None if unclear else shift.p,
            mde=None if unclear else above.mde,
            matters=None if unclear else case.effect,
            sessions=scan.units,
            bears_on=(Bearing(cause="label_misaligned", rule=rule, note=shift.why),),
            reading=shift.why,
            caveat="A learner of values and absolute values: it is blind to interactions.",
            numbers={**numbers, "lag": above.lag},
            plot=_plot(scan),
        )


def read(scan: LagScan, ends: Ends, alpha: float) -> Shift:
    """Tell from the curve whether the label is shifted; see `Alignment` for the reasons."""
    ahead, behind = range(1, scan.reach + 1), range(-scan.reach, 0)
    known = ends.last if ends.told else SKIPPED
    fixed = ends.told and ends.first == ends.last
    inside = range(1, min(ends.last, scan.reach + 1)) if fixed else range(0)
    beyond = range(known + 1, scan.reach + 1)
    tried = [group for group in (inside, beyond, behind) if group]

    def better(candidates: Sequence[int], others: Sequence[int]) -> tuple[Above, float]:
        """Return the comparison, and p that the lag is above the others and above chance."""
        seed = derive("alignment", *candidates, "against", *others)
        level = LEVEL / len(tried)
        found = scan.above(candidates, others, FLIPS, seed=seed, level=level)
        return found, max(min(1.0, found.p * len(tried)), scan.p_at(found.lag))

    def excess(lag: int) -> float:
        return scan.at(lag) - scan.kind.chance

    faults: list[tuple[float, Above, str]] = []
    doubts: list[tuple[float, Above, str]] = []

    def add(to: list[tuple[float, Above, str]], above: Above, p: float, why: str) -> None:
        said = p, above, f"{_curve(scan, above)} {why}"
        if p <= LEVEL:
            to.append(said)
        elif p <= alpha:
            doubts.append(said)

    if inside and ends.last <= scan.reach:
        after = range(ends.last, scan.reach + 1)
        # The lag that scores most, not the one that stands out most: both have to be above.
        peak = scan.best(inside)
        (_, most), (above, p) = better(inside, [0]), better([peak], [0])
        p = max(p, most)
        adds = scan.adds(peak, range(peak + 1, ends.last + 1))
        if scan.at(scan.best(after)) < scan.at(peak) and adds < ADDED * excess(peak):
            (_, most), (sure, p_sure) = (better(of, [0, *after]) for of in (inside, [peak]))
            p_sure = max(p_sure, most)
            why = f"What follows up to its end, {_bars(ends.last)} on, adds nothing."
            held = scan.at(peak) >= KNOWN[scan.kind]
            told = _over(sure, ends.last) if held else _early(sure)
            add(faults, sure, p_sure, f"{why} {told}")
            if p_sure > alpha:
                add(doubts, above, p, f"{why} It can't be told from an outcome that begins there.")
    if beyond:
        above, p = better(beyond, range(known + 1))
        early = excess(above.reference) <= (LITTLE if ends.told else NOTHING) * excess(above.lag)
        if early and ends.told:
            add(
                faults, above, p, f"Up to its end, {_bars(known)} on, little is told. {_early(above)}"
            )
        elif early:
            why = "If that many bars are meant to be skipped, --label-end says so."
            add(faults, above, p, f"Nothing is told before. {_early(above)} {why}")
        elif ends.told:
            why = "Features that smooth over many bars show an outcome late, as does a wrong end."
            add(doubts, above, p, f"The label's end lies {_bars(known)} on. {why}")
    if not ends.told:
        above, p = better(ahead, [0])
        why = (
            "That is where an outcome of the next bars shows, and where a label that stands early "
            "does: name when the label is known with --label-end to tell them apart."
        )
        add(doubts, above, p, why)
    above, p = better(behind, [0])
    if ends.told and ends.last == 0:
        add(faults, above, p, f"It is known at its own bar. {_late(above)}")
    elif scan.at(above.lag) >= KNOWN[scan.kind]:
        add(faults, above, p, f"Those bars don't predict it, they hold it. {_late(above)}")
    why = "A look-back that reaches them may be what is needed, or the label stands late."
    add(doubts, above, p, why)

    for verdict, found in ((Verdict.SHIFTED, faults), (Verdict.UNCLEAR, doubts)):
        if found:
            p, above, why = min(found, key=lambda f: (f[0], -f[1].value))
            return Shift(verdict, above, p, why)
    why = (
        f"No earlier bar tells the label better than its own ({scan.kind} {scan.at(0):.3f}), and "
        "later ones no more than its outcome explains."
    )
    return Shift(Verdict.ALIGNED, above, p, why)


def _curve(scan: LagScan, above: Above) -> str:
    where = "later" if above.lag > 0 else "earlier"
    return (
        f"Features {_bars(above.lag)} {where} than the label tell it best: {scan.kind} "
        f"{scan.at(above.lag):.3f}, {scan.at(0):.3f} at its own bar."
    )


def _early(above: Above) -> str:
    return f"The label seems to stand {_bars(above.lag)} too early (peak at lag +{above.lag})."


def _over(above: Above, end: int) -> str:
    late = end - above.lag
    return (
        f"There features hold its outcome, {_bars(late)} before its end as told: the label seems to "
        f"stand {_bars(late)} too late, or its end is told wrong."
    )


def _late(above: Above) -> str:
    return f"The label seems to stand {_bars(above.lag)} too late (peak at lag −{-above.lag})."


def _bars(count: int) -> str:
    return "1 bar" if abs(count) == 1 else f"{abs(count)} bars"


def _scan(task: Task, draws: int, values: int, most: int) -> LagScan | None:
    """Scan thinned sessions before the test whose labels stay inside them."""
    panel = task.panel
    sessions = np.sort(task.split.fitted)
    date = np.unique(panel.clusters[sessions], return_inverse=True)[1]
    rows = int(panel.lengths[sessions].sum())
    # Fit and test take turns by date, so whole dates are kept, in the order of time.
    dates = int(date.max()) + 1
    wanted = min(MOST_ROWS, values // len(panel.features))
    share = min(1.0, max(wanted / max(rows, 1), FEWEST_DATES / dates))
    keep = np.floor(np.arange(dates) * share)
    kept = sessions[np.diff(keep, prepend=-1)[date] > 0]
    at = rows_of_sessions(panel.offsets, kept)
    staying = panel.session_of_row[task.label.end[at]] == panel.session_of_row[at]
    y = np.where(task.usable[at] & staying, task.label.y[at], np.nan).astype(np.float64)
    lengths = panel.lengths[kept]
    reach = reach_of(lengths, most)
    if reach < 1:
        return None
    _, symbols = np.unique(np.array(panel.symbols)[kept], return_inverse=True)
    return scan_lags(
        task.inputs(at),
        y,
        np.r_[0, np.cumsum(lengths)].astype(np.int64),
        panel.clusters[kept],
        reach=reach,
        kind=Score.AUC if task.label.kind == "binary" else Score.RANK_IC,
        draws=draws,
        seed=derive("alignment", task.fingerprint),
        symbols=symbols,
        block=BLOCK // 2,  # every other date is scored
    )


def _ends(task: Task, *, told: bool) -> Ends:
    """Measure how many bars after their own labels are known, away from sessions' ends."""
    panel, rows = task.panel, np.flatnonzero(task.usable)
    last = panel.offsets[1:][panel.session_of_row[rows]] - 1
    free: Bool = task.label.end[rows] < last
    bars = (task.label.end[rows] - rows)[free if free.any() else slice(None)]
    low, high = np.quantile(bars, [0.05, 0.95], method="nearest")
    return Ends(int(low), int(high), told)


def _experiment(scan: LagScan) -> str:
    return (
        f"A ridge learner given the features of each of {len(scan.lags)} lags, fitted on every other "
        f"date and scored on {scan.labels:,} labels of {scan.units} dates between."
    )


def _plot(scan: LagScan) -> Plot:
    lags = tuple(scan.lags.tolist())
    return Plot(
        kind="lag",
        title="What features tell of the label, by lag",
        x_label="bars by which the features are later than the label's bar",
        y_label=str(scan.kind),
        series=(
            Series(name=str(scan.kind), x=lags, y=tuple(scan.value.tolist())),
            Series(
                name="null, 95 %",
                x=lags,
                y=tuple(scan.null_mean.tolist()),
                low=tuple((scan.null_mean - 1.96 * scan.null_sd).tolist()),
                high=tuple((scan.null_mean + 1.96 * scan.null_sd).tolist()),
                style="band",
            ),
        ),
        marks=(Mark(axis="x", value=0, label="own bar"),),
    )
