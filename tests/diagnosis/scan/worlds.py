"""Panels and targets of a scan with a known truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from fireassay.data.panel import SessionPanel
from fireassay.data.targets import TargetSpec
from fireassay.data.task import Label
from fireassay.diagnosis.scan import Candidate, Part
from tests.statistics import worlds

MONDAY = dt.date(2024, 1, 1)


def panel_of(
    x: np.ndarray,
    lengths: Sequence[int],
    symbols: Sequence[str] | None = None,
    days: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    stale: np.ndarray | None = None,
) -> SessionPanel:
    """Features `[R, F]` over sessions, one a day unless days are given."""
    count = len(lengths)
    days = range(count) if days is None else days
    return SessionPanel(
        buffer=np.ascontiguousarray(x, dtype=np.float32),
        offsets=np.r_[0, np.cumsum(lengths)].astype(np.int64),
        features=tuple(names or (f"f{i}" for i in range(x.shape[1]))),
        symbols=tuple(symbols or [""] * count),
        dates=tuple(MONDAY + dt.timedelta(days=int(d)) for d in days),
        stale=np.zeros(len(x), dtype=bool) if stale is None else stale,
        lead=0,
    )


def whole(panel: SessionPanel) -> Part:
    return Part.of(panel, np.arange(panel.sessions))


def candidate(
    y: np.ndarray,
    name: str = "direction",
    horizon: int = 1,
    skip: int = 0,
    kind: str = "binary",
    classes: tuple[str, ...] = (),
    own: bool = False,
    size: Label | None = None,
    ties: float = 0.0,
) -> Candidate:
    spec = TargetSpec(name, horizon=horizon, skip=skip)
    label = Label(
        name=str(spec),
        kind=kind,  # type: ignore[arg-type]
        y=y.astype(np.float32),
        end=np.arange(len(y)),
        horizon=horizon,
        skip=skip,
        classes=classes or (("down", "up") if kind == "binary" else ()),
        ties=ties,
    )
    return Candidate(spec, label, own=own, size=size)


def null_world(
    rng: np.random.Generator, sessions: int = 40, bars: int = 20, features: int = 4
) -> tuple[SessionPanel, list[Candidate]]:
    """AR(.95) features, and sixty targets of one independent path: overlapping, alike, skewed."""
    lengths = rng.integers(bars - 4, bars + 1, sessions)
    x = worlds.by_session(lengths, lambda n: worlds.ar(rng, (n, features), 0.95))
    returns = [rng.standard_normal(n) * np.exp(worlds.ar(rng, (n,), 0.9) / 2) for n in lengths]
    out: list[Candidate] = []
    for horizon in range(1, 6):
        moves = [worlds.outcome(r, horizon) for r in returns]
        z = np.concatenate(moves)
        known = ~np.isnan(z)
        shapes = {
            "direction": np.where(known & (np.abs(z) < 0.3), np.nan, worlds.binary(z)),
            "volume_surge": worlds.binary(-z, 1.0),
            "return_magnitude": z,
            "vwap_reversion_magnitude": np.sign(z) * np.sqrt(np.abs(z)),
            "volatility_increase": np.abs(z),
            "vwap_touch": np.where(np.abs(z) > 3, np.nan, z**2),
        }
        for name, y in shapes.items():
            kind = "binary" if name in ("direction", "volume_surge") else "real"
            for skip in (0, 1):
                later = np.concatenate(
                    [np.r_[m[skip:], np.full(skip, np.nan)] for m in split(y, lengths)]
                )
                out.append(candidate(later, name, horizon, skip, kind))
    return panel_of(x, lengths), out


def split(y: np.ndarray, lengths: Sequence[int]) -> list[np.ndarray]:
    return np.split(y, np.cumsum(lengths)[:-1])
