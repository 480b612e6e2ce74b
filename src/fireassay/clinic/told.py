"""The gauntlet's table as Markdown, and as rows for a terminal."""

from __future__ import annotations

from fireassay.clinic.patient import Half
from fireassay.clinic.tally import Row, Share, Tally
from fireassay.findings import Value

COLUMNS = (
    "`first`: the right cause is named first (healthy: nothing is blamed). `found`: true causes "
    "supported. `right`: of the causes supported, those that hold or may be said. `instead`: what "
    "was named first where that was wrong. `cured`: the changed settings, run, raised the score with "
    "an interval above 0. `runs`, `s`: median cost of a diagnosis in training runs of the model as "
    "set, and in seconds."
)


def figures(counted: Tally) -> list[dict[str, Value]]:
    """Return one row a figure: what is counted, the share, and its exact 95 % interval."""
    shares = {
        "right cause first": counted.first,
        "right cause first, sick patients": counted.first_sick,
        "recall of any cause": counted.recall,
        "precision": counted.precision,
        "false alarm on healthy patients": counted.false_alarm,
        "“no signal” though there is one": counted.signal_denied,
        "abstention": counted.abstained,
        "fixes that, run, raise the score": counted.cured,
    }
    if counted.confidence is not None:
        name = f"causes told with a confidence, {counted.confidence:.3f} on average, that hold"
        shares[name] = counted.trusted
    return [
        {"figure": name, "share": _value(share), "of": share.of, "95 % interval": _interval(share)}
        for name, share in shares.items()
    ]


def rows(counted: Tally) -> list[dict[str, Value]]:
    """Return one row a patient."""
    return [
        {
            "patient": row.patient,
            "true causes": ", ".join(row.causes) or "healthy",
            "first": f"{row.first.hits}/{row.first.of}",
            "found": _of(row.found),
            "right": _of(row.right),
            "instead": _instead(row),
            "cured": _of(row.cured),
            "runs": None if row.training_runs is None else round(row.training_runs),
            "s": round(row.seconds),
        }
        for row in counted.rows
    ]


def markdown(counted: Tally, half: Half) -> str:
    """Return both tables, with what their columns mean."""
    return (
        "\n\n".join(
            [
                f"# Gauntlet, {half.value} half of the parameter ranges",
                _table(figures(counted)),
                COLUMNS,
                _table(rows(counted)),
            ]
        )
        + "\n"
    )


def _table(table: list[dict[str, Value]]) -> str:
    if not table:
        return "No visits."
    lines = [list(table[0]), ["---"] * len(table[0])]
    lines += [["" if v is None else str(v) for v in row.values()] for row in table]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _value(share: Share) -> str:
    return "" if share.value is None else f"{share.value:.3f}"


def _interval(share: Share) -> str:
    if not share.of:
        return ""
    low, high = share.interval()
    return f"{low:.3f} to {high:.3f}"


def _of(share: Share) -> str:
    return f"{share.hits}/{share.of}" if share.of else ""


def _instead(row: Row) -> str:
    named = ", ".join(f"{cause} {count}" for cause, count in row.confused.items())
    return f"{named}; {row.failures} broke off" if row.failures else named
