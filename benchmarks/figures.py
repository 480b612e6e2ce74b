"""The pictures of the README: the first page of a report, photographed in headless Chromium.

    fireassay demo --out runs/demo && python benchmarks/figures.py runs/demo docs/report.png
    fireassay diagnose sim:learnable --out runs/learnable && \
        python benchmarks/figures.py runs/learnable docs/learnable.png

`make figures` runs both. Needs the dev extras and Chromium (FIREASSAY_CHROMIUM, or on the path).
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1180, 1250
"""Pixels of a page: the assessment and all causes at a glance."""


def photograph(report: Path, picture: Path) -> None:
    """Write the first page of an HTML report as PNG."""
    chromium = os.environ.get("FIREASSAY_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", device_scale_factor=1.5
        )
        page.goto(report.resolve().as_uri())
        page.screenshot(path=picture)
        browser.close()


def main() -> None:
    """Photograph the report of a run folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="Run folder with its report.html.")
    parser.add_argument("picture", type=Path, help="PNG to write.")
    asked = parser.parse_args()
    photograph(asked.run / "report.html", asked.picture)
    print(asked.picture)


if __name__ == "__main__":
    main()
