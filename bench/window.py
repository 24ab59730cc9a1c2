"""Look at the board in a real browser: how long a page takes, and how far what is seen is behind the refs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from phaseplan.cli.local_airflow.home import Home
from provision.browser import find
from provision.common import TOP

PATIENCE = 60_000.0  # milliseconds
_PICTURES = TOP / "docs/screenshots"


@contextmanager
def window(home: Home, token: str) -> Iterator[Page]:
    """Open a window that is logged in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1500, "height": 900})
        context.add_cookies([{"name": "_token", "value": token, "url": home.address}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield page
        browser.close()


def opened(page: Page, address: str, cards: int) -> float:
    """Load a phase; return seconds until its last card is painted."""
    began = time.monotonic()
    page.goto(address, wait_until="commit")
    page.locator("article").nth(cards - 1).wait_for(state="attached")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return time.monotonic() - began


def pixels(page: Page, branches: list[str], judged: Callable[[str], None]) -> Iterator[float]:
    """Yield seconds from a branch's last ref to the frame in which its card says so."""
    for branch in branches:
        judged(branch)
        began = time.monotonic()
        page.wait_for_function("id => document.getElementById('b-' + id).innerText.includes('passed')", arg=branch)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        yield time.monotonic() - began


def picture(page: Page, name: str) -> None:
    """Take a screenshot for the docs, where PHASEPLAN_SCREENSHOTS is set."""
    if os.environ.get("PHASEPLAN_SCREENSHOTS"):
        page.screenshot(path=Path(_PICTURES) / f"{name}.png", animations="disabled")
