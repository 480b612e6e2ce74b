"""Randomness is an argument: every draw comes from a seed that is derived by name.

`derive("trial", id, "dropout", epoch)` is the same number on every machine and in every process, so
a draw depends on what it is for and never on what was drawn before it. Nothing in fireassay seeds a
global generator.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def derive(*path: str | int) -> int:
    """Return a 63-bit seed for the named purpose.

    Parameters
    ----------
    *path
        What the draw is for, from the general to the particular. Integers and strings are told
        apart: `derive(1)` differs from `derive("1")`.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in path)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(*path: str | int) -> np.random.Generator:
    """Return a NumPy generator for the named purpose."""
    import numpy as np

    return np.random.default_rng(derive(*path))
