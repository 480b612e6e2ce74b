"""One file to add one thing: decorators that register, and discovery of the folder they are in.

A folder of sources, features, targets, interventions, probes or checks holds one file per idea. The
folder's registry imports its files when it is first asked for a name, so importing fireassay costs
nothing and a new file is found without an edit anywhere else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from fireassay.errors import unknown_name

T = TypeVar("T")


class Registry(Generic[T]):
    """Names of one kind of thing, found in the modules of one package.

    Parameters
    ----------
    kind
        What the names stand for, as errors call it ("feature", "target", ...).
    package
        The package whose modules register themselves on import.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._items: dict[str, T] = {}
        self._discovered = False

    def add(self, name: str, item: T) -> T:
        """Register `item`; a name that is taken is a fault of the code, so it raises ValueError."""
        if name in self._items:
            raise ValueError(f"two {self.kind}s are named {name!r}")
        self._items[name] = item
        return item

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates under `name`."""
        return lambda item: self.add(name, item)

    def __getitem__(self, name: str) -> T:
        """Return the thing of that name; raises SettingError with the nearest names."""
        self._discover()
        try:
            return self._items[name]
        except KeyError:
            raise unknown_name(self.kind, name, self._items) from None

    def __contains__(self, name: object) -> bool:
        self._discover()
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        self._discover()
        return iter(sorted(self._items))

    def __len__(self) -> int:
        self._discover()
        return len(self._items)

    def values(self) -> list[T]:
        """Return the things in the order of their names."""
        return [self[name] for name in self]

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        package = importlib.import_module(self.package)
        for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
            importlib.import_module(f"{self.package}.{module}")
