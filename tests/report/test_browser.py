"""The page in a real browser: nothing fails, nothing is loaded, everything can be seen and reached.

Needs Chromium (`apt-get install chromium`, or FIREASSAY_CHROMIUM with its path); skipped without.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fireassay.compared import Compared, Difference, Gain, Score, Side
from fireassay.findings import Interval, Sentence
from fireassay.report import comparison, render, sweep
from fireassay.report.notebook import show
from fireassay.swept import Best, Labels, Row, Swept

from .examples import minimal, vwap_noise
from .hostile import hostile
from .test_training import example

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")

CHROMIUM = os.environ.get("FIREASSAY_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium isn't installed")


def compared() -> Compared:
    """A comparison without runs behind it."""
    between = Interval(low=0.49, high=0.53)
    runs = tuple(
        Side(
            name=f"runs/<b>{i}</b>",
            title="y on x",
            target="y",
            model="bayesian",
            kind="binary",
            bars=900,
            dates=30,
            scores={"AUC": Score(value=0.51 + i / 100, interval=between), "NLL": Score(value=0.69)},
            learning="validation NLL",
            epochs=(1, 2, 3),
            curve=(0.71, 0.7, 0.69 - i / 100),
            kept=3,
        )
        for i in range(2)
    )
    gain = Gain(run=2, metric="AUC", gain=0.01, interval=between, p=0.2, bars=900, dates=30)
    return Compared(
        metric="AUC",
        runs=runs,
        settings=(Difference(key="settings.width", values=(64, 128)),),
        gains=(gain,),
        assessment=(Sentence(text="Run 2 can't be told from run 1."),),
    )


def swept() -> Swept:
    """A sweep without trials behind it."""
    rows = tuple(
        Row(
            number=i,
            changes={"learning_rate": 10.0**-i},
            trials=(f"{i:012x}",),
            status="done",
            score=0.5 + i / 100,
            interval=Interval(low=0.48, high=0.54),
            p=0.3 / i,
            p_adjusted=0.6 / i,
            validation=-0.69,
            epochs=3,
            seconds=1.5,
        )
        for i in range(1, 5)
    )
    return Swept(
        fireassay_version="0.1.0",
        created="2026-01-02T03:04:05+00:00",
        title="<script>alert(1)</script>",
        metric="AUC",
        chance=0.5,
        rows=rows,
        best=Best(row=4, tried=4, score=0.54, chance=0.52, q95=0.55, p=0.2),
        chosen=2,
        alpha=0.05,
        labels=Labels(kind="binary", train=900, test=300, effective=250.0, dates=30),
        assessment=(Sentence(text="No row can be told from chance."),),
        study={"target": "y"},
        environment={"device": "cpu"},
    )


PAGES: dict[str, Callable[[], Any]] = {
    "vwap-noise": vwap_noise,
    "minimal": minimal,
    "hostile": lambda: hostile(40),
    "comparison": compared,
    "sweep": swept,
    "training": lambda: example(title="<script>alert(1)</script>"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        found = make()
        written = {Compared: comparison.render, Swept: sweep.render}.get(type(found), render)
        (folder / f"{name}.html").write_text(written(found, "html"), encoding="utf-8")
    return folder


@pytest.fixture
def opened(browser: Any, folder: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page and, at the end, fails if anything went wrong in it."""
    contexts: list[Any] = []
    faults: list[str] = []

    def open_page(name: str = "vwap-noise", width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        address = (folder / f"{name}.html").as_uri()
        page.on("console", lambda message: faults.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.split("#")[0] == address or request.url.startswith("data:")
                else faults.append(f"request: {request.url}")
            ),
        )
        page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


@pytest.mark.parametrize("name", PAGES)
def test_the_page_opens_without_a_fault(opened: Callable[..., Any], name: str) -> None:
    page = opened(name)
    page.wait_for_timeout(200)
    assert page.title().endswith("· fireassay")
    assert page.locator("h1").is_visible()


def test_the_page_opens_in_time(opened: Callable[..., Any]) -> None:
    read = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    took = opened().evaluate(read)
    if took >= 1_500:  # another process may have held the machine: once more
        took = opened().evaluate(read)
    assert 0 < took < 1_500


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("vwap-noise", 1280),
        ("vwap-noise", 390),
        pytest.param("hostile", 820, marks=pytest.mark.slow),
    ],
)
def test_every_figure_is_drawn(opened: Callable[..., Any], name: str, width: int) -> None:
    page = opened(name, width)
    boxes = page.evaluate(
        """() => [...document.querySelectorAll("svg.figure")].map(figure => {
            const data = [...figure.querySelectorAll("path, rect, line, text")];
            return [figure.getBoundingClientRect(), figure.getBBox(), data.length]
              .map(b => typeof b === "number" ? b : [b.width, b.height]);
        })"""
    )
    assert len(boxes) == (18 if name == "vwap-noise" else 16)
    for (shown_width, shown_height), (width_, height_), count in boxes:
        assert shown_width > 200
        assert shown_height > 60
        assert width_ > 100
        assert height_ > 20
        assert count > 3


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("vwap-noise", 390),
        ("minimal", 390),
        ("hostile", 390),
        ("training", 390),
        ("comparison", 390),
        ("sweep", 390),
        pytest.param("hostile", 1280, marks=pytest.mark.slow),
    ],
)
def test_the_page_never_scrolls_sideways(opened: Callable[..., Any], name: str, width: int) -> None:
    page = opened(name, width)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_words_in_figures_keep_inside_them_on_a_phone(opened: Callable[..., Any]) -> None:
    page = opened(width=390)
    outside = page.evaluate(
        """() => [...document.querySelectorAll("svg.figure text")].filter(text => {
            const word = text.getBoundingClientRect();
            const figure = text.ownerSVGElement.getBoundingClientRect();
            return word.left < figure.left - 4 || word.right > figure.right + 4;
        }).map(text => text.textContent)"""
    )
    assert outside == []


def test_the_keyboard_reaches_everything(opened: Callable[..., Any]) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "assessment"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "ref"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#finding-5"
    page.locator("details.data summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.data").first.get_attribute("open") is not None
    unreachable = page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, summary")]
            .filter(e => e.tabIndex < 0).length"""
    )
    assert unreachable == 0


def test_what_scrolls_takes_the_focus_and_nothing_else_does(opened: Callable[..., Any]) -> None:
    page = opened(width=390)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    page.wait_for_timeout(100)
    wrong = page.evaluate(
        """() => [...document.querySelectorAll(".scroll")].filter(box =>
            (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1)
            !== (box.tabIndex === 0)).length"""
    )
    assert wrong == 0


def paper(page: Any) -> tuple[int, int, int]:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red, green, blue = (int(part) for part in colour[4:-1].split(","))
    return red, green, blue


def test_the_theme_follows_the_system_and_can_be_switched(opened: Callable[..., Any]) -> None:
    assert min(paper(opened(color_scheme="light"))) > 200
    page = opened(color_scheme="dark")
    assert max(paper(page)) < 60
    line = "getComputedStyle(document.querySelector('.stroke.c0')).color"
    dark = page.evaluate(line)
    button = page.get_by_role("button", name="Light theme")
    button.focus()
    page.keyboard.press("Enter")
    assert min(paper(page)) > 200
    assert page.evaluate(line) != dark, "figures change with the theme"
    page.reload()
    assert min(paper(page)) > 200, "the choice is remembered"
    assert page.get_by_role("button", name="Dark theme").is_visible()


def test_settings_are_copied(opened: Callable[..., Any]) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the settings").click()
    page.wait_for_selector("#said:not(:empty)", state="attached")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("[model]\nprior_sigma = 1.0\nkl_weight = 0.0001\n")
    page.get_by_role("button", name="Copy the diff").click()
    page.wait_for_timeout(100)
    assert "-prior_sigma = 0.1\n+prior_sigma = 1.0" in page.evaluate("navigator.clipboard.readText()")


def test_settings_can_be_selected_without_scripts(opened: Callable[..., Any]) -> None:
    page = opened(java_script_enabled=False)
    assert page.locator("#toml").inner_text().startswith("[model]\nprior_sigma = 1.0")
    assert not page.get_by_role("button", name="Copy the settings").is_visible()
    assert not page.locator("#theme").is_visible()


def test_paper_is_white_and_hides_what_can_only_be_clicked(opened: Callable[..., Any]) -> None:
    page = opened(color_scheme="dark")
    page.emulate_media(media="print")
    assert paper(page) == (255, 255, 255)
    assert not page.locator("#theme").is_visible()
    assert not page.locator("nav.contents").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("vwap-noise", "light"),
        ("vwap-noise", "dark"),
        ("minimal", "light"),
        ("training", "light"),
        ("training", "dark"),
        ("comparison", "light"),
        ("comparison", "dark"),
        ("sweep", "light"),
        ("sweep", "dark"),
        pytest.param("hostile", "light", marks=pytest.mark.slow),
        pytest.param("hostile", "dark", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_no_serious_violation(opened: Callable[..., Any], name: str, scheme: str) -> None:
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python isn't installed")
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page = opened(name, color_scheme=scheme)
    # Tables of values, and findings, are made alike: a few stand for the rest, which take long.
    for alike, kept in (("details.data", 2), ("article.finding", 15 if scheme == "light" else 4)):
        page.evaluate(
            "([alike, kept]) => [...document.querySelectorAll(alike)].slice(kept)"
            ".forEach(e => e.remove())",
            [alike, kept],
        )
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    page.wait_for_timeout(100)
    page.evaluate(script)
    # Of all rules only contrast depends on the theme.
    rules = "runOnly: ['color-contrast'], " if scheme == "dark" else ""
    result = page.evaluate(f"axe.run({{{rules}resultTypes: ['violations']}})")
    serious = [
        (violation["id"], violation["help"], violation["nodes"][0]["html"][:200])
        for violation in result["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    assert len(result["passes"]) > 10 or scheme == "dark"
    assert result["passes"]


def test_a_notebook_shows_the_report_in_a_frame(
    opened: Callable[..., Any], browser: Any, folder: Path
) -> None:
    del opened
    (folder / "notebook.html").write_text(
        f"<!doctype html><title>n</title>{show(vwap_noise())._repr_html_()}", encoding="utf-8"
    )
    page = browser.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((folder / "notebook.html").as_uri())
    frame = page.frames[1]
    frame.click('nav a[href="#data"]')
    page.wait_for_timeout(800)
    assert frame.evaluate("window.scrollY") > 1_000
    frame.click("#theme")
    assert frame.evaluate("document.documentElement.dataset.theme") == "dark"
    assert faults == []
    page.close()
