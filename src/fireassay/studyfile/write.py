"""Writes a commented study.toml: what was found in the data, and every setting with its default.

A key that is left at its default stands as a comment: taking away the `# ` sets it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tomli_w
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from fireassay.data.settings import DataSettings, SplitSettings
from fireassay.study import TABLES, DiagnosisSettings, ScanSettings, Study
from fireassay.studyfile.schema import URL
from fireassay.studyfile.suggest import Suggestion
from fireassay.training.learner import default_settings, learner_names

WIDTH = 98

WHY = {
    "embargo": "A gap keeps outcomes that reach over midnight, and slow features, out of the test.",
    "test": "The last dates, as in use: what is learned today is asked about tomorrow.",
    "scaling": "A network sees features only where they are on comparable scales.",
    "kl_weight": "The KL is divided by N, the training labels: 1/len(dataset) would count it twice.",
    "prior_sigma": "Under fan_in the unit is 1/√fan_in: the prior's logits don't grow with width.",
    "learning_rate": "Too low a rate looks like no signal within the epochs that are given.",
    "label_smoothing": "It moves the loss that can be reached; it is no prior.",
    "budget": "What doesn't fit is named in the report, not skipped in silence.",
    "effect": "Nothing can exclude all signal; this is the size below which you wouldn't care.",
    "skips": "What dies when a bar is skipped is bid-ask bounce.",
}
"""Reasons for defaults, beside the descriptions of the settings."""


def study_text(study: Study, found: Suggestion, dates: int, name: str = "study.toml") -> str:
    """Return a commented study.toml.

    Parameters
    ----------
    study
        What is set.
    found
        What was seen in the data.
    dates
        Number of dates in the data.
    name
        Of the file, as commands are given it.
    """
    return "\n".join(_lines(study, found, dates, name)).rstrip() + "\n"


def _lines(study: Study, found: Suggestion, dates: int, name: str) -> Iterator[str]:
    yield f"#:schema {URL}"
    yield "#"
    for remark in found.remarks:
        yield from _comment(remark)
    yield "#"
    yield from _comment(f"fireassay inspect --study {name} tells in seconds what this label is;")
    yield from _comment(f"fireassay diagnose --study {name} finds out why the model doesn't learn.")
    yield from _comment("A key behind `# ` has that value already. fireassay explain KEY tells more.")
    set_ = study.model_dump(mode="json", exclude_unset=True)
    others = {
        "target": ["What this data could ask:", *(f"  {t}: {q}" for t, q in found.targets)],
        "model": [f"Known: {', '.join(learner_names())}; torch:FILE.py:CLASS for one of your own."],
    }
    yield from _table(Study, set_, skip=TABLES, others=others)
    share = round(study.split.test * dates)
    split = {"test": [f"Of {dates} dates in this data: about {share} for test."]}
    for table, model, more in (
        ("data", DataSettings, {}),
        ("split", SplitSettings, split),
        ("diagnosis", DiagnosisSettings, {}),
        ("scan", ScanSettings, {}),
    ):
        yield from ("", f"[{table}]")
        yield from _table(model, set_.get(table, {}), others=more)
    yield from ("", "[settings]")
    yield from _comment(f"Of the model above ({study.model}); another has its own.")
    default = default_settings(study.model)
    yield from _table(
        type(default), set_.get("settings", {}), defaults=default.model_dump(mode="json")
    )
    yield from ("", "[sweep.grid]")
    yield from _comment("What `fireassay sweep` tries: all combinations of values by setting.")
    yield from ("# learning_rate = [1e-4, 1e-3]", "# width = [16, 64]")


def _table(
    model: type[BaseModel],
    values: Mapping[str, Any],
    *,
    skip: Sequence[str] = (),
    others: Mapping[str, Sequence[str]] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Yield each key of a table: what it is, why its default, and the key itself."""
    for name, field in model.model_fields.items():
        if name in skip:
            continue
        default = (defaults or {}).get(name, field.get_default(call_default_factory=True))
        yield ""
        for text in (field.description or "", WHY.get(name, ""), *(others or {}).get(name, ())):
            yield from _comment(text)
        if values.get(name) is not None:
            yield _toml(name, values[name])
        elif default is None:
            yield f"# {name} is unset"
        else:
            yield f"# {_toml(name, to_jsonable_python(default))}"


def _toml(name: str, value: Any) -> str:
    """Return `name = value` in one line."""
    if isinstance(value, list):
        inner = ", ".join(_toml("x", one).partition(" = ")[2] for one in value)
        return f"{name} = [{inner}]"
    if isinstance(value, dict):
        inner = ", ".join(_toml(key, one) for key, one in value.items())
        return f"{name} = {{ {inner} }}" if value else f"{name} = {{}}"
    return tomli_w.dumps({name: value}).strip()


def _comment(text: str) -> list[str]:
    indent = "# " + " " * (len(text) - len(text.lstrip()))
    clean = " ".join(text.split())
    return textwrap.wrap(
        clean, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )
