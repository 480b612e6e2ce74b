"""Simulated data as a source: `sim:NAME`, with options as `sim:vwap-noise?sessions=60&seed=3`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from fireassay.data.settings import DataSettings
from fireassay.data.simulate import simulate
from fireassay.data.sources import SOURCES, Table
from fireassay.errors import SettingError
from fireassay.findings import Value

PREFIX = "sim:"


class Simulated:
    """Scenarios of `fireassay.data.simulate`, each with a known truth."""

    locations = "sim:NAME[?sessions=60&seed=3]"

    def takes(self, location: object) -> bool:
        """Tell whether the location is text that starts with `sim:`."""
        return isinstance(location, str) and location.startswith(PREFIX)

    def read(self, location: object, settings: DataSettings) -> Table:
        """Simulate the scenario named; raises SettingError for unknown names and values."""
        del settings
        text = str(location)
        case, seed, parameters = parse(text)
        frame, _ = simulate(case, seed=seed, **parameters)
        readings: dict[str, Value] = {"scenario": case, "seed": seed}
        return Table.of(frame, text, readings=readings)


def parse(location: str) -> tuple[str, int, dict[str, Any]]:
    """Return case, seed and the other parameters of `sim:NAME?option=value&…`.

    Raises
    ------
    SettingError
        If an option isn't written as name=value, stands twice, or the seed is no whole number.
    """
    case, _, query = location.removeprefix(PREFIX).partition("?")
    try:
        options = parse_qsl(query, strict_parsing=True) if query else []
    except ValueError:
        raise SettingError(
            f"can't read the options {query!r}",
            where=location,
            fix="Write them as sim:NAME?sessions=60&seed=3.",
        ) from None
    parameters: dict[str, Any] = dict(options)
    if len(parameters) < len(options):
        raise SettingError("an option stands twice", where=location, fix="Give each option once.")
    seed = parameters.pop("seed", "0")
    if not seed.isdecimal():
        raise SettingError(
            f"seed {seed!r} is not a whole number", where=location, fix="Write seed=3."
        )
    return case, int(seed), parameters


SOURCES.add("simulated", Simulated())
