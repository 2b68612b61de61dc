"""The hub inside the CRM's frame, as people get there in a browser."""

from __future__ import annotations

from playwright.sync_api import FrameLocator, Page, expect

from sandbox.demo import Admin
from tests.fixtures.stack import Stack


def install(stack: Stack, location: str = "demo-location") -> None:
    """Installs by the same addresses as a person, where the story is about what comes after."""
    Admin(stack.url, stack.ports.crm_url, location).install()


def connect(page: Page, stack: Stack, location: str = "demo-location") -> None:
    """Installs as a person does: the connect screen, the CRM's question, back on the courses."""
    page.goto(stack.url)
    page.get_by_role("link", name="Connect Your CRM Account").click()
    page.locator(f"[value='{location}']").click()
    expect(page).to_have_url(f"{stack.url}/courses")


def framed(
    page: Page, stack: Stack, location: str = "demo-location", white_label: bool = False
) -> FrameLocator:
    """The app's page of a location in the CRM, under either of the CRM's names."""
    crm = stack.ports.agency_url if white_label else stack.ports.crm_url
    page.goto(f"{crm}/v2/location/{location}/app")
    return page.frame_locator("#app")


def above_all_locations(page: Page, stack: Stack, white_label: bool = False) -> FrameLocator:
    """The app's page in the agency's view."""
    crm = stack.ports.agency_url if white_label else stack.ports.crm_url
    page.goto(f"{crm}/v2/agency/app")
    return page.frame_locator("#app")


def frame_in(page: Page, address: str, inside: str, allow: str = "") -> FrameLocator:
    """Puts `inside` into a frame of the page at `address`."""
    page.goto(address)
    page.evaluate(
        "([src, allow]) => { const frame = document.createElement('iframe');"
        " Object.assign(frame, { id: 'app', src, allow }); document.body.replaceChildren(frame); }",
        [inside, allow],
    )
    return page.frame_locator("#app")


def on_the_courses(view: FrameLocator | Page) -> None:
    expect(view.get_by_role("heading", name="Courses", level=1)).to_be_visible()


def settings(frame: FrameLocator, page: str) -> None:
    """Goes to a page of the settings from wherever the frame stands."""
    frame.get_by_role("link", name="Settings", exact=True).click()
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()
    frame.get_by_role("link", name=page, exact=True).click()
