"""Signing in inside the CRM's frame, in a real browser that is more and more forbidding."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.fixtures.browser import ARGUMENTS
from tests.fixtures.stack import Stack
from tools.checks import BROWSERS
from tools.system import first_on_path

pytestmark = pytest.mark.flow

# What people choose in the browser's settings about cookies and site data.
NOTHING_BLOCKED: dict[str, Any] = {}
THIRD_PARTIES_BLOCKED = {"cookie_controls_mode": 1}
EVERYTHING_BLOCKED = {"default_content_setting_values": {"cookies": 2}}


@pytest.fixture
def forbidding(
    browser: Browser, tmp_path: Path
) -> Iterator[Callable[[dict[str, Any]], BrowserContext]]:
    """Opens a real Chromium profile with these settings: what it blocks throws, as for people."""
    opened: list[BrowserContext] = []

    def open_profile(profile: dict[str, Any]) -> BrowserContext:
        (tmp_path / "Default").mkdir()
        (tmp_path / "Default" / "Preferences").write_text(json.dumps({"profile": profile}))
        context = browser.browser_type.launch_persistent_context(
            tmp_path, executable_path=executable(), args=ARGUMENTS
        )
        opened.append(context)
        return context

    yield open_profile
    for context in opened:
        context.close()


def executable() -> str | None:
    return os.environ.get("CHROMIUM") or first_on_path(BROWSERS)


def connect(page: Page, stack: Stack, location: str = "demo-location") -> None:
    """Installs as a person does: the connect screen, the CRM's question, back on the courses."""
    page.goto(stack.url)
    page.get_by_role("link", name="Connect Your CRM Account").click()
    page.locator(f"[value='{location}']").click()
    expect(page).to_have_url(f"{stack.url}/courses")


def framed(
    page: Page, stack: Stack, location: str = "demo-location", agency: bool = False
) -> FrameLocator:
    crm = stack.ports.agency_url if agency else stack.ports.crm_url
    page.goto(f"{crm}/v2/location/{location}/app")
    return page.frame_locator("#app")


@pytest.fixture
def installed(stack: Stack, browser: Browser) -> Stack:
    context = browser.new_context()
    connect(context.new_page(), stack)
    context.close()
    return stack


@pytest.mark.parametrize("agency", [False, True], ids=["crm", "white-label"])
@pytest.mark.parametrize(
    "profile",
    [NOTHING_BLOCKED, THIRD_PARTIES_BLOCKED, EVERYTHING_BLOCKED],
    ids=["all-allowed", "third-party-blocked", "all-blocked"],
)
def test_the_frame_signs_in_and_works(
    installed: Stack,
    forbidding: Callable[[dict[str, Any]], BrowserContext],
    profile: dict[str, Any],
    agency: bool,
) -> None:
    page = forbidding(profile).new_page()
    frame = framed(page, installed, agency=agency)
    expect(frame.get_by_role("heading", name="Courses", level=1)).to_be_visible()
    frame.get_by_role("link", name="Settings").click()
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()
    frame.get_by_role("link", name="CRM Integration").click()
    switch = frame.get_by_role("switch", name="Automatic notes")
    expect(switch).to_be_checked()
    switch.click()
    expect(frame.get_by_text("Saved", exact=True)).to_be_visible()
    frame.get_by_role("link", name="Branding").click()
    frame.get_by_label("Organization name").fill("Harbour Safety")
    frame.get_by_role("button", name="Save branding").click()
    expect(frame.get_by_text("Branding is saved")).to_be_visible()
    page.reload()
    frame.get_by_role("link", name="Settings").click()
    frame.get_by_role("link", name="CRM Integration").click()
    expect(frame.get_by_role("switch", name="Automatic notes")).not_to_be_checked()


def test_a_session_that_ended_is_renewed_silently(installed: Stack, page: Page) -> None:
    frame = framed(page, installed)
    expect(frame.get_by_role("heading", name="Courses", level=1)).to_be_visible()
    installed.end_sessions()
    frame.get_by_role("link", name="Settings").click()
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()
    frame.get_by_role("link", name="CRM Integration").click()
    installed.end_sessions()
    frame.get_by_role("switch", name="Tag syncing").click()
    expect(frame.get_by_text("Saved", exact=True)).to_be_visible()


def test_going_back_inside_the_frame(installed: Stack, page: Page) -> None:
    frame = framed(page, installed)
    frame.get_by_role("link", name="Settings").click()
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()
    frame.get_by_role("link", name="Branding").click()
    expect(frame.get_by_label("Organization name")).to_be_visible()
    page.evaluate("history.back()")  # the CRM page itself stays where it is
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()


def test_out_of_the_frame_into_a_tab_of_its_own(installed: Stack, context: BrowserContext) -> None:
    page = context.new_page()
    context.clear_cookies()
    frame = framed(page, installed)
    with context.expect_page() as opened:
        frame.get_by_role("link", name="Open in its own tab").click()
    tab = opened.value
    expect(tab.get_by_role("heading", name="Courses", level=1)).to_be_visible()
    assert "ticket" not in tab.url
    assert tab.evaluate("window.opener") is None
    tab.get_by_role("link", name="Settings").click()
    tab.get_by_role("link", name="CRM Integration").click()
    tab.get_by_role("switch", name="Tag syncing").click()
    expect(tab.get_by_text("Saved", exact=True)).to_be_visible()


def test_two_locations_in_two_tabs_stay_apart(installed: Stack, context: BrowserContext) -> None:
    connect(context.new_page(), installed, "second-location")
    first, second = context.new_page(), context.new_page()
    one, other = framed(first, installed), framed(second, installed, "second-location")
    names = [frame.locator(".account-name").inner_text() for frame in (one, other)]
    assert names[0] != names[1]
    one.get_by_role("link", name="Settings").click()
    expect(one.get_by_role("textbox", name="App ID")).to_be_visible()
    expect(one.locator(".account-name")).to_have_text(names[0])


def test_where_it_is_not_installed_the_frame_says_so_and_recovers(
    stack: Stack, context: BrowserContext
) -> None:
    page = context.new_page()
    frame = framed(page, stack)
    expect(frame.get_by_role("heading", name="You could not be signed in here")).to_be_visible()
    expect(
        frame.get_by_text("The CRM confirms you for this location: does not work")
    ).to_be_visible()
    with context.expect_page() as opened:
        frame.get_by_role("link", name="Connect Your CRM Account").click()
    tab = opened.value
    tab.locator("[value='demo-location']").click()
    expect(tab).to_have_url(f"{stack.url}/courses")
    tab.close()
    page.bring_to_front()
    expect(frame.get_by_role("heading", name="Courses", level=1)).to_be_visible(timeout=30_000)


def frame_in(page: Page, address: str, inside: str) -> FrameLocator:
    """Puts `inside` into a frame of the page at `address`."""
    page.goto(address)
    page.evaluate(
        "src => { const frame = document.createElement('iframe');"
        " Object.assign(frame, { id: 'app', src }); document.body.replaceChildren(frame); }",
        inside,
    )
    return page.frame_locator("#app")


def test_a_page_that_does_not_answer_is_named(stack: Stack, page: Page) -> None:
    """No data, no loop, a way out."""
    crm = f"{stack.ports.crm_url}/v2/location/demo-location/contacts"
    frame = frame_in(page, crm, f"{stack.url}/embed")
    silent = frame.get_by_text("The CRM's page answers: does not work")
    expect(silent).to_be_visible(timeout=20_000)
    expect(frame.get_by_role("link", name="Open in a new tab")).to_have_attribute("href", "/")


def test_other_sites_may_not_frame_an_account(installed: Stack, page: Page) -> None:
    stranger = f"{installed.ports.cloud_url}/sandbox/"
    frame_in(page, stranger, f"{installed.url}/embed?location_id=demo-location")
    page.wait_for_function("() => frames.length === 1")
    expect(page.frame_locator("#app").get_by_text("Signing you in")).to_have_count(0)
    assert page.frames[-1].url.startswith("chrome-error:")


def test_opened_by_itself_the_shell_leads_to_the_connect_screen(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.url}/embed?location_id=demo-location")
    expect(page.get_by_role("link", name="Connect Your CRM Account")).to_be_visible()
    expect(page).to_have_url(f"{stack.url}/")
