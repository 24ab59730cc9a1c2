"""Somebody in front of the Airflow UI: clicks what is there to be clicked, reads what is there to be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from playwright.sync_api import FrameLocator, Locator, Page, TimeoutError, ViewportSize, expect

from provision.common import TOP
from tests.browser.patience import PATIENCE

RELOAD = 30_000.0  # milliseconds until a person thinks that the page stands still, and loads it again
_SETTLED = 2_000.0  # milliseconds for a page to settle before a picture
WINDOW: ViewportSize = {"width": 1280, "height": 760}
#: Where on the screen the last character of a text is.
_END = """(element, text) => {
    const words = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
        const at = words.currentNode.data.indexOf(text);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(words.currentNode, at);
        range.setEnd(words.currentNode, at + text.length);
        return range.getBoundingClientRect().right;
    }
    return 0;
}"""
PICTURES = TOP / "docs/screenshots"


@dataclass(frozen=True)
class Person:
    """Whoever sits in front of this page."""

    page: Page
    address: str

    def go(self, path: str = "/") -> None:
        """Open a page by its address, as a bookmark does."""
        self.page.goto(f"{self.address}{path}", wait_until="commit")

    def log_in(self, password: str, user: str = "admin") -> None:
        """Fill in the form that the UI shows to strangers."""
        self.page.get_by_label("Username").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.button("Sign in").click()

    def button(self, name: str) -> Locator:
        """A button by the name that it has on the page, or for a screen reader."""
        return self.page.get_by_role("button", name=name)

    def link(self, name: str) -> Locator:
        """A link by its text."""
        return self.page.get_by_role("link", name=name, exact=True)

    def dialog(self) -> Locator:
        """What lies over the page."""
        return self.page.get_by_role("dialog")

    def press(self, name: str) -> None:
        """A button of what lies over the page."""
        self.page.mouse.move(640, 4)  # a message in the corner lies over the button, and stays while pointed at
        expect(self.page.locator('[data-scope="toast"][data-part="root"]')).to_have_count(0, timeout=PATIENCE)
        self.dialog().get_by_role("button", name=name, exact=True).click()

    def form(self, phase: int) -> Locator:
        """The trigger form of a phase."""
        self.go(f"/dags/phase_{phase:02d}")
        self.click(self.button("Trigger Dag"))
        expect(self.field("Rebuild")).to_be_visible()
        return self.dialog()

    def field(self, title: str) -> Locator:
        """The part of the form with this title."""
        return self.dialog().get_by_role("group").filter(has_text=title)

    def trigger(self) -> str:
        """Press the form's button; returns the id of the run that it leads to."""
        self.press("Trigger")
        self.page.wait_for_url("**/runs/*")
        return self.page.url.rsplit("/", 1)[1]

    def open_run(self, phase: int, run: str) -> None:
        """The page of a run: the grid, and a row for each task."""
        if f"/runs/{run}/" in self.page.url:
            self.click(self.link(run))
        else:
            self.go(f"/dags/phase_{phase:02d}/runs/{run}")
        self.sees(self.row("open_phase"))

    def row(self, task: str) -> Locator:
        """A task's row on the page of its run."""
        return self.page.get_by_role("row").filter(has=self.link(task))

    def open_task(self, phase: int, run: str, task: str) -> None:
        """The page of a task, which begins with its log."""
        self.open_run(phase, run)
        self.click(self.row(task).get_by_role("link").first)
        self.sees(self.page.get_by_role("heading", name=task, exact=True))

    def board(self) -> FrameLocator:
        """Open the board from Airflow's own navigation; what is in its frame."""
        self.go("/plugin/phaseplan")
        frame = self.page.frame_locator("iframe")
        self.sees(frame.locator("#board header"))
        return frame

    def sees(self, part: Locator) -> None:
        """Wait until a part of the page is there."""
        self._insist(lambda wait: expect(part).to_be_visible(timeout=wait))

    def click(self, part: Locator) -> None:
        """Click a part of the page, once it is there; not of what lies over the page, which a new page has lost."""
        self.sees(part)
        part.click()

    def sees_state(self, heading: str, state: str) -> None:
        """Wait until the badge beside a heading says so."""
        badge = self.page.get_by_role("heading", name=heading, exact=True).locator("xpath=..")
        self._insist(lambda wait: expect(badge).to_contain_text(state, timeout=wait))

    def reads(self, text: str) -> None:
        """Wait until the page says so."""
        self._insist(lambda wait: expect(self.page.get_by_text(text).first).to_be_attached(timeout=wait))

    def _insist(self, see: Callable[[float], None]) -> None:
        """Look for `PATIENCE`, and load the page anew meanwhile.

        On a loaded machine a page of Airflow has stood still for two minutes while tasks went on: no state, no log.
        Another lacked the grid's buttons.
        """
        for _ in range(int(PATIENCE / RELOAD) - 1):
            try:
                return see(RELOAD)
            except AssertionError:
                self.page.reload(wait_until="commit")
        return see(RELOAD)

    def in_sight(self, text: str) -> bool:
        """Whether a line of the log ends within the window."""
        end = self.page.get_by_text(text).last.evaluate(_END, text)
        return 0 < float(end) < WINDOW["width"]

    def words(self, *until: str) -> str:
        """All that the page says, read in a window so high that nothing has to be scrolled: Airflow shows only those
        lines of a log that are in sight."""
        self.page.set_viewport_size({"width": 1280, "height": 4000})
        for text in until:
            self.reads(text)
        words = self.page.locator("body").inner_text()
        self.page.set_viewport_size(WINDOW)
        return words

    def picture(self, name: str) -> None:
        """A screenshot for docs/ui.md, where PHASEPLAN_SCREENSHOTS is set."""
        if os.environ.get("PHASEPLAN_SCREENSHOTS"):
            self.page.mouse.move(640, 4)  # away from what would show a tooltip
            with suppress(TimeoutError):  # a board always waits for an answer
                self.page.wait_for_load_state("networkidle", timeout=_SETTLED)
            self.page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
