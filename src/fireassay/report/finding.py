"""One piece of evidence arranged for its readers: question, experiment, control, numbers, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fireassay.causes import CAUSES
from fireassay.findings import (
    Diagnosis,
    Evidence,
    EvidenceStatus,
    Mark,
    Plot,
    Rule,
    Series,
    Status,
)
from fireassay.report.blocks import Inline, Table
from fireassay.report.chart import Chart, Path
from fireassay.report.cited import Cited, Source
from fireassay.report.extracts import MOST_ROWS, REST, records
from fireassay.report.numerals import AUTO, EXACT, P_VALUE, WHOLE_PERCENT, Style, decimals_for
from fireassay.report.wording import cell, clip, opened

LONG = 2_000
MOST_NUMBERS = 40
MOST_TRIALS = 8


@dataclass(frozen=True)
class BearingView:
    """A cause that a finding bears on, and what is said of that cause."""

    cause: str
    title: str
    status: Status
    illustrates: bool
    note: str
    share: Cited | None


@dataclass(frozen=True)
class Finding:
    """One piece of evidence, ready to be written.

    Attributes
    ----------
    number
        Its number in the report, which references cite.
    id, check, status, question, experiment, control, reading, caveat
        As recorded.
    result
        The effect with its interval, in one line; empty where nothing was measured.
    numbers
        Everything measured, a row each.
    table
        Figures that are read side by side.
    rests_on
        Sessions and trials.
    seen_under
        Settings under which the effect was seen, where they differ from those as set.
    bears_on
        Causes that it bears on.
    chart
        Its figure.
    """

    number: int
    id: str
    check: str
    status: EvidenceStatus
    question: str
    experiment: str
    control: str
    reading: str
    caveat: str
    result: Inline
    numbers: Table | None
    table: Table | None
    rests_on: Inline
    seen_under: Inline
    bears_on: tuple[BearingView, ...]
    chart: Chart | None


def find(diagnosis: Diagnosis, source: Source, key: str, number: int) -> Finding:
    """Arrange the evidence stored under `key`; `number` is its place in the report."""
    item = diagnosis.evidence[key]
    at = ("evidence", key)
    style, names = _style(item), names_of(item)
    return Finding(
        number=number,
        id=cell(item.id, 80),
        check=cell(item.check, 80),
        status=item.status,
        question=clip(item.question, LONG),
        experiment=opened(clip(item.experiment, LONG), names),
        control=opened(clip(item.control, LONG), names),
        reading=opened(clip(item.reading, LONG), names),
        caveat=opened(clip(item.caveat, LONG), names),
        result=_result(item, source, at, style),
        numbers=_numbers(item, source, at, style),
        table=_table(item, source, (*at, "table")),
        rests_on=_rests_on(item, source, at),
        seen_under=_seen_under(item, source, at),
        bears_on=tuple(_bearings(diagnosis, item, source, at)),
        chart=chart_of(item, source, at),
    )


def names_of(item: Evidence) -> set[str]:
    """Return the names, of columns or learners, that an evidence's rows and figure have."""
    found = {value for row in item.table for value in row.values() if isinstance(value, str)}
    if item.plot is not None:
        found |= {x for series in item.plot.series for x in series.x if isinstance(x, str)}
        found |= {series.name for series in item.plot.series}
        matrix = item.plot.matrix
        found |= {*matrix.rows, *matrix.columns} if matrix is not None else set()
    return found


def _style(item: Evidence) -> Style:
    """Return the decimals in which this evidence's metric is quoted."""
    spread = None
    if item.interval and item.interval.low is not None and item.interval.high is not None:
        spread = item.interval.high - item.interval.low
    elif item.null and item.null.sd:
        spread = 4 * item.null.sd
    return decimals_for(spread, (item.effect, item.trivial, item.mde, item.matters))


def _interval(source: Source, at: Path, style: Style) -> Inline:
    low, high = (source.cite(*at, "interval", end, style=style) for end in ("low", "high"))
    return (low, " to ", high)


def _result(item: Evidence, source: Source, at: Path, style: Style) -> Inline:
    if item.effect is None:
        return ()
    name = f"{cell(item.metric, 60)} " if item.metric else ""
    said: list[str | Cited] = [name, source.cite(*at, "effect", style=style)]
    if item.interval:
        said += [" (", *_scalars(_interval(source, at, style)), ")"]
    best = "p_adjusted" if item.p_adjusted is not None else "p"
    if getattr(item, best) is not None:
        label = ", adjusted p " if best == "p_adjusted" else ", p "
        said += [label, source.cite(*at, best, style=P_VALUE)]
    return tuple(said)


def _scalars(inline: Inline) -> list[str | Cited]:
    return [part for part in inline if isinstance(part, str | Cited)]


def _numbers(item: Evidence, source: Source, at: Path, style: Style) -> Table | None:
    rows: list[tuple[Inline, Inline]] = []

    def row(label: Inline, *value: str | Cited) -> None:
        rows.append((label, value))

    metric = cell(item.metric, 60) or "effect"
    if item.effect is not None:
        row((metric,), source.cite(*at, "effect", style=style))
    if item.interval:
        level = source.cite(*at, "interval", "level", style=WHOLE_PERCENT)
        row((level, " interval"), *_scalars(_interval(source, at, style)))
    if item.trivial is not None:
        row(("without skill",), source.cite(*at, "trivial", style=style))
    if item.null:
        _null_rows(item.null.model_dump(), source, (*at, "null"), style, row)
    if item.p is not None:
        row(("p",), source.cite(*at, "p", style=P_VALUE))
    if item.p_adjusted is not None:
        row(("p, adjusted over the battery",), source.cite(*at, "p_adjusted", style=P_VALUE))
    if item.mde is not None:
        row(("minimal detectable effect",), source.cite(*at, "mde", style=style))
    if item.matters is not None:
        row(("effect that matters",), source.cite(*at, "matters", style=style))
    extra = list(item.numbers)
    for name in extra[:MOST_NUMBERS]:
        row((cell(name, 100),), source.cite(*at, "numbers", name, style=AUTO))
    if not rows:
        return None
    note = "More numbers are in diagnosis.json." if len(extra) > MOST_NUMBERS else ""
    return Table("Numbers", ("quantity", "value"), tuple(rows), frozenset({1}), note)


def _table(item: Evidence, source: Source, at: Path) -> Table | None:
    """Lay out the rows; scores take the decimals of their intervals, if the rows have any."""
    columns: dict[str, list[Any]] = {}
    for row in item.table:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    ends = zip(columns.get("low", ()), columns.get("high", ()), strict=False)
    spreads = sorted(high - low for low, high in ends if _is_real(low) and _is_real(high))
    spread = spreads[len(spreads) // 2] if spreads else None
    styles = {name: _column_style(name, values, spread) for name, values in columns.items()}
    return records(
        source,
        at,
        range(min(len(item.table), MOST_ROWS)),
        clip(item.question, 300),
        style=lambda _, name: styles[name],
        note=REST if len(item.table) > MOST_ROWS else "",
    )


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _column_style(name: str, values: list[Any], spread: float | None) -> Style:
    """Return how a column's numbers are written: p-values, shares, and what is compared."""
    if name.split(" ", maxsplit=1)[0] in {"p", "q"}:
        return P_VALUE
    if name.endswith("share"):
        return WHOLE_PERCENT
    real = [v for v in values if _is_real(v)]
    scores = real and all(isinstance(v, float) and abs(v) <= 1 for v in real)
    return decimals_for(spread if scores else None, real)


def _null_rows(null: Mapping[str, Any], source: Source, at: Path, style: Style, row: Any) -> None:
    if null["mean"] is not None:
        row(("null: mean",), source.cite(*at, "mean", style=style))
    if null["sd"] is not None:
        own = decimals_for(null["sd"], ())
        row(("null: standard deviation",), source.cite(*at, "sd", style=own))
    if null["q05"] is not None and null["q95"] is not None:
        ends = (source.cite(*at, end, style=style) for end in ("q05", "q95"))
        low, high = ends
        row(("null: 5 % to 95 %",), low, " to ", high)
    kind = f" ({cell(null['kind'], 120)})" if null["kind"] else ""
    row((f"null: draws{kind}",), source.cite(*at, "draws"))


def _rests_on(item: Evidence, source: Source, at: Path) -> Inline:
    said: list[str | Cited] = []
    if item.sessions:
        said += [source.cite(*at, "sessions"), " session" if item.sessions == 1 else " sessions"]
    if item.trials:
        said.append("; trials " if said else "trials ")
        for i in range(min(len(item.trials), MOST_TRIALS)):
            said += [", "] * (i > 0) + [source.cite(*at, "trials", i)]
        if len(item.trials) > MOST_TRIALS:
            said.append(" and others")
    return tuple(said)


def _seen_under(item: Evidence, source: Source, at: Path) -> Inline:
    said: list[str | Cited] = []
    for i, change in enumerate(item.remedy):
        before, after = (
            source.cite(*at, "remedy", i, end, style=EXACT) for end in ("before", "after")
        )
        said += [f"{'; ' if said else ''}{cell(change.setting, 80)} ", after, " (was ", before, ")"]
    return tuple(said)


def _bearings(diagnosis: Diagnosis, item: Evidence, source: Source, at: Path) -> list[BearingView]:
    return [
        BearingView(
            cause=bearing.cause,
            title=CAUSES[bearing.cause].title,
            status=diagnosis.causes[bearing.cause].status,
            illustrates=bearing.rule is Rule.ILLUSTRATES,
            # Said once is enough: the reading stands above.
            note=""
            if bearing.note.rstrip(".") in item.reading
            else opened(clip(bearing.note, LONG), names_of(item)),
            share=None
            if bearing.share is None
            else source.cite(*at, "bears_on", i, "share", style=WHOLE_PERCENT),
        )
        for i, bearing in enumerate(item.bears_on)
    ]


def chart_of(item: Evidence, source: Source, at: Path) -> Chart | None:
    """Return the recorded figure, else the null's draws with the observed value."""
    if item.plot is not None:
        return Chart(item.plot, source, (*at, "plot"))
    if not item.null or len(item.null.values) < 2:
        return None
    observed = [] if item.effect is None else [Mark(axis="x", value=item.effect, label="observed")]
    plot = Plot(
        kind="null",
        title="The null and the observed value",
        x_label=item.metric,
        y_label="draws",
        series=(Series(name="null", x=(), y=item.null.values, style="bars"),),
        marks=tuple(observed),
    )
    moved: list[tuple[Path, Path]] = [
        (("series", 0, "y"), (*at, "null", "values")),
        (("marks", 0, "value"), (*at, "effect")),
    ]
    return Chart(plot, source, at, moved)
