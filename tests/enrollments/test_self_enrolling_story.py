"""The self-enrollment form in a browser: sent once, gone back to, filled in for the next person."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.chaos.scene import Company
from tests.fixtures.stack import Stack
from tests.flows.stage import COURSE
from tests.waiting import eventually

pytestmark = pytest.mark.flow


def fill(page: Page, first: str, last: str, email: str) -> None:
    page.get_by_label("First name").fill(first)
    page.get_by_label("Last name").fill(last)
    page.get_by_label("E-mail").fill(email)


def test_a_form_that_was_sent_serves_the_next_person_with_what_is_typed(
    stack: Stack, page: Page, tmp_path: Path
) -> None:
    company = Company(stack)
    company.prepare(tmp_path)
    page.goto(company.self_enrollment_link(COURSE))
    fill(page, "Noor", "Haddad", "noor@example.com")
    page.evaluate("document.querySelector('main form').target = '_blank'")  # this page stays
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Enroll").click()
    expect(opened.value.get_by_role("button", name="Start the course")).to_be_visible()

    page.evaluate("document.querySelector('main form').target = ''")
    button = page.get_by_role("button", name="Enroll")
    expect(button).not_to_have_attribute("aria-busy", "true")  # a double click is over
    fill(page, "健太", "山田", "kenta@example.com")
    page.get_by_label("E-mail").press("Enter")
    expect(page.get_by_text("This form was sent before.")).to_be_visible()
    expect(page.get_by_label("First name")).to_have_value("健太")
    expect(page.get_by_label("E-mail")).to_have_value("kenta@example.com")
    button.click()
    expect(page.get_by_role("button", name="Start the course")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Start the course")).to_be_visible()
    eventually(lambda: len(company.known_registrations()) == 2)
    table = company.admin.get(f"/courses/{company.courses[COURSE]}").text
    assert "Noor Haddad" in table
    assert "健太 山田" in table
