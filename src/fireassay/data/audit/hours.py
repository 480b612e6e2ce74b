"""Rows outside the hours of the exchange."""

from __future__ import annotations

from collections.abc import Iterable

from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.layouts import Kind


@check(Stage.SORTED)
def outside_hours(view: View) -> Iterable[Notice]:
    """Rows before the open, after the close, in a break or on a day without trading.

    A bar belongs to the session in which it ends, a print to the one in which it happened.
    """
    if view.schedule is None:
        return
    rows = "bars" if view.kind is Kind.BARS else "trade prints"
    yield from view.notice(
        "outside_hours",
        f"{rows} outside the hours of {view.schedule.name}",
        view.frame["session"].is_null(),
        Action.DROPPED,
        "Extended hours were left out. To keep them: sessions = gap:3h. If these should lie inside, "
        "check timezone and stamp.",
    )
