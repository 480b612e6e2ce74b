"""A patient: data and a model with one known illness, or none, drawn anew for every seed.

Ranges of parameters are divided in two: one half is for those who tune checks, the other for the
table that is reported, so that nothing is tuned on what it is judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from fireassay.registry import Registry
from fireassay.seeds import derive, generator

EFFECTS = (0.85, 0.65, 0.56)
"""AUC that planted signals have, in turn over the seeds: obvious, plain, and of a size met in
markets."""

PARTS = 4
"""Parts of a range; each half of the gauntlet draws from every second one, so both meet its ends."""

T = TypeVar("T")


class Half(StrEnum):
    """Which half of the parameter ranges patients are drawn from."""

    TUNING = "tuning"
    """For work on checks."""
    REPORTED = "reported"
    """For the table that is reported, and nothing else."""


class Draw:
    """Parameters of one patient under one seed.

    Parameters
    ----------
    name
        The patient's.
    half
        Half of the ranges to draw from.
    seed
        Number of the draw; the planted effects go by it in turn.
    """

    def __init__(self, name: str, half: Half, seed: int) -> None:
        self.half, self.number = half, seed
        self.seed = derive("patient", name, half.value, seed) % 1_000_000
        self.taken: dict[str, float | str] = {}
        self._rng = generator("patient", name, half.value, seed)

    def effect(self, *among: float) -> float:
        """Return the planted AUC of this seed, of EFFECTS or of those given."""
        effects = among or EFFECTS
        return self._note("auc", effects[self.number % len(effects)])

    def between(self, name: str, low: float, high: float) -> float:
        """Return a number of this half of a range, log-uniform where both ends are positive."""
        parts = [i for i in range(PARTS) if (i % 2 == 0) is (self.half is Half.TUNING)]
        place = (self._rng.choice(parts) + self._rng.random()) / PARTS
        if low > 0 < high:
            return self._note(name, float(low * (high / low) ** place))
        return self._note(name, float(low + (high - low) * place))

    def among(self, name: str, *options: T) -> T:
        """Return one of this half's options: every second one is each half's."""
        first = 0 if self.half is Half.TUNING else 1
        own = options[first::2] or options
        chosen = own[int(self._rng.integers(len(own)))]
        self.taken[name] = chosen if isinstance(chosen, int | float | str) else str(chosen)
        return chosen

    def _note(self, name: str, value: float) -> float:
        self.taken[name] = value
        return value


@dataclass(frozen=True)
class Presented:
    """What a diagnosis is given of a patient.

    Attributes
    ----------
    location
        The simulation to read.
    settings
        Changed keys of the study.
    """

    location: str
    settings: Mapping[str, Any] = field(default_factory=dict)


Presents = Callable[[Draw], Presented]


@dataclass(frozen=True)
class Patient:
    """One kind of patient.

    Attributes
    ----------
    name, story
        Name and one sentence of what was done to it.
    presents
        Draws what the diagnosis is given.
    causes
        Ids of the causes that hold: all are to be found. None: it is healthy.
    first
        Ids that may be named first; empty: any of `causes`.
    debatable
        Ids that may be supported beside them without being counted as wrong.
    learnable
        Whether its labels hold a signal that a sound learner would find.
    curable
        Whether changed settings can restore what it learns.
    """

    name: str
    story: str
    presents: Presents
    causes: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    debatable: tuple[str, ...] = ()
    learnable: bool = True
    curable: bool = False

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.causes

    @property
    def accepted(self) -> tuple[str, ...]:
        """Ids that may be named first."""
        return self.first or self.causes


PATIENTS: Registry[Patient] = Registry("patient", "fireassay.clinic.patients")


def patient(
    name: str,
    *causes: str,
    first: tuple[str, ...] = (),
    debatable: tuple[str, ...] = (),
    learnable: bool = True,
    curable: bool = False,
) -> Callable[[Presents], Presents]:
    """Return a decorator that registers a patient; the function's docstring is its story."""

    def register(presents: Presents) -> Presents:
        story = (presents.__doc__ or "").strip()
        made = Patient(name, story, presents, causes, first, debatable, learnable, curable)
        PATIENTS.add(name, made)
        return presents

    return register


SESSIONS = 160
"""Sessions of a patient: enough of five-minute bars that an AUC of .53 would be seen."""

NETWORK: Mapping[str, Any] = {
    "model": "transformer",
    "settings.width": 32,
    "settings.layers": 1,
    "settings.look_back": 16,
    "settings.epochs": 15,
}
"""A network that learns what healthy patients hold, in seconds."""


_KEYS = {
    **{key: key for key in ("model", "scaling", "target", "label_end", "features")},
    "effect": "diagnosis.effect",
}
"""Settings that aren't the learner's, and their keys in a study."""


def simulated(
    case: str, draw: Draw, parameters: Mapping[str, Any] | None = None, **settings: Any
) -> Presented:
    """Return a simulated case with parameters of its own and the settings of NETWORK, some changed.

    Parameters
    ----------
    case
        Name of a scenario.
    draw
        Gives the data's seed and is asked for the parameters.
    parameters
        Of the scenario or its market.
    **settings
        `model`, `scaling`, `effect`, ... of the study, or settings of the learner.
    """
    values = {"sessions": SESSIONS, "seed": draw.seed, **(parameters or {})}
    location = f"sim:{case}?" + "&".join(f"{name}={value}" for name, value in values.items())
    keyed = {_KEYS.get(k, f"settings.{k}"): v for k, v in settings.items()}
    merged = {**NETWORK, "seed": draw.number, **keyed}
    if merged["model"] not in ("transformer", "bayesian"):
        merged = {k: v for k, v in merged.items() if not k.startswith("settings.") or k in keyed}
    return Presented(location, merged)
