"""The forms of a report, one file each, found by discovery.

A form is added by one file here that defines a function from a `Diagnosis` to text and registers it
with the `form` decorator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fireassay.findings import Diagnosis
from fireassay.registry import Registry


@dataclass(frozen=True)
class Form:
    """One way to write a diagnosis.

    Attributes
    ----------
    name
        What `--format` calls it.
    file
        Its usual file name in a run folder; "" where it is only printed.
    render
        Writes a diagnosis.
    """

    name: str
    file: str
    render: Callable[[Diagnosis], str]


FORMS: Registry[Form] = Registry("report form", "fireassay.report.forms")


def form(
    name: str, *, file: str = ""
) -> Callable[[Callable[[Diagnosis], str]], Callable[[Diagnosis], str]]:
    """Return a decorator that registers a function as the form of that name."""

    def register(render: Callable[[Diagnosis], str]) -> Callable[[Diagnosis], str]:
        FORMS.add(name, Form(name, file, render))
        return render

    return register
