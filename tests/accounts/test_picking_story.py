"""The agency's people open the hub above all locations: they choose one, in any browser."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.accounts.conftest import PROFILES, Forbidding
from tests.accounts.framing import above_all_locations, framed, install, on_the_courses, settings
from tests.fixtures.stack import Stack
from tests.holding import held
from tests.look.test_look import RULES

pytestmark = pytest.mark.flow
SIGN_IN, REPORTS = "**/embed/session", "**/reports"
RENEW = "async () => { (await import('/static/js/session.js')).signIn().catch(() => {}); }"


@pytest.fixture
def both(installed: Stack) -> Stack:
    """Installed in both locations of the agency."""
    install(installed, "second-location")
    return installed


def asked_where(frame: FrameLocator) -> None:
    expect(frame.get_by_role("heading", name="Where do you want to work?")).to_be_visible()


def place(frame: FrameLocator, name: str) -> None:
    expect(frame.locator(".account-name")).to_contain_text(name)
    on_the_courses(frame)


def in_second_location(page: Page, stack: Stack) -> FrameLocator:
    frame = above_all_locations(page, stack)
    frame.get_by_role("button", name="Second Location").click()
    place(frame, "Second Location")
    return frame


@pytest.mark.parametrize("white_label", [False, True], ids=["crm", "white-label"])
@pytest.mark.parametrize("profile", PROFILES)
def test_an_agencys_user_chooses_a_location_and_another(
    both: Stack, forbidding: Forbidding, profile: str, white_label: bool
) -> None:
    page = forbidding(profile).new_page()
    frame = above_all_locations(page, both, white_label)
    asked_where(frame)
    frame.get_by_role("button", name="Second Location").click()
    place(frame, "Second Location")
    settings(frame, "Branding")
    frame.get_by_label("Organization name").fill("Lakeside Training")
    both.end_sessions()  # renewed for the location that was chosen
    frame.get_by_role("button", name="Save branding").click()
    expect(frame.get_by_text("Branding is saved")).to_be_visible()
    frame.get_by_role("link", name="Choose another location").click()
    frame.get_by_role("button", name="Demo Location").click()
    place(frame, "Demo Location")
    page.reload()
    if profile == "all-allowed":
        place(frame, "Demo Location")
    else:  # nothing can be remembered over a reload
        asked_where(frame)


def test_another_location_is_asked_for_while_the_session_is_renewed(
    both: Stack, page: Page
) -> None:
    frame = in_second_location(page, both)
    settings(frame, "Branding")
    save = frame.get_by_role("button", name="Save branding")
    expect(save).to_be_visible()
    with held(page, SIGN_IN):
        with page.expect_request(SIGN_IN):
            both.end_sessions()
            save.click()
        frame.get_by_role("link", name="Choose another location").click()
    frame.get_by_role("button", name="Demo Location").click()
    place(frame, "Demo Location")


def test_a_page_of_the_location_that_was_left_comes_too_late(both: Stack, page: Page) -> None:
    frame = in_second_location(page, both)
    with held(page, REPORTS):
        with page.expect_request(REPORTS):
            frame.get_by_role("link", name="Reports", exact=True).click()
        frame.get_by_role("link", name="Choose another location").click()
        frame.get_by_role("button", name="Demo Location").click()
        place(frame, "Demo Location")
    frame.get_by_role("link", name="Settings", exact=True).click()  # the answer had its chance
    expect(frame.get_by_role("textbox", name="App ID")).to_be_visible()
    expect(frame.locator(".account-name")).to_contain_text("Demo Location")


def test_a_location_is_picked_while_the_session_is_renewed(both: Stack, page: Page) -> None:
    """As after a long pause: the first touch renews, the same touch picks."""
    frame = in_second_location(page, both)
    frame.get_by_role("link", name="Choose another location").click()
    asked_where(frame)
    with held(page, SIGN_IN):
        with page.expect_request(SIGN_IN):
            frame.locator("body").evaluate(RENEW)
        frame.get_by_role("button", name="Demo Location").click()
    place(frame, "Demo Location")


def test_by_keyboard(both: Stack, page: Page) -> None:
    frame = above_all_locations(page, both)
    asked_where(frame)
    frame.get_by_role("button", name="Demo Location").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    place(frame, "Second Location")
    expect(frame.locator("#main")).to_be_focused()


def test_one_location_alone_needs_no_choice(installed: Stack, page: Page) -> None:
    place(above_all_locations(page, installed), "Demo Location")


def test_where_nothing_is_installed_it_says_what_to_do_and_goes_on(
    stack: Stack, context: BrowserContext
) -> None:
    page = context.new_page()
    frame = above_all_locations(page, stack)
    expect(frame.get_by_text("not installed in any location that is open to you")).to_be_visible()
    with context.expect_page() as opened:
        frame.get_by_role("link", name="Connect Your CRM Account").click()
    opened.value.locator("[value='demo-location']").click()
    expect(opened.value).to_have_url(f"{stack.url}/courses")
    opened.value.close()
    page.bring_to_front()
    place(frame, "Demo Location")


def test_a_choice_that_cannot_be_confirmed_leaves_the_list(both: Stack, page: Page) -> None:
    frame = above_all_locations(page, both)
    asked_where(frame)
    both.sandbox.crm.faults(rate_500=1)
    frame.get_by_role("button", name="Demo Location").click()
    problem = frame.get_by_role("alert")
    expect(problem).to_contain_text("The CRM cannot say just now")
    both.sandbox.crm.faults()
    frame.get_by_role("button", name="Demo Location").click()
    place(frame, "Demo Location")


def test_a_location_is_not_left_by_its_own_people(both: Stack, page: Page) -> None:
    frame = framed(page, both)
    place(frame, "Demo Location")
    expect(frame.get_by_role("link", name="Choose another location")).to_be_hidden()


def test_from_the_agency_into_a_location_and_back(both: Stack, forbidding: Forbidding) -> None:
    page = forbidding("all-allowed").new_page()
    frame = above_all_locations(page, both)
    frame.get_by_role("button", name="Second Location").click()
    place(frame, "Second Location")
    place(framed(page, both), "Demo Location")
    place(above_all_locations(page, both), "Second Location")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_many_locations_are_searched_on_a_phone(
    stack: Stack, browser: Browser, axe: str, scheme: Literal["light", "dark"]
) -> None:
    for number in range(12):
        stack.sandbox.crm.post(
            "open-location", location=f"branch-{number}", name=f"Branch {number}"
        )
    size = {"width": 375, "height": 800}
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    install_for_the_agency(page, stack)
    frame = above_all_locations(page, stack)
    asked_where(frame)
    expect(frame.get_by_text("14 of 14 locations")).to_be_visible()
    inside = next(one for one in page.frames if one.url.startswith(stack.url))
    inside.evaluate(axe)
    found = inside.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []
    root = "document.documentElement"
    assert inside.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), "it scrolls sideways"
    frame.get_by_label("Find a location").fill("branch 1")
    expect(frame.get_by_text("3 of 14 locations")).to_be_visible()
    expect(frame.get_by_role("button", name="Demo Location")).to_be_hidden()
    frame.get_by_role("button", name="Branch 11").click()
    place(frame, "Branch 11")
    context.close()


def install_for_the_agency(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.ports.crm_url}/v2/agency")
    page.get_by_label("Signed in as").select_option(label="Robin Harbour (agency admin)")
    page.get_by_role("button", name="Switch").click()
    page.goto(stack.url)
    page.get_by_role("link", name="Connect Your CRM Account").click()
    page.locator("[value='demo-company']").click()
    expect(page.get_by_role("heading", name="SCORM Hub is installed")).to_be_visible()
