"""A scenario: a market, what is planted in it, and the truth about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fireassay.data.simulate.columns import Step
from fireassay.data.simulate.effects import PriceEffect
from fireassay.data.simulate.market import Market
from fireassay.data.simulate.truth import TargetTruth
from fireassay.errors import SettingError, unknown_name
from fireassay.findings import Value
from fireassay.registry import Registry

S = TypeVar("S", bound="type[Scenario]")

SCENARIOS: Registry[type[Scenario]] = Registry("scenario", "fireassay.data.simulate.scenarios")


# What may change without a change of what can be learned.
_SIZE = ("sessions", "start", "symbols", "common_share", "quotes")


class Scenario(BaseModel, ABC):
    """Base of all scenarios; the fields of a subclass are the parameters of its effects.

    Attributes
    ----------
    name
        The name by which it is registered.
    story
        One sentence: what was planted.
    default_target, features, label_end
        Default target and features, and when the label is known ("": as the target says).
    causes, debatable
        Ids of the causes that hold under them, and of those that may or may not be supported.
    notes
        Further facts that a reader of the truth needs.
    market
        The market that it plays in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    story: ClassVar[str]
    default_target: ClassVar[str]
    features: ClassVar[str] = "catalogue"
    label_end: ClassVar[str] = ""
    causes: ClassVar[tuple[str, ...]] = ()
    debatable: ClassVar[tuple[str, ...]] = ()
    notes: ClassVar[tuple[str, ...]] = ()

    market: Market = Field(default_factory=Market)

    def has_prices(self) -> bool:
        """Tell whether the table holds prices and volumes."""
        return True

    def effects(self) -> tuple[PriceEffect, ...]:
        """Return what is planted in prices."""
        return ()

    def steps(self) -> tuple[Step, ...]:
        """Return what is planted in columns."""
        return ()

    def settings(self) -> dict[str, Value]:
        """Return the learner settings that belong to the case."""
        return {}

    @abstractmethod
    def targets(self) -> tuple[TargetTruth, ...]:
        """Return what can be learned, the default target among it."""

    def measured(self, auc: float) -> float | None:
        """Return an AUC that was measured with the default parameters, None under any others."""
        own = {field: getattr(self, field) for field in type(self).model_fields}
        default = type(self)()
        size = {name: getattr(default.market, name) for name in _SIZE}
        own["market"] = self.market.model_copy(update=size)
        same = all(getattr(default, field) == value for field, value in own.items())
        return auc if same else None

    def parameters(self) -> dict[str, Value]:
        """Return the parameters that differ from the scenario's defaults, but for the sessions."""
        default = type(self)()
        pairs = [(self, default), (self.market, default.market)]
        return {
            name: getattr(now, name) if _plain(getattr(now, name)) else str(getattr(now, name))
            for now, then in pairs
            for name in type(now).model_fields
            if name not in {"market", "sessions"} and getattr(now, name) != getattr(then, name)
        }

    @classmethod
    def configured(cls, parameters: Mapping[str, Any]) -> Scenario:
        """Build the scenario with parameters of its own or of its market changed.

        Values may be text, as in `sim:NAME?sessions=60`.

        Raises
        ------
        SettingError
            If a parameter isn't known or its value isn't possible.
        """
        own, market = {}, {}
        for name, value in parameters.items():
            if name != "market" and name in cls.model_fields:
                own[name] = value
            elif name in Market.model_fields:
                market[name] = value
            else:
                known = {*cls.model_fields, *Market.model_fields} - {"market"}
                raise unknown_name(f"parameter of sim:{cls.name}", name, known)
        try:
            base = cls().market.model_dump()
            return cls.model_validate({**own, "market": Market.model_validate({**base, **market})})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise SettingError(
                f"{first['msg']}, got {first['input']!r}", where=f"sim:{cls.name}, {name}"
            ) from None


def scenario(name: str) -> Callable[[S], S]:
    """Return a decorator that names a scenario and registers it; its docstring opens the story."""

    def register(cls: S) -> S:
        cls.name = name
        SCENARIOS.add(name, cls)
        return cls

    return register


def _plain(value: object) -> bool:
    return isinstance(value, bool | int | float | str)
