"""The ledger of what was tried: in the terminal, as Markdown, HTML or JSON."""

from __future__ import annotations

from fireassay.errors import unknown_name
from fireassay.report.blocks import Entry, Inline, Table
from fireassay.report.blocks import Line as Said
from fireassay.report.numerals import P_VALUE, fixed, show
from fireassay.report.training.forms import page_forms
from fireassay.report.training.page import Page, Section
from fireassay.report.wording import clip
from fireassay.tried import Group, Ledger, Line

MOST_LINES = 40
"""Lines of a group that are shown: its last ones. All of them are in the form json."""

HEAD = ("when", "verb", "target", "model", "tried", "score", "p", "p adj.", "run")


def render(ledger: Ledger, form: str = "terminal") -> str:
    """Write a ledger in one form; raises SettingError if it hasn't that form."""
    if form not in FORMS:
        raise unknown_name("form of a ledger", form, FORMS)
    return FORMS[form](ledger)


def arrange(ledger: Ledger) -> Page:
    """Arrange a ledger for its readers."""
    runs = sum(len(group.lines) for group in ledger.groups)
    head = [
        Entry("runs", (f"{runs:,} runs",)),
        Entry("data", (f"{len(ledger.groups)} sets of sessions",)),
    ]
    if ledger.unreadable:
        head.append(Entry("left out", (f"{ledger.unreadable} lines that can't be read",)))
    return Page(
        clip(f"What was tried, as {ledger.path} has it", 300),
        tuple(head),
        tuple(_section(group) for group in ledger.groups),
    )


def _section(group: Group) -> Section:
    title = f"{group.source}: {group.dates:,} dates scored, {group.first} to {group.last}"
    shown = group.lines[-MOST_LINES:]
    left = len(group.lines) - len(shown)
    note = "p adj.: Holm over all that was tried on these sessions, equal tries counted once."
    if left:
        note += f" {left:,} earlier runs are in the form json."
    numeric = frozenset({4, 5, 6, 7})
    table = Table("Runs", HEAD, tuple(_row(line) for line in shown), numeric, note)
    return Section(clip(title, 200), tuple(Said(s.text) for s in group.told), tables=(table,))


def _row(line: Line) -> tuple[Inline, ...]:
    tried = line.tried
    return (
        (tried.time[:16].replace("T", " "),),
        (tried.verb,),
        (clip(tried.target, 40),),
        (clip(tried.learner, 30) or "–",),
        (f"{len(tried.members):,}",),
        (f"{tried.metric} {show(tried.score, fixed(3))}",),
        (show(tried.p, P_VALUE),),
        (show(line.p_adjusted, P_VALUE),),
        (clip(tried.run.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1], 40) or "–",),
    )


FORMS = page_forms(arrange, "Ledger of what was tried")
