"""A diagnosis whose every text is meant to break out of the report, with very many columns."""

from __future__ import annotations

import math
import random
from typing import Any

from fireassay.causes import CAUSES
from fireassay.findings import (
    Applied,
    AuditItem,
    Bearing,
    BudgetUse,
    CauseVerdict,
    Change,
    DataAudit,
    Diagnosis,
    Evidence,
    Heuristic,
    Interval,
    Mark,
    Matrix,
    Null,
    Outcome,
    Plot,
    Prescription,
    Rule,
    Sentence,
    Series,
    Status,
)

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</style><svg onload=alert(3)>",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b31m",
    "[red]markup[/red][link=https://example.org]x[/link]",
    "a\u202ecod.exe\u202c\u2066b\u2069",
    "שלום | `code` | **bold**",
    "line\nbreak\r\nand\ttab | pipe",
    "{{ 7 * 7 }}{% raw %}",
    "-->]]><!-- comment",
    "https://example.org/x www.example.org @someone #1 ![x](https://example.org/y)",
    "\U000e0041\U000e0042 tag characters \u200b zero width",
    "x" * 5_000,
    "&lt;script&gt;&amp;",
    "e\u0301" * 40,
)


def hostile(columns: int = 10_000) -> Diagnosis:
    """Return a diagnosis whose every text is meant to break out, with very many columns."""
    index = iter(range(10**9))

    def bad() -> str:
        return HOSTILE[next(index) % len(HOSTILE)]

    names = tuple(f"{HOSTILE[i % len(HOSTILE)][:60]}{i}" for i in range(columns))
    draw = random.Random(2)
    plots = tuple(_hostile_plot(kind, bad, names, draw) for kind in KINDS)
    evidence = {
        f"{bad()[:80]}/{i}~": Evidence(
            id=bad(),
            check=bad(),
            question=bad(),
            experiment=bad(),
            control=bad(),
            metric=bad(),
            effect=draw.gauss(0, 1) * 10 ** draw.randint(-9, 9),
            trivial=0.0,
            interval=Interval(low=-1e300, high=math.nan),
            null=Null(kind=bad(), draws=3, mean=math.inf, sd=0.0, values=(0.1, 0.1, 0.1)),
            p=0.0,
            sessions=3,
            trials=tuple(bad() for _ in range(20)),
            bears_on=(Bearing(cause="no_signal", rule=Rule.ILLUSTRATES, note=bad(), share=0.5),),
            reading=bad(),
            caveat=bad(),
            numbers=dict.fromkeys(names[:200], 1.5),
            table=tuple(
                {bad()[:80]: bad(), "low": 0.1, "high": 1e300, **dict.fromkeys(names[:30], 0.5 * j)}
                for j in range(90 if i == 0 else 2)
            ),
            plot=plot,
        )
        for i, plot in enumerate(plots)
    }
    keys = tuple(evidence)
    causes = {
        id_: CauseVerdict(status=list(Status)[i % 3], why=bad(), evidence=keys[:2], share=0.5)
        for i, id_ in enumerate(CAUSES)
    }
    changes = tuple(
        Change(setting=bad(), before=bad(), after=value)
        for value in (bad(), None, 1e-300, True, 10**30, math.inf, bad(), bad())
    )
    changes += (Change(setting="a.b", before=1, after=2), Change(setting="a", before=1, after=3))
    sentence = Sentence(text=bad(), evidence=keys[:3])
    outcome = Outcome(metric=bad(), before=None, after=1e12, gain=-1e-12, p=1.0, reading=bad())
    return Diagnosis(
        fireassay_version=bad(),
        created=bad(),
        title=HOSTILE[0],
        primary=tuple(c for c, v in causes.items() if v.status is Status.SUPPORTED),
        assessment=tuple(Sentence(text=text, evidence=keys[:1]) for text in HOSTILE),
        causes=causes,
        evidence=evidence,
        prescriptions=tuple(
            Prescription(cause="no_signal", title=bad(), changes=changes, why=bad(), outcome=outcome)
            for _ in range(3)
        ),
        next_steps=(sentence,) * 3,
        metrics_reading=(sentence,),
        metrics=tuple(dict.fromkeys(names[:50], 0.1 * i) for i in range(500)),
        heuristics=tuple(
            Heuristic(rule=bad(), value=bad(), trivial=bad(), says=bad(), cannot_say=bad())
            for _ in range(5)
        ),
        data_audit=DataAudit(
            source=bad(),
            rows=10**12,
            sessions=1,
            symbols=names,
            first=bad(),
            last=bad(),
            readings={name: name for name in names},
            items=tuple(
                AuditItem(
                    id=name,
                    what=name,
                    count=1,
                    share=0.5,
                    first_row=3,
                    example=bad(),
                    action=bad(),
                    advice=bad(),
                )
                for name in names
            ),
            calendar=plots[KINDS.index("calendar")],
        ),
        study={name: {"nested": {bad(): [bad(), None, 1.5]}} for name in names},
        environment={name: bad() for name in names[:300]},
        budget=BudgetUse(spent_s=1e9, trials=3, not_afforded=names, note=bad()),
        applied=Applied(
            changes=changes,
            outcome=outcome,
            rows=tuple({"metric": name, "before": None} for name in names),
        ),
    )


KINDS = (
    "null",
    "power",
    "ladder",
    "traces",
    "learning-curve",
    "map",
    "decay",
    "reliability",
    "uncertainty",
    "lag",
    "clustering",
    "association",
    "calendar",
    "scatter",
    "unheard-of",
)


def _hostile_plot(kind: str, bad: Any, names: tuple[str, ...], draw: random.Random) -> Plot:
    count = len(names)
    values = tuple(draw.gauss(0, 1) * 10.0 ** draw.randint(-300, 300) for _ in range(count))
    matrix = None
    if kind in {"map", "calendar"}:
        rows, columns = names[:1_000], names[:300]
        matrix = Matrix(
            rows=rows,
            columns=columns,
            value_label=bad(),
            text=((bad(),),),
            values=tuple(tuple(draw.random() for _ in columns) for _ in rows),
        )
    words = kind in {"ladder", "association"}
    return Plot(
        kind=kind,
        title=bad(),
        x_label=bad(),
        y_label=bad(),
        note=bad(),
        matrix=matrix,
        series=(
            Series(
                name=bad(),
                x=names if words else tuple(range(count)),
                y=values,
                low=values[:5],
                high=values[:9],
                style="points",
            ),
            Series(name=bad(), x=names if words else (), y=(math.nan, math.inf, None)),
        ),
        marks=(
            Mark(axis="x", value=1e300, label=bad()),
            Mark(axis="y", value=-1e300, label=bad()),
            Mark(axis="value", value=0.5, label=bad()),
            Mark(axis="?", value=0.0, label=bad()),
        ),
    )
