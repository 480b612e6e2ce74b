"""HTML: one self-contained page that needs no network and allows no script but its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from fireassay.findings import Diagnosis, EvidenceStatus, Status
from fireassay.report import figures
from fireassay.report.blocks import Inline, Ref
from fireassay.report.chart import Chart
from fireassay.report.cited import Cited, Source
from fireassay.report.figures.svg import cited_attributes
from fireassay.report.figures.tabulate import tables
from fireassay.report.forms import form
from fireassay.report.records import arranged
from fireassay.report.settings import DiffLine, Sign
from fireassay.report.story import ORDER, by_reason, tell
from fireassay.report.wording import clean, clip

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


@form("html", file="report.html")
def render(diagnosis: Diagnosis) -> str:
    """Return the report as one page, at most a few megabytes whatever the diagnosis holds."""
    return _page(
        "report.html",
        story=tell(diagnosis, Source(diagnosis)),
        Status=Status,
        order=ORDER,
        EvidenceStatus=EvidenceStatus,
    )


def page_html(**values: Any) -> str:
    """Return a page of plain sections: `page`, `kicker`, `footer` and `charts` of page.html."""
    return _page("page.html", **values)


def _page(template: str, **values: Any) -> str:
    """Return a template with the style and scripts that every page has, and a policy for them."""
    environment = _environment()
    style, theme, script = (
        environment.get_template(name).render().strip() + "\n"
        for name in ("style.css", "theme.js", "report.js")
    )
    return environment.get_template(template).render(
        style=_trusted(style),
        theme=_trusted(theme),
        script=_trusted(script),
        policy=_policy(style, theme, script),
        **values,
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fireassay.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(inline=inline, clip=clip, arranged=arranged, by_reason=by_reason)
    environment.globals.update(
        draw=_draw, code=_code, tables=tables, is_cut=figures.is_cut, counter=_Counter
    )
    return environment


class _Counter:
    """Numbers for ids that must be unique in the page."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Return the next number, from 1."""
        self._last += 1
        return self._last


def _finalize(value: Any) -> Any:
    """Make every plain text harmless before it is escaped; markup made here passes."""
    return clean(value) if type(value) is str else value


def _trusted(text: str) -> Markup:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - only the package's own files and escaped parts come here


def _policy(style: str, *scripts: str) -> Markup:
    """Return a content security policy under which only the page's own style and scripts act.

    Should an escape ever be missed, what was injected still can't run or call home.
    """
    allowed = " ".join(_hash(script) for script in scripts)
    return _trusted(
        f"default-src 'none'; style-src {_hash(style)}; script-src {allowed}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(f"\n{text}".encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def inline(parts: Inline) -> Markup:
    """Return a run of text, numbers and references as markup.

    A number carries the place where it stands in diagnosis.json, its full value and its style.
    """
    from markupsafe import escape

    return _trusted("".join(_inline(part, escape) for part in parts))


def _inline(part: str | Cited | Ref, escape: Any) -> str:
    if isinstance(part, Ref):
        return f'<a class="ref" href="#finding-{part.number}">{part.number}</a>'
    if isinstance(part, str):
        return str(escape(clean(part)))
    text = escape(part.text)
    return f"<span {cited_attributes(part)}>{text}</span>" if part.is_number else f"<bdi>{text}</bdi>"


def _draw(chart: Chart, number: int) -> Markup:
    return _trusted(figures.draw(chart, f"figure-{number}"))


def _code(lines: Sequence[DiffLine], signed: bool) -> Markup:
    """Return lines of a diff or of TOML as the inside of a pre element."""
    out: list[str] = []
    for line in lines:
        value = "" if line.value is None else inline((line.value,))
        text = f"{line.sign if signed else ''}{inline((line.text,))}{value}"
        tag = {Sign.ADD: "ins", Sign.REMOVE: "del"}.get(line.sign) if signed else None
        out.append(f"<{tag}>{text}</{tag}>" if tag else text)
    return _trusted("\n".join(out) + "\n")
