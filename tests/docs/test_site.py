"""The site as it is built: no warning, and no page asks for anything elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from fireassay.manual.pages import pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
LOOKED_AT = ["index.html", "python.html", "cli.html", "manual/causes/kl_dominates.html"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not find_spec("material") or not find_spec("mkdocstrings"),
        reason="pip install 'fireassay[docs]'",
    ),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        yield found
        found.close()


def opened(chromium: Browser, noticed: list[str], **options: Any) -> Page:
    """Return an empty page whose errors and requests elsewhere are noticed."""
    page = chromium.new_context(**options).new_page()
    local = ("http://127.0.0.1:", "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(local) else noticed.append(r.url))
    page.on("console", lambda m: noticed.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: noticed.append(str(e)))
    return page


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The address of the site: a browser lets nothing search from files."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_every_page_is_there(site: Path) -> None:
    made = [page for found in pages().values() for page in found]
    assert all((site / "manual" / page.path).with_suffix(".html").is_file() for page in made)
    assert not list(site.rglob("hook*"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_ask_for_nothing_elsewhere(
    served: str, chromium: Browser, scheme: str, width: int
) -> None:
    noticed: list[str] = []
    page = opened(chromium, noticed, color_scheme=scheme, viewport={"width": width, "height": 900})
    for path in LOOKED_AT:
        page.goto(served + path)
        page.wait_for_selector("article h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert page.evaluate("document.body.dataset.mdColorScheme") == (
        "default" if scheme == "light" else "slate"
    )
    assert noticed == []


def test_the_search_finds_a_setting(served: str, chromium: Browser) -> None:
    noticed: list[str] = []
    page = opened(chromium, noticed)
    page.goto(served + "index.html")
    page.fill("input.md-search__input", "kl_weight")
    first = page.wait_for_selector(".md-search-result__item a", timeout=20_000)
    assert first is not None
    page.wait_for_function("document.querySelectorAll('.md-search-result__item').length > 2")
    led = page.eval_on_selector_all(".md-search-result__item a", "all => all.map(a => a.href)")
    assert any("manual/settings/settings.html" in link for link in led)
    assert noticed == []
