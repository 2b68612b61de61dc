"""A workflow of the CRM enrols somebody; the admin sees why it is not done, and then that it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chaos.scene import Company, Contact
from tests.fixtures.stack import Stack
from tests.flows.people import Admin, in_the_frame, play_to_the_end
from tests.waiting import eventually

pytestmark = pytest.mark.flow
COURSE = "Fire Safety at Work"
HEADERS = {"X-Workflow-Secret": "sandbox-workflow-secret"}


@pytest.fixture
def company(stack: Stack, tmp_path: Path) -> Company:
    company = Company(stack)
    company.prepare(tmp_path)
    return company


def builder(company: Company, control: str, path: str, **asked: Any) -> Any:
    """What the CRM's workflow builder, or a workflow, does with our trigger or action."""
    url = f"{company.stack.url}/api/workflows{path}"
    return company.stack.sandbox.crm.post(
        control, location=company.location, url=url, headers=HEADERS, **asked
    )


def started(company: Company) -> list[tuple[str, str]]:
    effects = company.stack.sandbox.crm.effects("trigger_fired")
    return [(one["value"]["event"], one["contact"]) for one in effects]


def test_enrolled_by_a_workflow_played_and_explained(company: Company, page: Page) -> None:
    contact = company.contacts()[0]
    for key in ("enrolled", "course_completed", "course_failed"):
        builder(company, "trigger-subscription", "/triggers", key=key)
    deliveries_are_done(company)
    course = {"course": company.courses[COURSE]}
    builder(company, "action", "/actions/enroll", key="enroll", contact=contact.id, data=course)
    company.registration(contact, COURSE)
    eventually(lambda: started(company) == [("enrolled", contact.id)])

    admin = in_the_frame(page, company.stack)
    open_course(admin)
    ask_why(admin, contact)
    expect(admin.view.locator("#why-reason")).to_contain_text("has not been opened yet")
    expect(admin.view.locator("#why-cloud")).to_contain_text("No launch yet")

    admin.view.get_by_role("link", name=COURSE).first.click()
    row = admin.view.locator("#learners").get_by_role("row", name=contact.name)
    player = admin.new_tab(row.get_by_role("button", name="Launch").click)
    play_to_the_end(player)
    expect(row).to_contain_text("Passed")
    eventually(lambda: len(started(company)) == 2)
    assert started(company)[1] == ("course_completed", contact.id)

    ask_why(admin, contact)
    see_that_all_is_done(admin)
    check_the_crm(admin)


def deliveries_are_done(company: Company) -> None:
    crm = company.stack.sandbox.crm
    eventually(lambda: not crm.get("deliveries", limit=1)["counts"].get("pending"))


def open_course(admin: Admin) -> None:
    admin.open("Courses")
    admin.view.get_by_role("link", name=COURSE).first.click()
    expect(admin.view.get_by_role("heading", name=COURSE, level=1)).to_be_visible()


def ask_why(admin: Admin, contact: Contact) -> None:
    row = admin.view.locator("#learners").get_by_role("row", name=contact.name)
    row.locator("summary").click()
    row.get_by_role("link", name="Why?").click()
    expect(admin.view.get_by_role("heading", name="Why?", level=1)).to_be_visible()


def see_that_all_is_done(admin: Admin) -> None:
    """The CRM may still be written to when the page opens: it is looked at again."""
    view = admin.view
    cloud = view.locator("#why-cloud")
    expect(cloud.get_by_role("table", name="Modules")).to_contain_text("Passed")
    expect(cloud.get_by_role("table", name="Launches in SCORM Cloud")).to_contain_text("100%")
    cloud.get_by_role("link", name="Show questions and objectives").click()
    questions = view.locator("#why-questions")
    expect(questions).to_contain_text("question-1")
    expect(questions.get_by_text("Right", exact=True)).to_have_count(5)
    expect(view.locator("#why-reason")).to_contain_text(
        re.compile("Everything is done|Waiting for the CRM")
    )


def check_the_crm(admin: Admin) -> None:
    admin.open("Activity")
    check = admin.view.locator("#crm-check")
    check.get_by_role("button", name="Check now").click()
    expect(check).to_contain_text("Last check")
    expect(check).to_contain_text(re.compile("shows everything|differ"))
