"""The machine: which device, how many threads, which versions."""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

from fireassay.errors import SettingError

if TYPE_CHECKING:
    from fireassay.findings import Value

SPIN = "10"
"""Exponent of 2: cycles for which a thread of OpenBLAS waits for work before it sleeps."""

SHOWN = ("torch", "numpy", "scipy", "scikit-learn", "polars", "exchange_calendars")


def share_processors() -> None:
    """Let idle threads sleep instead of spin; call before NumPy and torch are imported.

    Beside another busy process on the same cores spinning OpenMP threads made a training step 6 to 8
    times slower, sleeping ones 1.5 times; and NumPy's own (OpenBLAS, which waits up to 2^26 cycles)
    made the inner products of a label's autocorrelation take 7 times the processor time (measured,
    2 cores). A user's own settings are kept.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", SPIN)


def pick_device(wanted: str) -> str:
    """Return the device to use: as wanted, or for "auto" the best there is.

    Raises
    ------
    SettingError
        If the device isn't known or isn't there.
    """
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return "cuda" if there["cuda"] else "cpu"
    kind = wanted.split(":", maxsplit=1)[0]
    if kind not in there:
        raise SettingError(f"unknown device {wanted!r}", fix="Known: auto, cpu, cuda, mps.")
    if not there[kind]:
        raise SettingError(f"device {wanted!r} isn't available here", fix="Use --device cpu.")
    return wanted


def environment(device: str) -> dict[str, Value]:
    """Return what a reader needs to repeat a run: versions, machine, device."""
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, Value] = {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "processors": os.cpu_count(),
        "device": device,
    }
    torch = sys.modules.get("torch")  # where nothing was trained it isn't loaded for its name
    if torch is not None:
        found["threads"] = torch.get_num_threads()
        if device.startswith("cuda"):
            found["device"] = torch.cuda.get_device_name(device)
    for name in SHOWN:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
