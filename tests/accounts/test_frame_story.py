"""The session in the CRM's frame, in a real browser that is more and more forbidding."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, expect

from tests.accounts.conftest import PROFILES, Forbidding
from tests.accounts.framing import connect, frame_in, framed, on_the_courses, settings
from tests.fixtures.stack import Stack
from tests.waiting import eventually

pytestmark = pytest.mark.flow

# What the browser's settings really do to a frame of another site.
WHAT_WORKS = """() => {
  const works = (attempt) => { try { return Boolean(attempt()); } catch { return false; } };
  const cookie = (name, more) => {
    document.cookie = `${name}=1; SameSite=None; Secure${more}`;
    return document.cookie.includes(`${name}=1`);
  };
  return {
    cookies: works(() => cookie("plain", "")),
    partitioned: works(() => cookie("partitioned", "; Path=/; Partitioned")),
    storage: works(() => { sessionStorage.setItem("probe", "1"); return sessionStorage.length; }),
  };
}"""
THEN_WORKS = {
    "all-allowed": {"cookies": True, "partitioned": True, "storage": True},
    "third-party-blocked": {"cookies": False, "partitioned": True, "storage": False},
    "all-blocked": {"cookies": False, "partitioned": False, "storage": False},
}
AFTER_LUNCH = "() => { const then = Date.now(); Date.now = () => then + 25 * 60 * 1000; }"
STORAGE_THROWS = """for (const name of ["sessionStorage", "localStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError"); } });
}"""


def hub_frame(page: Page, stack: Stack) -> Frame:
    return next(frame for frame in page.frames if frame.url.startswith(stack.url))


def work_in(frame: FrameLocator, page: Page) -> None:
    """Reads, switches, sends a form, reloads the CRM's page, and finds it as it was left."""
    on_the_courses(frame)
    settings(frame, "CRM Integration")
    switch = frame.get_by_role("switch", name="Automatic notes")
    expect(switch).to_be_checked()
    switch.click()
    expect(frame.get_by_text("Saved", exact=True)).to_be_visible()
    rename(frame, "Harbour Safety")
    page.reload()
    settings(frame, "CRM Integration")
    expect(frame.get_by_role("switch", name="Automatic notes")).not_to_be_checked()
    expect(frame.locator(".account-name")).to_contain_text("Harbour Safety")


def rename(frame: FrameLocator, name: str) -> None:
    settings(frame, "Branding")
    frame.get_by_label("Organization name").fill(name)
    frame.get_by_role("button", name="Save branding").click()
    expect(frame.get_by_text("Branding is saved")).to_be_visible()


@pytest.mark.parametrize("white_label", [False, True], ids=["crm", "white-label"])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_frame_signs_in_and_works(
    installed: Stack, forbidding: Forbidding, profile: str, white_label: bool
) -> None:
    page = forbidding(profile).new_page()
    frame = framed(page, installed, white_label=white_label)
    on_the_courses(frame)
    assert hub_frame(page, installed).evaluate(WHAT_WORKS) == THEN_WORKS[profile]
    work_in(frame, page)


def test_the_frame_works_where_only_storage_throws(
    installed: Stack, forbidding: Forbidding
) -> None:
    context = forbidding("all-allowed")
    context.add_init_script(STORAGE_THROWS)
    page = context.new_page()
    frame = framed(page, installed)
    on_the_courses(frame)
    works = hub_frame(page, installed).evaluate(WHAT_WORKS)
    assert works == {**THEN_WORKS["all-allowed"], "storage": False}
    work_in(frame, page)


def test_a_session_that_ended_is_renewed_silently(installed: Stack, page: Page) -> None:
    frame = framed(page, installed)
    on_the_courses(frame)
    installed.end_sessions()
    frame.get_by_role("link", name="Settings").click()
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()
    frame.get_by_role("link", name="CRM Integration").click()
    installed.end_sessions()
    frame.get_by_role("switch", name="Tag syncing").click()
    expect(frame.get_by_text("Saved", exact=True)).to_be_visible()


def test_what_was_typed_before_the_session_ended_is_saved(installed: Stack, page: Page) -> None:
    frame = framed(page, installed)
    settings(frame, "Branding")
    frame.get_by_label("Organization name").fill("Typed before lunch")
    installed.end_sessions()
    frame.get_by_role("button", name="Save branding").click()
    expect(frame.get_by_text("Branding is saved")).to_be_visible()
    expect(frame.get_by_label("Organization name")).to_have_value("Typed before lunch")


def test_after_a_long_pause_the_session_is_renewed_before_it_is_needed(
    installed: Stack, page: Page
) -> None:
    frame = framed(page, installed)
    on_the_courses(frame)
    hub_frame(page, installed).evaluate(AFTER_LUNCH)
    with page.expect_response("**/embed/session") as renewed:
        frame.get_by_role("heading", name="Courses", level=1).click()
    assert renewed.value.ok


def test_going_back_inside_the_frame(installed: Stack, page: Page) -> None:
    frame = framed(page, installed)
    settings(frame, "Branding")
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
    on_the_courses(tab)
    assert "ticket" not in tab.url
    assert tab.evaluate("window.opener") is None
    tab.get_by_role("link", name="Settings").click()
    tab.get_by_role("link", name="CRM Integration").click()
    tab.get_by_role("switch", name="Tag syncing").click()
    expect(tab.get_by_text("Saved", exact=True)).to_be_visible()


# Several locations


def test_two_locations_in_two_tabs_stay_apart(installed: Stack, context: BrowserContext) -> None:
    connect(context.new_page(), installed, "second-location")
    first, second = context.new_page(), context.new_page()
    one, other = framed(first, installed), framed(second, installed, "second-location")
    expect(one.locator(".account-name")).to_contain_text("Demo Location")
    expect(other.locator(".account-name")).to_contain_text("Second Location")
    installed.end_sessions()  # both are renewed, each for its own
    rename(one, "Harbour Safety")
    settings(other, "Branding")
    expect(other.get_by_label("Organization name")).to_have_value("")
    rename(other, "Lakeside Training")
    first.reload()
    second.reload()
    expect(one.locator(".account-name")).to_contain_text("Harbour Safety")
    expect(other.locator(".account-name")).to_contain_text("Lakeside Training")


def test_going_back_to_a_location_shows_that_location(
    installed: Stack, forbidding: Forbidding
) -> None:
    """The browser may open the frame's last page again: it must not be the other location's."""
    context = forbidding("all-allowed")  # so that anything could be kept
    connect(context.new_page(), installed, "second-location")
    page = context.new_page()
    frame = framed(page, installed)
    settings(frame, "Branding")
    expect(frame.get_by_label("Organization name")).to_be_visible()
    framed(page, installed, "second-location")
    expect(frame.locator(".account-name")).to_contain_text("Second Location")
    page.go_back()
    expect(frame.locator(".account-name")).to_contain_text("Demo Location")


def test_a_frame_whose_page_moves_on_to_another_location_goes_with_it(
    installed: Stack, context: BrowserContext
) -> None:
    """What was meant for the one is not done to the other."""
    connect(context.new_page(), installed, "second-location")
    page = context.new_page()
    frame = framed(page, installed)
    settings(frame, "CRM Integration")
    switch = frame.get_by_role("switch", name="Automatic notes")
    expect(switch).to_be_checked()
    page.evaluate(
        "document.getElementById('app').dataset.context"
        " = '/v2/location/second-location/user-context'"
    )
    installed.end_sessions()
    switch.click()
    expect(frame.locator(".account-name")).to_contain_text("Second Location")
    on_the_courses(frame)
    settings(frame, "CRM Integration")
    expect(switch).to_be_checked()


# Who may frame it


def test_other_sites_may_not_frame_an_account(installed: Stack, page: Page) -> None:
    stranger = f"{installed.ports.cloud_url}/sandbox/"
    frame_in(page, stranger, f"{installed.url}/embed?location_id=demo-location")
    page.wait_for_function("() => frames.length === 1")

    def refused() -> bool:
        page.wait_for_timeout(50)  # the browser goes on meanwhile
        return page.frames[-1].url.startswith("chrome-error:")

    eventually(refused)
    expect(page.frame_locator("#app").get_by_text("Signing you in")).to_have_count(0)


def test_opened_by_itself_the_shell_leads_to_the_connect_screen(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.url}/embed?location_id=demo-location")
    expect(page.get_by_role("link", name="Connect Your CRM Account")).to_be_visible()
    expect(page).to_have_url(f"{stack.url}/")
