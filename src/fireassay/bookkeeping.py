"""The ledger's file: written by every verb that scores sessions, one line a run, never rewritten.

`ledger.jsonl` lies beside the run folders, so that the runs of one project are counted together. A
line is added in one write under a lock, so runs side by side lose nothing; a line that was cut off
by a full disk or a kill is left out when it is read, and counted. Nothing fails because the ledger
can't be kept: that is said, and the run goes on.

Sessions are told by what the data holds on their dates, so that a renamed file, more days, dropped
stale bars or other features are still the same sessions.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import polars as pl

from fireassay.arrays import Int
from fireassay.data.bars import INDEX_COLUMNS, Bars
from fireassay.data.panel import SessionPanel
from fireassay.errors import UserError
from fireassay.findings import Evidence, Number, Sentence, Tries
from fireassay.report.numerals import P_VALUE, show
from fireassay.statistics.tries import OverTries, over_tries
from fireassay.study import Study
from fireassay.tried import Group, Ledger, Line, Sessions, Tried

NAME = "ledger.jsonl"

VARIABLE = "FIREASSAY_LEDGER"
"""Environment variable that says where, in the place of the default: `off`, or a file."""

BESIDE, OFF = "beside", "off"


def counted(
    study: Study,
    bars: Bars,
    panel: SessionPanel,
    sessions: Int,
    out: Path | str | None,
    note: Callable[[str], None],
    **what: Any,
) -> Tries | None:
    """Write a run into the ledger; return what was tried on the same sessions so far.

    Parameters
    ----------
    study, bars, out
        What was asked, what was read, and the run folder, if any.
    panel, sessions
        The sessions that were scored.
    note
        Told where the ledger can't be kept.
    **what
        Fields of `Tried` that verbs differ in.
    """
    path = ledger_file(study.diagnosis.ledger, out)
    if path is None:
        return None
    scored = sessions_of(bars.frame, (panel.dates[s] for s in sessions.tolist()))
    line = Tried(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        run="" if out is None else str(out),
        source=bars.audit.source,
        sessions=scored.id,
        features=study.features,
        **what,
    )
    return write_down(path, scored, line, study.diagnosis.alpha, note)


def tested(found: Evidence) -> dict[str, Any]:
    """Return what a line says of a test."""
    draws = found.null.draws if found.null else 0
    return {
        "metric": found.metric,
        "score": found.effect,
        "chance": found.trivial,
        "p": found.p,
        "least_p": 1 / (draws + 1) if draws else None,
    }


def said_of(tries: Tries | None, *evidence: str) -> tuple[Sentence, ...]:
    """Return what is said of earlier tries, if there were any."""
    return (Sentence(text=tries.told, evidence=evidence),) if tries and tries.told else ()


def ledger_file(setting: str, out: Path | str | None) -> Path | None:
    """Return where what is tried is written down; None: nowhere.

    Parameters
    ----------
    setting
        `diagnosis.ledger`: beside (the environment variable FIREASSAY_LEDGER, else beside the run
        folder), off, or a file.
    out
        The run folder; None: there is none, so nothing is beside it.
    """
    if setting == BESIDE:
        setting = os.environ.get(VARIABLE, "") or BESIDE
    if setting == OFF:
        return None
    if setting == BESIDE:
        return None if out is None else Path(out).absolute().parent / NAME
    return Path(setting)


def sessions_of(frame: pl.DataFrame, dates: Iterable[date]) -> Sessions:
    """Return the fingerprints of what a canonical table holds on the dates given.

    Highest and lowest price by symbol; of a table without prices those of all its numeric columns.
    """
    known = {"high", "low"} <= set(frame.columns)
    numeric = [name for name, kind in frame.schema.items() if kind.is_numeric()]
    own = [name for name in numeric if name not in INDEX_COLUMNS]
    columns = ["high", "low"] if known else own
    found = (
        frame.filter(pl.col("date").is_in(list(set(dates))))
        .group_by("date", "symbol")
        .agg(pl.col(columns).max().name.suffix(" max"), pl.col(columns).min().name.suffix(" min"))
        .sort("date", "symbol")
    )
    each: dict[str, hashlib.blake2b] = {}
    for day, *values in found.iter_rows():
        digest = each.setdefault(day.isoformat(), hashlib.blake2b(digest_size=5))
        digest.update(repr(values).encode())
    told = {day: digest.hexdigest() for day, digest in each.items()}
    whole = hashlib.blake2b(json.dumps(told).encode(), digest_size=8)
    return Sessions(id=whole.hexdigest(), dates=told)


def member(ids: Sequence[str]) -> str:
    """Return the key of a try: of one run its id, of several seeds of a model one for all."""
    if len(ids) == 1:
        return ids[0]
    return hashlib.blake2b(" ".join(sorted(ids)).encode(), digest_size=12).hexdigest()


def write_down(
    path: Path, scored: Sessions, line: Tried, alpha: float, note: Callable[[str], None]
) -> Tries | None:
    """Add a line to the ledger; return what was tried on these sessions so far, it included.

    Parameters
    ----------
    path
        The ledger's file.
    scored, line
        What was scored, and on which sessions.
    alpha
        Level at which a p counts.
    note
        Told where the ledger can't be kept; nothing is raised.
    """
    try:
        with _locked(path) as file:
            before = _Lines(_text(file))
            rows = [{"kind": "tried", **line.model_dump(mode="json")}]
            if scored.id not in before.sessions:
                rows.insert(0, {"kind": "sessions", **scored.model_dump()})
            _append(file, rows)
    except OSError as error:
        note(
            f"what was tried can't be written down in {path} ({error.strerror}); "
            "--ledger FILE keeps it elsewhere, --ledger off doesn't"
        )
        return None
    known = {**before.sessions, scored.id: scored}
    here = set(scored.dates.items())
    lines = [one for one in before.tried if here & set(known[one.sessions].dates.items())] + [line]
    over = over_tries([frozenset(one.members) for one in lines], [_value(one.p) for one in lines])
    return Tries(
        ledger=str(path),
        runs=len(lines),
        members=over.members,
        families=over.families,
        p=line.p,
        p_adjusted=float(over.p_adjusted[-1]),
        smallest=over.smallest,
        smallest_adjusted=over.smallest_adjusted,
        told=_told(lines, over, alpha),
    )


def read_ledger(path: Path | str = "runs", alpha: float = 0.05) -> Ledger:
    """Read a ledger: everything that was tried, by the sessions on which it was scored.

    Parameters
    ----------
    path
        The file, the folder that holds it, or a run folder beside it.
    alpha
        Level at which a p counts.

    Raises
    ------
    UserError
        If there is none.
    """
    root = Path(path)
    places = [root, root / NAME, root.absolute().parent / NAME]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise UserError(
            "there is no ledger of what was tried",
            where=str(path),
            fix=f"Give a {NAME} or the folder it lies in; train, diagnose and sweep write it beside "
            "their run folders.",
        )
    try:
        kept = _Lines(file.read_bytes().decode("utf-8", errors="replace"))
    except OSError as error:
        raise UserError(f"it can't be read ({error.strerror})", where=str(file)) from None
    groups = [_group(lines, kept.sessions, alpha) for lines in _apart(kept)]
    return Ledger(path=str(file), groups=tuple(groups), unreadable=kept.unreadable)


class _Lines:
    """The lines of a ledger's text, and the number of those that aren't."""

    def __init__(self, text: str) -> None:
        self.sessions: dict[str, Sessions] = {}
        self.tried: list[Tried] = []
        self.unreadable = 0
        for line in filter(None, text.split("\n")):
            try:
                row = json.loads(line)
                values = {k: v for k, v in row.items() if k != "kind"} if type(row) is dict else {}
                if values and row.get("kind") == "sessions":
                    found = Sessions.model_validate(values)
                    self.sessions[found.id] = found
                else:
                    self.tried.append(Tried.model_validate(values))
            except ValueError:  # of JSON, and of what doesn't fit
                self.unreadable += 1
        lost = [one for one in self.tried if one.sessions not in self.sessions]
        self.unreadable += len(lost)
        self.tried = [one for one in self.tried if one.sessions in self.sessions]


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """Open the ledger for adding to it, by nobody else at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        if sys.platform != "win32":  # there, too, a write at the end is whole
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")


def _append(file: IO[bytes], rows: Sequence[dict[str, object]]) -> None:
    """Write lines at the end at once; a line that was cut off before is ended first."""
    end = file.seek(0, os.SEEK_END)
    torn = False
    if end:
        file.seek(end - 1)
        torn = file.read(1) != b"\n"
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    file.write(("\n" * torn + text).encode())


def _apart(kept: _Lines) -> list[list[Tried]]:
    """Divide lines into groups whose sessions have dates in common, directly or through others.

    Groups written to last come first.
    """
    groups: list[tuple[set[tuple[str, str]], list[int]]] = []
    for i, one in enumerate(kept.tried):
        here, own = set(kept.sessions[one.sessions].dates.items()), [i]
        for dates, lines in [group for group in groups if group[0] & here]:
            here |= dates
            own += lines
            groups = [group for group in groups if group[0] is not dates]
        groups.append((here, sorted(own)))
    latest = sorted((lines for _, lines in groups), key=lambda lines: -lines[-1])
    return [[kept.tried[i] for i in lines] for lines in latest]


def _group(lines: Sequence[Tried], sessions: dict[str, Sessions], alpha: float) -> Group:
    over = over_tries([frozenset(one.members) for one in lines], [_value(one.p) for one in lines])
    days = sorted({day for one in lines for day in sessions[one.sessions].dates})
    told = _told(lines, over, alpha)
    return Group(
        source=lines[-1].source,
        first=days[0],
        last=days[-1],
        dates=len(days),
        lines=tuple(
            Line(tried=one, p_adjusted=p)
            for one, p in zip(lines, over.p_adjusted.tolist(), strict=True)
        ),
        members=over.members,
        families=over.families,
        smallest=over.smallest,
        smallest_adjusted=over.smallest_adjusted,
        told=(Sentence(text=told),) if told else (),
    )


def _value(p: Number) -> float:
    return math.nan if p is None else p


def _told(lines: Sequence[Tried], over: OverTries, alpha: float) -> str:
    """Say what was tried on these sessions so far; nothing where nothing was tried before."""
    if over.members == len(lines[-1].members):
        return ""
    last = lines[-1]
    said = (
        f"Tried on these sessions so far: {over.members:,} models and targets in {len(lines):,} runs"
    )
    if over.families < 1:
        return f"{said}."
    smallest = show(over.smallest, P_VALUE)
    said += f"; the smallest p is {smallest}, {show(over.smallest_adjusted, P_VALUE)} "
    said += f"after Holm's correction for {over.families}"
    own = float(over.p_adjusted[-1])
    if last.p is not None and last.p != over.smallest:
        said += f". This run's {show(last.p, P_VALUE)} becomes {show(own, P_VALUE)}"
    if last.p is not None and last.p <= alpha < own:
        said += ": after so many tries it no longer stands out"
        if last.least_p is not None and last.least_p * over.families > alpha:
            need = math.ceil(over.families / alpha)
            said += f" (with fewer than {need:,} --permutations none could)"
    return f"{said}."
