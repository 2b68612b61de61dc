"""The switches of CRM Integration in a real browser: what they show is what is saved."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.framing import connect
from tests.fixtures.stack import Stack
from tests.holding import held

pytestmark = pytest.mark.flow


def test_a_switch_that_could_not_be_saved_goes_back(page: Page, stack: Stack) -> None:
    connect(page, stack)
    page.goto(f"{stack.url}/settings/crm-integration")
    switch = page.get_by_role("switch", name="Automatic notes")
    expect(switch).to_be_checked()
    page.route("**/crm-integration/notes", lambda route: route.abort())
    switch.click()
    expect(page.locator("#toasts").get_by_text("The hub could not be reached")).to_be_visible()
    expect(switch).to_be_checked()
    page.unroute_all()
    switch.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(switch).not_to_be_checked()
    page.reload()
    expect(switch).not_to_be_checked()


def test_a_switch_that_is_moved_before_the_scripts_have_come_is_saved(
    page: Page, stack: Stack
) -> None:
    connect(page, stack)
    switch = page.get_by_role("switch", name="Automatic notes")
    with held(page, "**/htmx.min.js"):
        page.goto(f"{stack.url}/settings/crm-integration", wait_until="commit")
        switch.click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    expect(switch).not_to_be_checked()
