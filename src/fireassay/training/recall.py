"""People's own functions and classes by name, so that settings and trials stay plain data.

A name is `package.file:name`. What was handed over in Python is known in this process; anything else
is imported, from the working directory too.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fireassay.errors import SettingError

_KNOWN: dict[str, Callable[..., Any]] = {}


def remember(made: Callable[..., Any]) -> str:
    """Return the name under which `recall` gives it back in this process.

    Of two by the same name (two lambdas, a cell that was run again) the later is meant.
    """
    plain = _plain(made)
    module = getattr(plain, "__module__", None) or type(plain).__module__
    name = getattr(plain, "__qualname__", None) or type(plain).__qualname__
    key = f"{module}:{name}"
    _KNOWN[key] = made
    return key


def recall(name: str) -> Callable[..., Any]:
    """Return what was remembered or can be imported under `package.file:name`.

    Raises
    ------
    SettingError
        If there is nothing of that name, or importing it fails.
    """
    if name in _KNOWN:
        return _KNOWN[name]
    module, _, path = name.partition(":")
    if not module or not path:
        raise SettingError(f"{name!r} names no function", fix="Write package.file:name.")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise SettingError(
            f"{name} can't be imported ({error})",
            fix="Name a function at the top of a file that Python can import, or give it in Python.",
        ) from None
    if not callable(found):
        raise SettingError(f"{name} is no function", fix="Name one that makes your module.")
    return found


def source_of(made: Callable[..., Any]) -> str:
    """Return a digest of the code of a function or class, and of the arguments bound to it.

    Values that it takes from elsewhere (globals, files, the closure) aren't in it.
    """
    digest = hashlib.blake2b(digest_size=8)
    while isinstance(made, functools.partial):
        digest.update(repr((made.args, sorted(made.keywords.items()))).encode())
        made = made.func
    plain = made if hasattr(made, "__qualname__") else type(made)
    try:
        digest.update(inspect.getsource(plain).encode())
    except (OSError, TypeError):  # typed into an interpreter, or built in
        code = getattr(plain, "__code__", None)
        digest.update(repr(plain).encode() if code is None else code.co_code)
    return digest.hexdigest()


def _plain(made: Callable[..., Any]) -> Callable[..., Any]:
    while isinstance(made, functools.partial):
        made = made.func
    return made
