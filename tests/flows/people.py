"""What people do in a browser: an admin at the hub's pages, a learner in the player."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from sandbox.courses.build import build
from tests.fixtures.stack import Stack

LOCATION = "demo-location"
RIGHT_ANSWERS = [1, 0, 2, 1, 0]  # of the quiz in our fire safety course

# Drops a file of these bytes on an element, as somebody's mouse would.
DROP = """(area, [name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type: "application/zip" }));
  const options = { dataTransfer, bubbles: true, cancelable: true };
  area.dispatchEvent(new DragEvent("drop", options));
}"""


@dataclass
class Admin:
    """Somebody who works with the hub; `view` is its frame in the CRM, or the tab itself."""

    stack: Stack
    page: Page
    view: Page | FrameLocator

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def open(self, tab: str) -> None:
        link = self.view.get_by_role("link", name=tab, exact=True).first
        link.click()
        expect(link).to_have_attribute("aria-current", "page")
        expect(self.view.get_by_role("heading", level=1)).to_be_visible()

    def new_tab(self, click: Callable[[], None]) -> Page:
        """The tab that a click opens."""
        with self.context.expect_page() as opened:
            click()
        return opened.value

    def row(self, name: str) -> Locator:
        return self.view.get_by_role("row", name=name)


def install_from_the_crm(page: Page, stack: Stack) -> None:
    """From the list of apps in the CRM, over its question where to, back to the hub."""
    page.goto(f"{stack.ports.crm_url}/v2/location/{LOCATION}/apps")
    page.get_by_role("link", name=re.compile("Install, starting at")).click()
    page.locator(f"[value='{LOCATION}']").click()
    expect(page).to_have_url(f"{stack.url}/courses")


def in_the_frame(page: Page, stack: Stack) -> Admin:
    page.goto(f"{stack.ports.crm_url}/v2/location/{LOCATION}/app")
    return Admin(stack, page, page.frame_locator("#app"))


def in_a_tab(page: Page, stack: Stack) -> Admin:
    page.goto(stack.url)
    return Admin(stack, page, page)


def fire_safety(folder: Path) -> Path:
    """Our own sample course as a package."""
    return next(path for path in build(folder) if path.name == "fire-safety.zip")


def play_to_the_end(player: Page) -> None:
    """Reads all pages of the fire safety course, answers its quiz and finishes it."""
    course = player.frame_locator("#place iframe")
    heading = course.locator("h1:visible")
    expect(heading).to_be_visible()
    while heading.inner_text() != "Quiz":
        course.locator("#next").click()
    for number, answer in enumerate(RIGHT_ANSWERS):
        course.locator(f'[name=q{number}][value="{answer}"]').check()
    course.locator("#next").click()
    course.locator("#finish").click()
