"""What a scan found, as evidence: the ranked table and its map, decay, stability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fireassay.diagnosis.scan.engine import Scan
from fireassay.diagnosis.scan.judge import MATTERS, Row, Verdict, best, note, percent
from fireassay.diagnosis.scan.stability import stability
from fireassay.findings import (
    Bearing,
    Evidence,
    Mark,
    Matrix,
    Plot,
    Rule,
    Sentence,
    Series,
    Value,
)

ID = "targets"
QUESTION = "Which targets could be learned from these features?"

SHOWN = 6
"""Targets at most whose decay and stability are drawn."""


def evidence_of(scanned: Scan, rows: Sequence[Row], alpha: float) -> list[Evidence]:
    """Return the ranking, the decay over horizon and delay, and the stability of the best."""
    found = [ranking(scanned, rows, alpha), decay(scanned, rows)]
    shown = of_interest(rows)
    return [*found, stability(scanned, shown)] if shown else found


def ranking(scanned: Scan, rows: Sequence[Row], alpha: float) -> Evidence:
    """Rank all targets, with what each is worth a bar later and what misleads about it."""
    first = rows[0]
    learnable = [r for r in rows if r.verdict is Verdict.LEARNABLE]
    drawn = scanned.permutations
    test = scanned.test(first.now)
    verdicts = [r.verdict for r in rows]
    numbers: dict[str, Value] = {
        "targets": len({r.candidate.family for r in rows}),
        "targets, at all horizons and delays": len(scanned.candidates),
        "smallest p that exchanges can give": drawn.smallest_p,
        **{str(v): verdicts.count(v) for v in Verdict if v in verdicts},
    }
    few = [f"{name} ({why})" for name, why in scanned.left_out.items()]
    left_out = f" Left out: {_first(few)}." if few else ""
    if scanned.missing:
        left_out += f" The data can't have {scanned.missing} more."
    return Evidence(
        id=ID,
        check="targets",
        question=QUESTION,
        experiment=(
            f"Ridge on {len(scanned.part.panel.features)} features ({scanned.part.expansion}), "
            f"cross-validated over {len(scanned.folds)} blocks of dates before the test, on "
            f"{len(scanned.candidates)} targets, horizons and delays.{left_out}"
        ),
        control=(
            f"{drawn.kind}, {drawn.draws} times, the same for all, the learner refitted each time; "
            "p by step-down max-T over all."
        ),
        metric=f"{scanned.score(first.now)} of {first.candidate.name}",
        effect=first.estimate.value,
        trivial=first.chance,
        interval=first.estimate.interval,
        null=test.to_finding(),
        p=float(scanned.p_adjusted[first.now]),
        mde=float(scanned.mde[first.now]),
        matters=MATTERS[first.candidate.label.kind],
        sessions=drawn.units,
        bears_on=tuple(
            Bearing(cause=cause, rule=Rule.ILLUSTRATES)
            for cause, holds in (
                ("no_signal", True),
                ("bid_ask_bounce", any(r.mostly_bounce for r in rows)),
            )
            if holds
        ),
        reading=_reading(scanned, rows, learnable),
        caveat=(
            "It speaks of these features and of a ridge learner on fixed non-linear features of "
            "them. A score isn't a profit: costs are not in it. “Null” is what the base rate and the "
            "time of day get for nothing; the minimal detectable effect counts from there."
        ),
        numbers=numbers,
        table=_without_empty([_record(scanned, row, rows) for row in rows]),
        plot=_map(scanned, rows, alpha),
    )


def _record(scanned: Scan, row: Row, rows: Sequence[Row]) -> dict[str, Value]:
    """Return one row of the table; what is shown in a narrow place comes first."""
    h, later, label = row.now, row.later, row.candidate.label
    said = note(scanned, row)
    siblings = [r for r in rows if r.candidate.family == row.candidate.family]
    if row.candidate.caution and row is siblings[0]:
        said = " ".join((row.candidate.caution, said)).strip()
    record: dict[str, Value] = {
        "target": row.candidate.name + (" (yours)" if row.candidate.own else ""),
        "score": row.estimate.value,
        "low": row.estimate.low,
        "high": row.estimate.high,
        "null": row.chance,
        "p adj.": float(scanned.p_adjusted[h]),
        "a bar later": float(scanned.observed[later]) if later is not None else None,
        "MDE": float(scanned.mde[h]),
        "p adj. later": float(scanned.p_adjusted[later]) if later is not None else None,
        "q": float(scanned.q[h]),
        "on traded bars": row.traded,
        "ties share": label.ties,
        "labels": int((~(scanned.truth(h) != scanned.truth(h))).sum()),
        "verdict": str(row.verdict),
        "by": str(scanned.score(h)),
        "note": said,
    }
    return record


def _without_empty(records: Sequence[dict[str, Value]]) -> tuple[dict[str, Value], ...]:
    """Leave out columns in which nothing stands, such as scores on traded bars where all are."""
    filled = {name for r in records for name, v in r.items() if v not in (None, "") and v == v}
    return tuple({name: v for name, v in r.items() if name in filled} for r in records)


def _reading(scanned: Scan, rows: Sequence[Row], learnable: Sequence[Row]) -> str:
    families = {r.candidate.family for r in rows}
    can = {r.candidate.family for r in learnable}
    count = str(len(can)) if can else "None"
    said = [f"{count} of {len(families)} targets could be learned and outlive a bar's delay"]
    said[0] += f": {', '.join(told(scanned, r) for r in best(rows))}." if can else "."
    own = next((r for r in rows if r.candidate.own and r.verdict is not Verdict.LEARNABLE), None)
    if own is not None:
        said.append(f"Yours, {told(scanned, own)}: {own.verdict}.")
    bounce = [r for r in rows if r.mostly_bounce]
    if bounce:
        one = min(bounce, key=lambda r: (r.candidate.label.horizon, -r.estimate.value))
        step = "one-step" if one.candidate.label.horizon == 1 else "shortest"
        said.append(
            f"Most of the {step} edge is bid-ask bounce: {one.candidate.name} loses "
            f"{percent(one.lost)} of it a bar later."
        )
    odds = [r.candidate.name for r in rows if r.verdict is Verdict.ODDS]
    if odds:
        said.append(
            f"{', '.join(odds)}: which way the price goes is predicted, but sizes make up for it."
        )
    return " ".join(said)


def told(scanned: Scan, row: Row) -> str:
    """Tell a target's score with its interval, what is left a bar later, and its p."""
    e, score = row.estimate, scanned.score(row.now)
    later = f", {scanned.observed[row.later]:.3f} a bar later" if row.later is not None else ""
    return (
        f"{row.candidate.name} ({score} {e.value:.3f}, 95 % interval {e.low:.3f} to {e.high:.3f}"
        f"{later}, adjusted p {scanned.p_adjusted[row.now]:.3f})"
    )


def of_interest(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that are worth a closer look: the best, the user's own, the best price move."""
    own = [r for r in rows if r.candidate.own]
    prices = [
        r
        for r in rows
        if r.candidate.price_move and r.verdict not in (Verdict.MECHANICAL, Verdict.NOTHING)
    ]
    chosen: dict[str, Row] = {}
    for row in (*own, *best(rows, 4), *sorted(prices, key=lambda r: -r.strength)[:4]):
        chosen.setdefault(row.candidate.family, row)
    return [r for r in rows if r in list(chosen.values())[:SHOWN]]


def _map(scanned: Scan, rows: Sequence[Row], alpha: float) -> Plot:
    """Draw every target over horizons and delays, the excess over its null in each cell."""
    families = list(dict.fromkeys(r.candidate.family for r in rows))
    labels = [c.label for c in scanned.candidates]
    settings = sorted({(label.horizon, label.skip) for label in labels})
    cells = [[scanned.index(f, horizon, skip) for horizon, skip in settings] for f in families]
    return Plot(
        kind="map",
        title="Score above its null, by target, horizon and bars skipped",
        x_label="bars of outcome, and bars skipped before it",
        matrix=Matrix(
            rows=tuple(families),
            columns=tuple(f"{h}" + (f", skip {s}" if s else "") for h, s in settings),
            values=tuple(
                tuple(None if h is None else float(scanned.excess[h]) for h in line) for line in cells
            ),
            text=tuple(
                tuple("" if h is None or not scanned.p_adjusted[h] <= alpha else "*" for h in line)
                for line in cells
            ),
            value_label="above the null",
        ),
        marks=(Mark(axis="value", value=0.0, label="null"),),
        note=f"* adjusted p ≤ {alpha:g} over all cells.",
    )


def decay(scanned: Scan, rows: Sequence[Row]) -> Evidence:
    """Show how the edges of the most interesting targets change with horizon and delay."""
    shown = of_interest(rows) or list(rows[:2])
    families = list(dict.fromkeys(r.candidate.family for r in shown))[:4]
    series: list[Series] = []
    for name in families:
        found = [
            (c.label.horizon, c.label.skip, h)
            for h, c in enumerate(scanned.candidates)
            if c.family == name
        ]
        skips = sorted({skip for _, skip, _ in found})
        for skip in skips[:2]:
            points = sorted((horizon, h) for horizon, s, h in found if s == skip)
            series.append(
                Series(
                    name=name if skip == skips[0] else f"{name}, skip {skip}",
                    x=tuple(horizon for horizon, _ in points),
                    y=tuple(float(scanned.excess[h]) for _, h in points),
                    style="line" if skip == skips[0] else "dashed",
                )
            )
    table: list[dict[str, Value]] = [
        {
            "target": row.candidate.name,
            "edge": float(scanned.excess[row.now]),
            "a bar later": float(scanned.excess[row.later]),
            "lost share": row.lost,
            "bounce alone": row.bounce,
        }
        for row in rows
        if row.candidate.family in families and row.later is not None
    ]
    bounce = [r for r in rows if r.mostly_bounce]
    fade = [r for r in rows if r.candidate.family in families and r.lost >= 0.5]
    if bounce:
        reading = "Mostly bounce: " + _first(
            [f"{r.candidate.name} ({percent(r.lost)} lost)" for r in bounce]
        )
    elif fade:
        reading = "Half or more is gone a bar later: " + _first([r.candidate.name for r in fade])
    else:
        reading = "No edge that was seen loses half of itself a bar later"
    return Evidence(
        id=f"{ID}-decay",
        check="targets",
        question="How fast does an edge fade with horizon and delay?",
        experiment="The same targets over more bars, and with a bar skipped before the outcome.",
        control=(
            "Each edge is counted from the mean of its null. Bounce alone: the score of the last "
            "return, the close's location and the side of VWAP."
        ),
        sessions=scanned.permutations.units,
        bears_on=(Bearing(cause="bid_ask_bounce", rule=Rule.ILLUSTRATES),),
        reading=f"{reading}.",
        caveat="Fast signals decay within a bar too: mid prices or quotes tell them from bounce.",
        table=tuple(table),
        plot=Plot(
            kind="decay",
            title="Edge over the horizon, without delay and with a bar skipped",
            x_label="bars of outcome",
            y_label="AUC or IC above the null",
            series=tuple(series),
            marks=(Mark(axis="y", value=0.0, label="null"),),
        ),
    )


def _first(names: Sequence[str], count: int = 4) -> str:
    """List the first names, and how many more there are."""
    more = len(names) - count
    return ", ".join(names[:count]) + (f" and {more} more" if more > 0 else "")


def advice(evidence: Sequence[Evidence]) -> list[Sentence]:
    """Name the best targets that could be learned, or say that none of those tried can."""
    found = next((e for e in evidence if e.id == ID and e.table), None)
    if found is None:
        return []
    chosen: dict[str, str] = {}
    for record in found.table:
        if record["verdict"] == Verdict.LEARNABLE:
            chosen.setdefault(str(record["target"]).partition(":")[0], _advised(record))
    if not chosen:
        text = "No target that was tried could be learned from these features: try others of yours."
    else:
        text = (
            f"Targets that could be learned from these features: {'; '.join([*chosen.values()][:3])}."
        )
    return [Sentence(text=text, evidence=(found.id,))]


def _advised(record: Mapping[str, Value]) -> str:
    later = record.get("a bar later")
    said = (
        f"{record['target']}, {record['by']} {record['score']:.3f} ({record['low']:.3f} to "
        f"{record['high']:.3f})"
    )
    said += "" if later is None else f", {later:.3f} a bar later"
    return f"{said}, adjusted p {record['p adj.']:.3f}"


def scanned_in_words(
    scanned: Scan, rows: Sequence[Row], evidence: Sequence[Evidence]
) -> tuple[tuple[Sentence, ...], tuple[Sentence, ...]]:
    """Return the assessment of a scan, and what to do next."""
    said = [Sentence(text=e.reading, evidence=(e.id,)) for e in evidence]
    mechanical = {r.candidate.family for r in rows if r.verdict is Verdict.MECHANICAL}
    if mechanical:
        text = (
            f"Predictable by construction, whatever the market does: {', '.join(sorted(mechanical))}."
        )
        said.insert(1, Sentence(text=text, evidence=(ID,)))
    steps = advice(evidence)
    chosen = best(rows, 1)
    if chosen:
        name = chosen[0].candidate.name
        text = (
            f"See whether a model learns it: `fireassay diagnose --target {name}`, on the test "
            "sessions that this scan left untouched."
        )
    else:
        largest = min(float(scanned.mde[r.now]) for r in rows)
        text = (
            f"The smallest edge that this data could have shown is {largest:.3f} above the null; "
            "smaller ones take more sessions, other ones other features."
        )
    return tuple(said), (*steps, Sentence(text=text, evidence=(ID,)))
