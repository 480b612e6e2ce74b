"""What a sweep comes to, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fireassay.diagnosis.case import Case
from fireassay.search.table import chosen_by
from fireassay.swept import Best, Row, Search


def assessment(
    case: Case, rows: Sequence[Row], best: Best, picked: int | None, search: Search | None
) -> list[str]:
    """Say what the best row, the others and the one that validation chose are worth."""
    named = {row.number: row for row in rows}
    top = named[best.row]
    score, chance, q95 = (value or math.nan for value in (best.score, best.chance, best.q95))
    told = (
        f"The best of {best.tried} is row {best.row}, {case.metric} {score:.4f}. Without skill the "
        f"best of {best.tried} scores {chance:.4f} on average and passes {q95:.4f} once in twenty: "
        f"p = {best.p:.3f}."
    )
    real = [row.number for row in rows if row.p_adjusted is not None and row.p_adjusted <= case.alpha]
    said = [told]
    if real:
        names = ", ".join(map(str, real[:12])) + (", …" if len(real) > 12 else "")
        count = f"{len(real)} of {len(rows)} rows"
        said.append(f"{count} can be told from chance, all rows tested together: {names}.")
    else:
        said.append(
            f"No row can be told from chance. A score had to pass {q95:.4f}; choosing row {best.row} "
            "for its score would be choosing luck. `fireassay diagnose` tells whether it is the "
            "model, the data or too few sessions."
        )
        if top.p is not None and top.p <= case.alpha:
            said.append(
                f"Alone, row {best.row} would have passed (p = {top.p:.3f}): that is what trying "
                f"{best.tried} does."
            )
    if picked is not None:
        chosen = _of_chosen(case, named[picked])
        # A search was for this row; a grid is read for what its table shows.
        said = [f"{_of_search(case, search)} {chosen}", *said] if search else [*said, chosen]
    return said


def _of_chosen(case: Case, row: Row) -> str:
    by = f"Row {row.number} is what validation {chosen_by(case)} chooses, which never saw the test"
    if row.score is None or row.p is None:
        return f"{by}; it has no test score."
    outcome = "can" if row.p <= case.alpha else "can't"
    return (
        f"{by}; its own test score, {case.metric} {row.score:.4f}, {outcome} be told from chance "
        f"(p = {row.p:.3f}, with no correction to make)."
    )


def _of_search(case: Case, search: Search) -> str:
    failed = f", {search.impossible} of them not possible" if search.impossible else ""
    return (
        f"{search.by} tried {search.trials} configurations{failed} and went by validation "
        f"{chosen_by(case)} alone, the best of which flatters: only the test tells."
    )
