"""Where signing in inside the CRM's frame cannot work: what is said, which way leads out, and that
the frame goes on by itself as soon as it can. Nothing ever goes round in circles."""

from __future__ import annotations

from collections import Counter

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, Request, expect

from tests.accounts.conftest import Forbidding
from tests.accounts.framing import frame_in, framed, on_the_courses
from tests.fixtures.stack import Stack

pytestmark = pytest.mark.flow

SAYS_WHO = """(context) => addEventListener("message", async (event) => {
  const { payload } = await (await fetch(context)).json();
  event.source.postMessage({ message: "REQUEST_USER_DATA_RESPONSE", payload }, event.origin);
})"""


def documents(page: Page | BrowserContext, stack: Stack) -> Counter[str]:
    """Counts the documents that the browser asks the hub for, by their address."""
    asked: Counter[str] = Counter()

    def count(request: Request) -> None:
        if request.is_navigation_request() and request.url.startswith(stack.url):
            asked[request.url] += 1

    page.on("request", count)
    return asked


def troubled(frame: FrameLocator, check: str) -> None:
    expect(frame.get_by_role("heading", name="You could not be signed in here")).to_be_visible()
    expect(frame.get_by_text(check)).to_be_visible()


def test_where_it_is_not_installed_the_frame_says_so_and_recovers(
    stack: Stack, context: BrowserContext
) -> None:
    page = context.new_page()
    asked = documents(page, stack)
    frame = framed(page, stack)
    troubled(frame, "The CRM confirms you for this location: does not work")
    frame.get_by_role("button", name="Try again").click()
    with context.expect_page() as opened:
        frame.get_by_role("link", name="Connect Your CRM Account").click()
    tab = opened.value
    tab.locator("[value='demo-location']").click()
    expect(tab).to_have_url(f"{stack.url}/courses")
    tab.close()
    page.bring_to_front()
    on_the_courses(frame)
    assert asked == {f"{stack.url}/embed?location_id=demo-location": 1}


def test_a_page_that_does_not_answer_is_named_until_it_does(
    installed: Stack, context: BrowserContext
) -> None:
    page = context.new_page()
    asked = documents(page, installed)
    silent = f"{installed.ports.crm_url}/v2/location/demo-location/contacts"
    frame = frame_in(page, silent, f"{installed.url}/embed?location_id=demo-location")
    troubled(frame, "The CRM's page answers: does not work")
    with context.expect_page() as opened:
        frame.get_by_role("link", name="Open in a new tab").click()
    expect(opened.value.get_by_role("link", name="Connect Your CRM Account")).to_be_visible()
    opened.value.close()
    page.evaluate(SAYS_WHO, "/v2/location/demo-location/user-context")
    on_the_courses(frame)
    assert asked == {f"{installed.url}/embed?location_id=demo-location": 1}


def test_a_hub_that_does_not_answer_is_named_until_it_does(installed: Stack, page: Page) -> None:
    page.route("**/embed/session", lambda route: route.abort())
    frame = framed(page, installed)
    troubled(frame, "SCORM Hub answers: does not work")
    expect(frame.get_by_text("The CRM's page answers: works")).to_be_visible()
    page.unroute("**/embed/session")
    on_the_courses(frame)


def test_a_session_that_cannot_be_renewed_comes_back_where_it_was(
    installed: Stack, page: Page
) -> None:
    frame = framed(page, installed)
    frame.get_by_role("link", name="Settings").click()
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()
    page.route("**/embed/session", lambda route: route.abort())
    installed.end_sessions()
    frame.get_by_role("link", name="Branding").click()
    troubled(frame, "SCORM Hub answers: does not work")
    page.unroute("**/embed/session")
    expect(frame.get_by_role("heading", name="Settings", level=1)).to_be_visible()


def test_what_the_browser_blocks_is_named_and_is_not_to_blame(
    stack: Stack, forbidding: Forbidding
) -> None:
    page = forbidding("all-blocked").new_page()
    frame = framed(page, stack)
    for thing in ("Storage", "Cookies"):
        troubled(frame, f"{thing} inside frames: blocked by your browser; not needed here")


def test_without_scripts_the_frame_offers_a_tab(stack: Stack, forbidding: Forbidding) -> None:
    frame = framed(forbidding("no-scripts").new_page(), stack)
    expect(frame.locator("noscript p")).to_be_visible()
    link = frame.get_by_role("link", name="open it in a new tab")
    expect(link).to_have_attribute("href", "/")
    expect(link).to_have_attribute("target", "_blank")


def test_with_all_cookies_blocked_a_frame_loads_one_document(
    installed: Stack, forbidding: Forbidding
) -> None:
    page = forbidding("all-blocked").new_page()
    asked = documents(page, installed)
    frame = framed(page, installed)
    on_the_courses(frame)
    frame.get_by_role("link", name="Reports").click()
    expect(frame.get_by_role("heading", name="Reports", level=1)).to_be_visible()
    assert asked == {f"{installed.url}/embed?location_id=demo-location": 1}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "Connect Your CRM Account"),
        ("/courses", "Please sign in"),
        ("/embed", "Connect Your CRM Account"),
        ("/tab", "Please sign in"),
    ],
)
def test_with_all_cookies_blocked_a_tab_ends_in_words(
    installed: Stack, forbidding: Forbidding, path: str, words: str
) -> None:
    page = forbidding("all-blocked").new_page()
    asked = documents(page, installed)
    page.goto(f"{installed.url}{path}")
    expect(page.get_by_text(words).first).to_be_visible()
    assert set(asked.values()) == {1}


def test_with_all_cookies_blocked_connecting_ends_in_words(
    stack: Stack, forbidding: Forbidding
) -> None:
    page = forbidding("all-blocked").new_page()
    asked = documents(page, stack)
    page.goto(f"{stack.url}/install")
    page.locator("[value='demo-location']").click()
    expect(page.get_by_role("heading", name="was not connected")).to_be_visible()
    assert set(asked.values()) == {1}
