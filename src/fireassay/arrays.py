"""Names of array axes and types, used in every signature and docstring.

| letter | axis |
| --- | --- |
| R | rows: bars of all sessions, one after the other |
| S | sessions |
| T | bars of one session, or of a look-back window |
| F | features |
| H | targets (hypotheses) of one panel |
| B | permutations or bootstrap replicates |
| K | trials of a cohort |
| G | weight draws of a trial in one step |
| N | K times G |
| P | parameters of one trial, flattened |
| C | classes or outputs of a head |

A ragged quantity over sessions is stored flat `[R, ...]` with `offsets [S + 1]`: the rows of session
s are `offsets[s]:offsets[s + 1]`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Float: TypeAlias = npt.NDArray[np.floating[Any]]
Int: TypeAlias = npt.NDArray[np.integer[Any]]
Bool: TypeAlias = npt.NDArray[np.bool_]
AnyArray: TypeAlias = npt.NDArray[Any]


def session_of_row(offsets: Int) -> Int:
    """Return `[R]` the session index of every row."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def bar_of_row(offsets: Int) -> Int:
    """Return `[R]` the position of every row inside its session, from 0."""
    rows = np.arange(int(offsets[-1]))
    return rows - np.repeat(offsets[:-1], np.diff(offsets))


def rows_of_sessions(offsets: Int, sessions: Int) -> Int:
    """Return the row indices of the given sessions, session after session in the order given."""
    lengths = (offsets[1:] - offsets[:-1])[sessions]
    starts = np.repeat(offsets[:-1][sessions], lengths)
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return starts + within
