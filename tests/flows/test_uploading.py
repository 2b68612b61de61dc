"""An upload takes its time, and people do something else meanwhile: nothing of it gets lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.framing import framed
from tests.fixtures.stack import Stack
from tests.flows.people import Admin, fire_safety, install_from_the_crm
from tests.holding import held

pytestmark = pytest.mark.flow
STORAGE, BEGIN = "**/uploads/**", "**/courses"
REPORTED = re.compile(r"/courses/[^/]+/uploaded$")


@pytest.fixture
def admin(stack: Stack, page: Page) -> Admin:
    """In the CRM's frame, on the Courses page, with SCORM Cloud connected."""
    install_from_the_crm(page, stack)
    admin = Admin(stack, page, framed(page, stack))
    admin.open("Settings")
    admin.view.get_by_label("App ID").fill("SANDBOX")
    admin.view.get_by_label("Secret Key").fill("sandbox-secret")
    admin.view.get_by_role("button", name="Connect SCORM Cloud").click()
    expect(admin.view.locator("#connection .dot.good")).to_have_text("Connected")
    admin.open("Courses")
    return admin


def choose(admin: Admin, package: Path) -> None:
    admin.view.locator("#upload-file").set_input_files(package)


def becomes_ready(admin: Admin, package: Path) -> None:
    expect(admin.row(package.name).get_by_text("Ready", exact=True)).to_be_visible()


def test_the_upload_goes_on_while_another_page_is_looked_at(admin: Admin, tmp_path: Path) -> None:
    package = fire_safety(tmp_path)
    with admin.page.expect_response(REPORTED), held(admin.page, STORAGE):
        with admin.page.expect_request(STORAGE):
            choose(admin, package)
        admin.open("Reports")
    expect(admin.view.get_by_role("heading", name="Reports", level=1)).to_be_visible()
    admin.open("Courses")
    becomes_ready(admin, package)


def test_it_is_seen_again_on_the_courses_page(admin: Admin, tmp_path: Path) -> None:
    package = fire_safety(tmp_path)
    progress = admin.view.locator(".upload-progress")
    with held(admin.page, STORAGE):
        with admin.page.expect_request(STORAGE):
            choose(admin, package)
        admin.open("Reports")
        admin.open("Courses")
        expect(progress).to_contain_text(package.name)
    becomes_ready(admin, package)
    expect(progress).to_be_hidden()


def test_a_failure_is_told_on_whatever_page(admin: Admin, tmp_path: Path) -> None:
    package = fire_safety(tmp_path)
    admin.page.route(STORAGE, lambda route: route.abort())
    with held(admin.page, BEGIN):
        with admin.page.expect_request(BEGIN):
            choose(admin, package)
        admin.open("Reports")
    expect(admin.view.locator("#toasts")).to_contain_text(f"{package.name} was not uploaded")


def test_a_session_that_has_ended_is_renewed_first(admin: Admin, tmp_path: Path) -> None:
    package = fire_safety(tmp_path)
    admin.stack.end_sessions()
    choose(admin, package)
    becomes_ready(admin, package)
