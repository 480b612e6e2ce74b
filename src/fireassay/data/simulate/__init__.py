"""Simulated markets with a known truth: `simulate("vwap-noise")` gives a table and its Truth.

A scenario is one class in `scenarios/`; discovery finds it. Prices come from `prices.py` with the
effects of `effects.py`; columns of the user's own (`f_*`, `y`, `label_end`) from the steps in
`inputs.py`, `signals.py` and `labels.py`. Every draw is named by scenario, seed and purpose.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from fireassay.data.simulate.market import Market, Prices
from fireassay.data.simulate.scenario import SCENARIOS, Scenario, scenario
from fireassay.data.simulate.table import tabulate
from fireassay.data.simulate.truth import TargetTruth, Truth
from fireassay.errors import SettingError

__all__ = [
    "SCENARIOS",
    "Market",
    "Prices",
    "Scenario",
    "TargetTruth",
    "Truth",
    "scenario",
    "simulate",
    "truth_of",
    "write",
]


def simulate(
    case: str, *, sessions: int | None = None, seed: int = 0, **parameters: Any
) -> tuple[pl.DataFrame, Truth]:
    """Simulate a scenario.

    Parameters
    ----------
    case
        A name of `SCENARIOS`.
    sessions
        Sessions of each symbol; None: the scenario's default.
    seed
        Another seed gives other data with the same truth.
    **parameters
        Parameters of the scenario or of its `Market` to change, by name.

    Returns
    -------
    table
        As a user's file: symbol, time (the bar's end, New York time without a zone), and, where the
        scenario has prices, open, high, low, close, volume, vwap, trades and, with `quotes`, bid
        and ask; where it plants columns, f_*, y (null where there is no label) and label_end.
        Sorted by symbol and time.
    truth
        What was planted, which causes hold, and what can be learned.

    Raises
    ------
    SettingError
        If the case or a parameter isn't known, or a value isn't possible.
    """
    if sessions is not None:
        parameters["sessions"] = sessions
    chosen = SCENARIOS[case].configured(parameters)
    return tabulate(chosen, "simulate", case, seed), _truth(chosen, seed)


def truth_of(case: str, *, seed: int = 0, **parameters: Any) -> Truth:
    """Return the truth that `simulate` gives with the data, without the data."""
    return _truth(SCENARIOS[case].configured(parameters), seed)


def _truth(chosen: Scenario, seed: int) -> Truth:
    return Truth(
        case=chosen.name,
        story=chosen.story,
        seed=seed,
        sessions=chosen.market.sessions,
        causes=chosen.causes,
        debatable=chosen.debatable,
        target=chosen.default_target,
        features=chosen.features,
        label_end=chosen.label_end,
        settings=chosen.settings(),
        targets=chosen.targets(),
        notes=chosen.notes,
        parameters=chosen.parameters(),
    )


def write(
    path: Path, case: str, *, sessions: int | None = None, seed: int = 0, **parameters: Any
) -> list[Path]:
    """Simulate a scenario into a Parquet or CSV file, its truth beside it; return both paths.

    Raises
    ------
    SettingError
        If the scenario or a parameter isn't known, or the file can't be written.
    """
    if path.suffix not in (".parquet", ".csv"):
        raise SettingError(
            f"can't write {path.suffix or 'this kind of'} files",
            where=str(path),
            fix="Name it .parquet or .csv.",
        )
    frame, truth = simulate(case, sessions=sessions, seed=seed, **parameters)
    beside = path.with_suffix(".truth.json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
        truth.write(beside)
    except OSError as error:
        cause = error.strerror or str(error).splitlines()[0]
        raise SettingError(
            f"it can't be written ({cause})", where=str(path), fix="Give another place."
        ) from None
    return [path, beside]
