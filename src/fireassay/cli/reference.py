"""The reference of the command line, written from the commands themselves.

`python -m fireassay.cli.reference` writes docs/cli.md again after a flag has changed; a test says
when that was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[3] / "docs" / "cli.md"

LEAD = """# Command line

Each verb is also a function of the same name and options: `fireassay train DATA --learning-rate 1e-3`
is `fireassay.train(DATA, learning_rate=1e-3)`. `fireassay VERB --help` shows the same as this page,
and `fireassay explain NAME` tells what a setting, target, feature, check or cause is.

Results go to standard output, progress to standard error: `--output jsonl` writes it as one JSON
object a line, `--output quiet` not at all. `NO_COLOR=1` keeps colours off; off a terminal there are
none. `fireassay --install-completion` teaches the shell verbs and flags.

| status | meaning |
| --- | --- |
| 0 | done |
| 1 | a cause is supported, where `--exit-code` or `--exit-code-on` asks for it |
| 2 | something can't be used; one line on standard error says what, where, and what to do |
| 130 | stopped; the same command with the same `--out` goes on |
"""

SHARED = {"Data", "Study", "Judging", "Model settings (networks)"}
"""Panels of flags that several verbs have: told once, at the end."""


def reference() -> str:
    """Return the page."""
    import typer

    from fireassay.cli import main as _registers_all_verbs
    from fireassay.cli.app import app

    assert callable(_registers_all_verbs)
    group: Any = typer.main.get_command(app)
    context = group.make_context("fireassay", ["explain"])
    verbs = {name: group.get_command(context, name) for name in group.list_commands(context)}
    shared: dict[str, list[str]] = {}
    blocks = [LEAD]
    for name, verb in verbs.items():
        blocks.append("\n".join(_verb(name, verb, context, shared)))
    blocks += ["\n".join(_panel(f"## {panel}", rows)) for panel, rows in shared.items()]
    return "\n\n".join(block.strip() for block in blocks) + "\n"


def _verb(name: str, verb: Any, context: Any, shared: dict[str, list[str]]) -> Iterator[str]:
    """Yield a verb's section; flags of shared panels are added to `shared`."""
    panels: dict[str, list[Any]] = {}
    arguments = []
    for parameter in verb.get_params(context):
        if parameter.param_type_name == "argument":
            arguments.append(parameter)
        elif parameter.name != "help":
            panel = getattr(parameter, "rich_help_panel", None) or ""
            panels.setdefault(panel, []).append(parameter)
    named = " ".join(_placeholder(argument) for argument in arguments)
    yield f"## {name}\n"
    yield f"{verb.help}\n"
    yield f"```text\nfireassay {name} {named} [OPTIONS]\n```\n".replace("  ", " ")
    rows = [f"| `{a.name.upper()}` | {_cell(a.help)} |" for a in arguments]
    rows += [_row(parameter) for parameter in panels.pop("", [])]
    yield from _panel("", rows)
    linked = []
    for panel, parameters in panels.items():
        if panel in SHARED:
            known = shared.setdefault(panel, [])
            known += [row for row in map(_row, parameters) if row not in known]
            linked.append(f"[{panel}](#{_anchor(panel)})")
        else:
            yield from _panel(f"\n**{panel}**\n", [_row(p) for p in parameters])
    if linked:
        yield f"\nAnd the flags of {', '.join(linked)}."


def _panel(title: str, rows: Sequence[str]) -> Iterator[str]:
    if title:
        yield f"{title}\n" if title.startswith("#") else title
    if rows:
        yield from ("| flag | what it is |", "| --- | --- |", *rows)


def _placeholder(argument: Any) -> str:
    name = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _row(parameter: Any) -> str:
    flags = [*parameter.opts, *parameter.secondary_opts]
    default = ""
    if parameter.default not in (None, False, "", ()) and "[default" not in (parameter.help or ""):
        value = getattr(parameter.default, "value", parameter.default)
        default = f" [default: {value}]" if not callable(value) else ""
    return f"| {', '.join(f'`{flag}`' for flag in flags)} | {_cell(parameter.help)}{_cell(default)} |"


def _cell(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").replace("|", "\\|").replace("<", "&lt;")


def _anchor(title: str) -> str:
    """Return the anchor that GitHub and MkDocs give a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
