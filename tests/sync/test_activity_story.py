"""After an outage, in a real browser: one decision for all that is alike; a form left too long."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app import create_app
from app.extensions import db
from app.models import (
    Account,
    CrmEffect,
    EffectKind,
    TriggerSubscription,
    acting_for,
    new_id,
    now,
)
from config import Config
from tests.accounts.framing import connect
from tests.fixtures.stack import Stack
from tests.sync.test_attention import REFUSED, unsure_starts

pytestmark = pytest.mark.flow


@pytest.fixture
def after_an_outage(page: Page, stack: Stack) -> Page:
    """Three writes were refused, and of two workflow starts the answer was lost."""
    connect(page, stack)
    app = create_app(Config.from_environment(stack.env))
    with app.app_context():
        account = db.session.scalars(select(Account)).one()
        with acting_for(account.id):
            for _ in range(3):
                effect = CrmEffect(account_id=account.id, kind=EffectKind.CONTACT, subject=new_id())
                effect.park(REFUSED)
                db.session.add(effect)
            unsure_starts(account, 2)
            db.session.scalars(select(TriggerSubscription)).one().ended_at = now()
            db.session.commit()
        db.session.remove()
        db.engine.dispose()
    page.goto(f"{stack.url}/activity")
    return page


def toast(page: Page, said: str) -> Locator:
    return page.locator(".toast").filter(has_text=said)


def test_retrying_asks_once_and_tells_what_was_left(after_an_outage: Page) -> None:
    page = after_an_outage
    page.get_by_role("button", name="Retry all", exact=True).click()
    asked = page.get_by_role("alertdialog")
    expect(asked).to_contain_text("2 workflow starts may have happened already: start them again?")
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    page.get_by_role("button", name="Retry all but 2 workflow starts").focus()
    page.keyboard.press("Enter")
    said = "3 tried again now. 2 workflow starts may have happened already and were left."
    expect(toast(page, said)).to_be_visible()
    page.get_by_role("button", name="Retry all", exact=True).click()
    page.get_by_role("button", name="Retry all", exact=True).last.click()
    expect(toast(page, "2 tried again now.")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing needs attention")).to_be_visible()


def test_what_cannot_be_put_right_is_dismissed_and_kept(after_an_outage: Page) -> None:
    page = after_an_outage
    page.set_viewport_size({"width": 375, "height": 800})
    for number, words in ((3, "Contact"), (2, "Workflow on “enrolled”")):
        group = page.locator("#groups tr, tr[id^=group-]").filter(has_text=words).first
        group.get_by_role("button", name="Dismiss all of these").click()
        asked = page.get_by_role("alertdialog")
        expect(asked).to_contain_text(f"{number} things are not tried again")
        asked.get_by_role("button", name="Dismiss").click()
        said = f"{number} dismissed. You find them under Dismissed."
        expect(toast(page, said)).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing needs attention")).to_be_visible()
    page.get_by_role("navigation", name="Activity").get_by_role("link", name="Dismissed").click()
    expect(page.get_by_text(re.compile("^by .")).first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 375


def test_a_form_that_was_left_too_long_is_loaded_again(page: Page, stack: Stack) -> None:
    connect(page, stack)
    page.goto(f"{stack.url}/settings/branding")
    elsewhere = page.context.new_page()
    elsewhere.goto(f"{stack.url}/install")
    elsewhere.locator("[value='demo-location']").click()  # signed in anew: the form's token is old
    expect(elsewhere).to_have_url(f"{stack.url}/courses")
    elsewhere.close()
    page.get_by_label("Organization name").fill("Harbour")
    page.get_by_role("button", name="Save branding").click()
    expect(page.get_by_role("heading", name="This form has expired")).to_be_visible()
    expect(page.get_by_text("on our side")).to_be_hidden()
    page.get_by_role("link", name="Reload the page").click()
    page.get_by_label("Organization name").fill("Harbour")
    page.get_by_role("button", name="Save branding").click()
    expect(page.get_by_text("Branding is saved.")).to_be_visible()
