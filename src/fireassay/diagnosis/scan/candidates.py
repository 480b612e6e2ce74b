"""What a scan tries: targets of the catalogue at several horizons and delays, and the user's own."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from fireassay.arrays import Int
from fireassay.data.targets import TARGETS, OutcomeKind, TargetSpec, Ties, labels
from fireassay.data.targets.spec import COLUMN
from fireassay.data.task import Label
from fireassay.errors import SettingError

LabelMaker = Callable[[Sequence[TargetSpec], dt.date | None], list[Label]]
"""Computes those of the targets that the data can have, from a date on if one is given; a label is
named by its specification and has a value for every bar of the data."""

PROFILE_DATES = 25
"""Dates before the first that is wanted which profiles and volatilities look back on."""

SIZES = {
    "direction": "return_magnitude",
    "triple_barrier": "return_magnitude",
    "vwap_reversion": "vwap_reversion_magnitude",
}
"""How far the price moves, for targets that say which way."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One target that a scan tries.

    Attributes
    ----------
    spec, label
        The target, and its label over all bars.
    own
        Whether it is the user's own target.
    size
        The label that says how far the price moves, for a target that says which way.
    """

    spec: TargetSpec
    label: Label
    own: bool = False
    size: Label | None = None

    @property
    def name(self) -> str:
        """The target as it is written, ties that a scan leaves out unsaid."""
        return str(self.spec)

    @property
    def family(self) -> str:
        """The target without horizon and skip."""
        return family(self.spec)

    @property
    def caution(self) -> str:
        """Why it is predictable whatever the market does; empty if it isn't."""
        if self.spec.name == COLUMN:
            return ""
        item = TARGETS[self.spec.name]
        return item.caution if item.mechanical else ""

    @property
    def price_move(self) -> bool:
        """Whether its outcome is a price move, which bounce can feign."""
        return self.spec.name != COLUMN and TARGETS[self.spec.name].price_move


def family(spec: TargetSpec) -> str:
    """Return a target's name and options without horizon and skip."""
    if spec.name == COLUMN:
        return str(spec)
    _, *options = str(replace(spec, horizon=1, skip=0)).split(",")
    return ",".join((spec.name, *options))


def specifications(
    targets: Iterable[str],
    available: Sequence[str],
    horizons: Sequence[int],
    skips: Sequence[int],
    *,
    mechanical: bool = True,
) -> list[TargetSpec]:
    """Return the targets at every horizon and skip.

    Parameters
    ----------
    targets
        "catalogue", names, or names with options (`volume_surge,c=2`); a name with a horizon
        (`direction:3`) is tried at that horizon only, a column as it is.
    available
        Names in the catalogue that the data can have.
    horizons, skips
        Bars of outcome, and bars left out before it.
    mechanical
        Whether "catalogue" has the targets that are predictable by construction too.

    Raises
    ------
    SettingError
        If a target isn't known, or a horizon or skip isn't possible.
    """
    out: dict[str, TargetSpec] = {}
    for text in _whole(targets):
        if text == "catalogue":
            names = [n for n in available if mechanical or not TARGETS[n].mechanical]
            read = [(TargetSpec.parse(name), False) for name in names]
        else:
            read = [(TargetSpec.parse(text), ":" in text)]
        for spec, fixed in read:
            spec = _without_ties(spec, text)
            if spec.name == COLUMN:
                out[str(spec)] = spec
                continue
            for horizon in [spec.horizon] if fixed else horizons:
                for skip in sorted({*skips}):
                    one = replace(spec, horizon=horizon, skip=skip)
                    out[str(one)] = one
    if not out:
        raise SettingError("there is no target to scan", fix="Name one, or give prices.")
    return list(out.values())


def _whole(parts: Iterable[str]) -> list[str]:
    """Put options that a list was cut at (`volume_surge,c=2`) back to their targets."""
    out: list[str] = []
    for part in parts:
        if out and re.match(r"\w+=", part):
            out[-1] += f",{part}"
        else:
            out.append(part)
    return out


def _without_ties(spec: TargetSpec, text: str) -> TargetSpec:
    """Ask which way it goes where it goes: ties tell of volatility, which has targets of its own."""
    signs = spec.name != COLUMN and TARGETS[spec.name].outcome is OutcomeKind.SIGN
    return replace(spec, ties=Ties.DROP) if signs and "ties=" not in text else spec


def label_maker(frame: pl.DataFrame) -> LabelMaker:
    """Return what computes labels of a canonical table."""

    def make(specs: Sequence[TargetSpec], since: dt.date | None = None) -> list[Label]:
        if since is None:
            return labels(frame, [], specs)
        dates = frame["date"].unique().sort()
        first = dates[max(int(dates.search_sorted(since)) - PROFILE_DATES, 0)]
        rows = np.flatnonzero((frame["date"] >= first).to_numpy())
        return [_embedded(x, rows, frame.height) for x in labels(frame[rows], [], specs)]

    return make


def _embedded(label: Label, rows: Int, height: int) -> Label:
    """Return a label of some rows as one of all, with no value on the others."""
    y = np.full(height, np.nan, dtype=np.float32)
    end = np.arange(height)
    y[rows], end[rows] = label.y, rows[label.end]
    return replace(label, y=y, end=end)


def candidates(
    make: LabelMaker,
    specs: Sequence[TargetSpec],
    own: TargetSpec | None = None,
    since: dt.date | None = None,
) -> list[Candidate]:
    """Compute the labels; targets that the data can't have are left out.

    Parameters
    ----------
    make
        Computes labels.
    specs
        What to try.
    own
        The user's target: tried too, and marked.
    since
        Date from which labels are wanted; None: all.
    """
    wanted = {str(spec): spec for spec in specs}
    if own is not None:
        wanted[str(own)] = own
    sizes = {
        name: TargetSpec(
            SIZES[spec.name],
            horizon=spec.horizon,
            skip=spec.skip,
            price=spec.price,
            stale=spec.stale,
        )
        for name, spec in wanted.items()
        if spec.name in SIZES
    }
    asked = {**wanted, **{str(spec): spec for spec in sizes.values()}}
    found = {label.name: label for label in make(list(asked.values()), since)}
    return [
        Candidate(
            spec,
            found[name],
            own=own is not None and name == str(own),
            size=found.get(str(sizes[name])) if name in sizes else None,
        )
        for name, spec in wanted.items()
        if name in found
    ]
