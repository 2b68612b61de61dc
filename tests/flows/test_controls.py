"""Controls that leave the page, the keyboard's way through a course, files that are refused.

In the CRM's frame and in a tab of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Frame, Page, expect
from sqlalchemy import create_engine, text

from config import database
from tests.chaos.scene import Company
from tests.fixtures.stack import Stack
from tests.flows.people import Admin, in_a_tab, in_the_frame, install_from_the_crm

pytestmark = pytest.mark.flow
COURSE = "Fire Safety at Work"
ON_BODY = "() => document.activeElement === document.body"


@pytest.fixture(params=[in_the_frame, in_a_tab], ids=["frame", "tab"])
def admin(request: pytest.FixtureRequest, stack: Stack, page: Page, tmp_path: Path) -> Admin:
    """On the page of a course that is ready."""
    Company(stack).prepare(tmp_path)
    install_from_the_crm(page, stack)
    place: Callable[[Page, Stack], Admin] = request.param
    admin = place(page, stack)
    admin.view.get_by_role("link", name=COURSE).click()
    expect(admin.view.get_by_role("heading", name=COURSE, level=1)).to_be_visible()
    return admin


def document(admin: Admin) -> Frame:
    return next(frame for frame in admin.page.frames if frame.url.startswith(admin.stack.url))


def nowhere(admin: Admin) -> bool:
    """Whether the keyboard has fallen off the page."""
    return bool(document(admin).evaluate(ON_BODY))


def find(admin: Admin, words: str) -> None:
    field = admin.view.get_by_role("searchbox", name="Search contacts")
    field.fill(words)
    field.press("Enter")
    expect(admin.view.locator("#contact-results .result").first).to_be_visible()


def test_preview_opens_the_course_in_a_new_tab(admin: Admin) -> None:
    player = admin.new_tab(admin.view.get_by_role("button", name="Preview").click)
    expect(player).to_have_url(re.compile(r"cloud\.localhost"))
    expect(player.locator("#place iframe")).to_be_visible()
    player.close()
    expect(admin.view.get_by_role("heading", name=COURSE, level=1)).to_be_visible()
    expect(admin.view.locator(".toast")).to_have_count(0)


def test_enter_searches_and_the_page_stays(admin: Admin) -> None:
    find(admin, "mar")
    expect(admin.view.get_by_role("heading", name=COURSE, level=1)).to_be_visible()
    expect(admin.view.get_by_role("searchbox", name="Search contacts")).to_be_focused()


def test_the_keyboard_leads_through_a_course(admin: Admin) -> None:
    """Found, enrolled, synced and removed without a mouse, and never from the top again."""
    view, keyboard = admin.view, admin.page.keyboard
    find(admin, "mar")
    keyboard.press("ArrowDown")
    expect(view.locator("#contact-results .result").first.get_by_role("button")).to_be_focused()
    keyboard.press("Enter")
    expect(view.locator("#announcements")).to_contain_text("is enrolled")
    expect(view.locator("#contact-results .result").first).to_be_focused()
    expect(view.locator("#learner-rows tr")).to_have_count(1)
    sync = view.get_by_role("button", name="Sync All")
    sync.press("Enter")
    expect(view.locator("#sync-state")).to_contain_text("unchanged")
    expect(sync).to_be_focused()
    assert not nowhere(admin)
    menu = view.locator("#learner-rows summary")
    menu.press("Enter")
    keyboard.press("Escape")
    expect(menu).to_be_focused()
    menu.press("Enter")
    view.locator("#learner-rows").get_by_role("button", name="Remove").press("Enter")
    question = view.get_by_role("alertdialog")
    expect(question).to_contain_text(re.compile(f"Remove .* from “{COURSE}”"))
    question.get_by_role("button", name="Remove").press("Enter")
    expect(view.locator("#learner-rows")).to_have_count(0)
    expect(view.get_by_role("heading", name="Nobody is enrolled yet")).to_be_visible()
    assert not nowhere(admin)


def test_a_file_that_is_refused_says_why(admin: Admin) -> None:
    admin.open("Reports")
    link = admin.view.get_by_role("link", name=re.compile("^XLS "))
    # The filter of a page that has been open since before it was changed.
    link.evaluate("(link) => { link.search = '?from=2026-12-01&to=2026-11-01'; }")
    link.click()
    expect(admin.view.locator(".toast.bad")).to_contain_text("The end of the period")
    expect(admin.view.locator("#alerts")).to_contain_text("The end of the period")
    expect(admin.view.get_by_role("heading", name="Reports", level=1)).to_be_visible()


def test_reconnecting_leads_to_the_crm(admin: Admin) -> None:
    """The way there is the browser's own; out of the frame, which the CRM's page refuses."""
    refuse_the_grant(admin.stack)
    admin.open("Courses")
    reconnect = admin.view.get_by_role("link", name="Reconnect")
    if admin.view is admin.page:
        reconnect.click()
        page = admin.page
    else:
        page = admin.new_tab(reconnect.click)
    expect(page).to_have_url(re.compile(re.escape(admin.stack.ports.crm_url)))
    page.locator("[value='demo-location']").click()
    expect(page).to_have_url(f"{admin.stack.url}/courses")
    expect(page.get_by_role("link", name="Reconnect")).to_have_count(0)


def refuse_the_grant(stack: Stack) -> None:
    """As if the CRM had taken back what the account was granted."""
    engine = create_engine(database(stack.env["DATABASE_URL"]))
    with engine.begin() as connection:
        connection.execute(text("UPDATE grants SET refused_at = expires_at"))
    engine.dispose()
