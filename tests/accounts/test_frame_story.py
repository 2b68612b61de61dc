"""Signing in inside the CRM's frame, in a real browser that is more and more forbidding."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, Route, expect

from tests.fixtures.stack import Stack

pytestmark = pytest.mark.flow

THROWING_STORAGE = """
for (const name of ["sessionStorage", "localStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
}
Object.defineProperty(Document.prototype, "cookie", {
  get() { throw new DOMException("denied", "SecurityError"); },
  set() { throw new DOMException("denied", "SecurityError"); },
});
"""


def third_party_cookies_blocked(context: BrowserContext, stack: Stack) -> None:
    def restrict(page: Page) -> None:
        context.new_cdp_session(page).send(
            "Network.setCookieControls",
            {"enableThirdPartyCookieRestriction": True,
             "disableThirdPartyCookieMetadata": True,
             "disableThirdPartyCookieHeuristics": True},
        )  # fmt: skip

    context.on("page", restrict)


def everything_blocked(context: BrowserContext, stack: Stack) -> None:
    """No cookie of the hub is ever kept or sent, and all storage throws."""

    def without_cookies(route: Route) -> None:
        headers = {k: v for k, v in route.request.headers.items() if k != "cookie"}
        answer = route.fetch(headers=headers, max_redirects=0)
        kept = {k: v for k, v in answer.headers.items() if k != "set-cookie"}
        route.fulfill(response=answer, headers=kept)

    context.route(re.compile(re.escape(stack.url)), without_cookies)
    context.add_init_script(
        f"if (location.origin === {stack.url!r}) {{ {THROWING_STORAGE} }}"
    )


def nothing_blocked(context: BrowserContext, stack: Stack) -> None:
    pass


def connect(page: Page, stack: Stack, location: str = "demo-location") -> None:
    """Installs as a person does: the connect screen, the CRM's question, back on the courses."""
    page.goto(stack.url)
    page.get_by_role("link", name="Connect Your CRM Account").click()
    page.locator(f"[value='{location}']").click()
    agree = page.get_by_role("button", name=re.compile("install|allow|agree|choose", re.I))
    if agree.count():
        agree.first.click()
    expect(page).to_have_url(f"{stack.url}/courses")


def framed(page: Page, stack: Stack, location: str = "demo-location", agency: bool = False) -> FrameLocator:
    crm = stack.ports.agency_url if agency else stack.ports.crm_url
    page.goto(f"{crm}/v2/location/{location}/app")
    return page.frame_locator("#app")


@pytest.fixture
def installed(stack: Stack, browser: object) -> Stack:
    context = browser.new_context()  # type: ignore[attr-defined]
    connect(context.new_page(), stack)
    context.close()
    return stack


@pytest.mark.parametrize("agency", [False, True], ids=["crm", "white-label"])
@pytest.mark.parametrize(
    "forbid", [nothing_blocked, third_party_cookies_blocked, everything_blocked]
)
def test_the_frame_signs_in_and_works(
    installed: Stack,
    context: BrowserContext,
    forbid: Callable[[BrowserContext, Stack], None],
    agency: bool,
) -> None:
    forbid(context, installed)
    page = context.new_page()
    frame = framed(page, installed, agency=agency)
    expect(frame.get_by_role("heading", name="Courses", level=1)).to_be_visible()
    frame.get_by_role("link", name="Settings").click()
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()
    frame.get_by_role("link", name="CRM Integration").click()
    switch = frame.get_by_role("switch", name="Automatic notes")
    expect(switch).to_be_checked()
    switch.click()
    expect(frame.get_by_text("Saved")).to_be_visible()
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
    frame.get_by_role("link", name="Reports").click()
    expect(frame.get_by_role("heading", name="Reports", level=1)).to_be_visible()
    installed.end_sessions()
    frame.get_by_role("link", name="Settings").click()
    frame.get_by_role("link", name="CRM Integration").click()
    installed.end_sessions()
    frame.get_by_role("switch", name="Tag syncing").click()
    expect(frame.get_by_text("Saved")).to_be_visible()


def test_going_back_inside_the_frame(installed: Stack, page: Page) -> None:
    frame = framed(page, installed)
    frame.get_by_role("link", name="Reports").click()
    expect(frame.get_by_role("heading", name="Reports", level=1)).to_be_visible()
    frame.get_by_role("link", name="Settings").click()
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()
    page.go_back()
    expect(frame.get_by_role("heading", name="Reports", level=1)).to_be_visible()


def test_two_locations_in_two_tabs_stay_apart(installed: Stack, context: BrowserContext) -> None:
    connect(context.new_page(), installed, "second-location")
    first, second = context.new_page(), context.new_page()
    one, other = framed(first, installed), framed(second, installed, "second-location")
    names = [frame.locator(".account-name").inner_text() for frame in (one, other)]
    assert names[0] != names[1]
    one.get_by_role("link", name="Reports").click()
    expect(one.locator(".account-name")).to_have_text(names[0])


def test_where_it_is_not_installed_the_frame_says_so_and_recovers(
    stack: Stack, context: BrowserContext
) -> None:
    page = context.new_page()
    frame = framed(page, stack)
    expect(frame.get_by_role("heading", name="You could not be signed in here")).to_be_visible()
    expect(frame.get_by_text("The CRM confirms you for this location: does not work")).to_be_visible()
    with context.expect_page() as opened:
        frame.get_by_role("link", name="Connect Your CRM Account").click()
    tab = opened.value
    tab.locator("[value='demo-location']").click()
    agree = tab.get_by_role("button", name=re.compile("install|allow|agree|choose", re.I))
    if agree.count():
        agree.first.click()
    expect(tab).to_have_url(f"{stack.url}/courses")
    tab.close()
    page.bring_to_front()
    expect(frame.get_by_role("heading", name="Courses", level=1)).to_be_visible(timeout=30_000)


def test_a_page_that_does_not_answer_is_named(stack: Stack, page: Page) -> None:
    """Framed by somebody who is not the CRM: no data, no loop, a way out."""
    page.route("**/evil.html", lambda route: route.fulfill(
        content_type="text/html", body=f'<iframe id="app" src="{stack.url}/embed"></iframe>'))
    page.goto(f"{stack.ports.crm_url}/evil.html")
    frame = page.frame_locator("#app")
    expect(frame.get_by_text("The CRM's page answers: does not work")).to_be_visible(timeout=20_000)
    expect(frame.get_by_role("link", name="Open in a new tab")).to_have_attribute("href", "/")


def test_opened_by_itself_the_shell_leads_to_the_connect_screen(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.url}/embed?location_id=demo-location")
    expect(page.get_by_role("link", name="Connect Your CRM Account")).to_be_visible()
    expect(page).to_have_url(f"{stack.url}/")
