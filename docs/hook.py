"""What MkDocs is told beside mkdocs.yml: the pages of the manual, and links that leave docs/.

Pages of causes, checks, targets, ... are made when the site is built, so that they can't go stale;
CONTRIBUTING.md and the like are shown where they stand for GitHub, outside docs/.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fireassay.manual.pages import pages

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/RESULTS.md": "results.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "index.md",
}
"""Files of the repository, and the pages that stand for them; README.md has one of its own."""


def on_config(config: MkDocsConfig) -> None:
    """Add the manual to the navigation, and what lies outside docs/."""
    manual = [
        {
            kind.capitalize(): [
                _entry(page.title, f"manual/{page.path}", i) for i, page in enumerate(of)
            ]
        }
        for kind, of in pages().items()
    ]
    nav: list[Any] = config.nav if config.nav is not None else []
    nav += [
        {"Names": manual},
        {
            "Project": [
                {"How well it does": "results.md"},
                {"Contributing": "contributing.md"},
                {"Changes": "changelog.md"},
            ]
        },
    ]


def _entry(title: str, path: str, place: int) -> dict[str, str] | str:
    """Return an entry of the navigation; the first page of a kind is its index, without a title."""
    return {title: path} if place else path


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages themselves."""
    from mkdocs.structure.files import File

    for found in pages().values():
        for page in found:
            files.append(File.generated(config, f"manual/{page.path}", content=page.text))
    for source, page in OUTSIDE.items():
        if page != "index.md":
            text = _moved((ROOT / source).read_text(encoding="utf-8"), posixpath.dirname(source))
            files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links out of docs/ to the pages that stand for those files."""
    if page.file.generated_by:
        return markdown
    return _moved(markdown, posixpath.join("docs", posixpath.dirname(page.file.src_uri)))


def _moved(markdown: str, folder: str) -> str:
    """Return a text of that folder of the repository with links as a page at the top has them."""

    def moved(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, match[1]))
        return f"]({OUTSIDE.get(path) or posixpath.relpath(path, 'docs')}{match[2] or ''})"

    return re.sub(r"\]\(([^)#:\s]+)(#[^)]*)?\)", moved, markdown)
