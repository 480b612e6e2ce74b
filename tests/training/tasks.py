"""Small Tasks with a known truth, built from NumPy arrays alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from fireassay.data.panel import SessionPanel
from fireassay.data.splits import Split
from fireassay.data.task import Kind, Label, Task
from fireassay.training.settings import NetSettings, PosteriorKind
from fireassay.training.trial import Trial

SMALL = NetSettings(
    width=8, layers=2, heads=2, look_back=6, epochs=3, batch_labels=64, groups=2, draws=4
)
BAYESIAN = SMALL.model_copy(update={"posterior": PosteriorKind.MEAN_FIELD})

FIRST_DAY = dt.date(2024, 1, 1)


def panel_of(
    values: np.ndarray, lengths: Sequence[int] | np.ndarray, symbols: int = 1
) -> SessionPanel:
    """Build a panel from `[R, F]` values; `symbols` sessions in a row share a date."""
    values = np.asarray(values, dtype=np.float32)
    count, lead = len(lengths), 16
    buffer = np.zeros((lead + len(values), values.shape[1]), dtype=np.float32)
    buffer[lead:] = values
    return SessionPanel(
        buffer=buffer,
        offsets=np.r_[0, np.cumsum(lengths)].astype(np.int64),
        features=tuple(f"x{j}" for j in range(values.shape[1])),
        symbols=tuple(f"S{s % symbols}" for s in range(count)),
        dates=tuple(FIRST_DAY + dt.timedelta(days=s // symbols) for s in range(count)),
        stale=np.zeros(len(values), dtype=bool),
        lead=lead,
    )


def split_of(sessions: int, validation: float = 0.2, test: float = 0.2) -> Split:
    """Divide sessions in order: training, validation, test."""
    tested, validated = round(test * sessions), round(validation * sessions)
    order = np.arange(sessions)
    trained = sessions - tested - validated
    return Split(order[:trained], order[trained : trained + validated], order[trained + validated :])


def label_of(y: np.ndarray, kind: Kind = "binary", **more: object) -> Label:
    """Build a label that is known at its own row."""
    classes = {"binary": ("down", "up"), "multiclass": ("down", "flat", "up"), "real": ()}[kind]
    values = {"end": np.arange(len(y)), "classes": classes, **more}
    return Label(name="made", kind=kind, y=np.asarray(y, dtype=np.float32), **values)


def make_task(
    kind: Kind = "binary",
    *,
    sessions: int = 15,
    bars: tuple[int, int] = (8, 16),
    features: int = 3,
    strength: float = 1.5,
    symbols: int = 1,
    seed: int = 0,
    validation: float = 0.2,
) -> Task:
    """Build a Task of ragged sessions whose label depends linearly on the bar's features.

    Parameters
    ----------
    bars
        Shortest and longest session.
    strength
        SD of the log odds (classes) or of the mean in noise SDs (real); 0 plants nothing.
    symbols
        Sessions of one date.

    Notes
    -----
    A real label has mean 3 and SD about 2 · √(1 + strength²). The last bar of each session has no
    label.
    """
    rng = np.random.default_rng((seed, sessions, features))
    lengths = rng.integers(bars[0], bars[1] + 1, sessions)
    x = rng.standard_normal((int(lengths.sum()), features))
    w = rng.standard_normal((features, 3))
    f = strength * (x @ w) / np.linalg.norm(w, axis=0)
    if kind == "binary":
        y = (f[:, 0] + rng.logistic(size=len(f)) > 0).astype(float)
    elif kind == "multiclass":
        y = (f + rng.gumbel(size=f.shape)).argmax(1).astype(float)
    else:
        y = 3 + 2 * (f[:, 0] + rng.standard_normal(len(f)))
    y[np.cumsum(lengths) - 1] = np.nan
    return Task(
        panel=panel_of(x, lengths, symbols),
        label=label_of(y, kind),
        split=split_of(sessions, validation),
    )


def trial_of(task: Task, settings: NetSettings = SMALL, seed: int = 0, **changes: object) -> Trial:
    """Build a trial of a network on the Task as it is."""
    chosen = NetSettings.model_validate({**settings.model_dump(), **changes})
    return Trial(chosen.stands_for.model, chosen, task.fingerprint, seed=seed)
