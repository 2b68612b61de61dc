"""The main job, end to end, in a real browser.

A course goes in, a contact is enrolled and plays it, and the completion comes back to the contact.
"""

from __future__ import annotations

import base64
import csv
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.chaos.checker import Completion, judge
from tests.chaos.quiet import wait_until_quiet
from tests.chaos.scene import Company
from tests.fixtures.stack import Stack
from tests.flows.people import (
    DROP,
    LOCATION,
    Admin,
    fire_safety,
    in_a_tab,
    in_the_frame,
    install_from_the_crm,
    play_to_the_end,
)

pytestmark = pytest.mark.flow
COURSE = "Fire Safety at Work"


@pytest.fixture(params=[in_the_frame, in_a_tab], ids=["frame", "tab"])
def admin(request: pytest.FixtureRequest, stack: Stack, page: Page) -> Admin:
    """Somebody who has installed the hub from the CRM and stands on its Courses page."""
    install_from_the_crm(page, stack)
    place: Callable[[Page, Stack], Admin] = request.param
    admin = place(page, stack)
    expect(admin.view.get_by_role("heading", name="Courses", level=1)).to_be_visible()
    return admin


def test_a_completion_comes_back_to_the_contact(admin: Admin, tmp_path: Path) -> None:
    connect_scorm_cloud(admin)
    provision_objects(admin)
    upload_a_broken_package(admin)
    upload(admin, fire_safety(tmp_path))
    name = enroll(admin, "mar")
    player = launch(admin, name)
    play_to_the_end(player)
    see_the_result(admin, player, name)
    see_it_in_the_crm(admin, name)
    download_the_certificate(admin, name, tmp_path)
    see_the_report(admin, name, tmp_path)


def connect_scorm_cloud(admin: Admin) -> None:
    """With a wrong key first: the page says what to do, and nothing that was typed is lost."""
    view = admin.view
    admin.open("Settings")
    view.get_by_label("App ID").fill("SANDBOX")
    view.get_by_label("Secret Key").fill("not-the-key")
    view.get_by_role("button", name="Connect SCORM Cloud").click()
    expect(view.locator(".field-error, .notice.bad").first).to_contain_text("Secret Key")
    expect(view.locator("#connection")).to_contain_text("Not Connected")
    expect(view.get_by_label("App ID")).to_have_value("SANDBOX")
    view.get_by_label("Secret Key").fill("sandbox-secret")
    view.get_by_role("button", name="Connect SCORM Cloud").click()
    expect(view.locator("#connection .dot.good")).to_have_text("Connected")


def provision_objects(admin: Admin) -> None:
    admin.view.get_by_role("link", name="Custom Objects").click()
    admin.view.get_by_role("button", name="Provision Now").click()
    expect(admin.view.locator("#custom-objects").get_by_text("Everything is there")).to_be_visible()


def upload_a_broken_package(admin: Admin) -> None:
    """It ends in Error, and the reason names what is missing."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("index.html", "<!doctype html><title>No manifest</title>")
    admin.open("Courses")
    drop(admin, "holiday-pictures.zip", archive.getvalue())
    row = admin.row("holiday-pictures.zip")
    expect(row.get_by_text("Error", exact=True)).to_be_visible()
    expect(row).to_contain_text("imsmanifest.xml")


def drop(admin: Admin, name: str, content: bytes) -> None:
    area = admin.view.locator(".upload-area")
    area.evaluate(DROP, [name, base64.b64encode(content).decode()])


def upload(admin: Admin, package: Path) -> None:
    """A drop on the upload area; the list then says Processing and Ready by itself."""
    view = admin.view
    drop(admin, package.name, package.read_bytes())
    row = admin.row(package.name)
    expect(row.get_by_text(re.compile("^(Processing|Ready)$"))).to_be_visible()
    expect(row.get_by_text("Ready", exact=True)).to_be_visible()
    row.get_by_role("link", name=COURSE).click()
    expect(view.get_by_role("heading", name=COURSE, level=1)).to_be_visible()


def enroll(admin: Admin, typed: str) -> str:
    """Searches the CRM as one types and enrols the first contact; gives the contact's name."""
    view = admin.view
    search = view.get_by_role("searchbox", name="Search contacts")
    search.press_sequentially(typed[:1])
    expect(
        view.locator("#contact-results").get_by_text("Type at least two letters")
    ).to_be_visible()
    with admin.page.expect_response(re.compile(rf"[?&]q={typed}$")):
        search.press_sequentially(typed[1:])
    # The list of fewer letters may stand there on the way: nobody presses before the wheel stops.
    expect(view.locator("form.htmx-request")).to_have_count(0)
    found = view.locator("#contact-results .result").first
    expect(found).to_be_visible()
    name = found.locator(".cell-main").inner_text()
    assert typed in name.casefold()
    found.get_by_role("button", name="Enroll").click()
    expect(view.locator("#contact-results .result", has_text=name).first).to_contain_text(
        "Enrolled"
    )
    expect(view.locator("#learners").get_by_role("row", name=name)).to_contain_text("Not Started")
    return name


def launch(admin: Admin, name: str) -> Page:
    row = admin.view.locator("#learners").get_by_role("row", name=name)
    return admin.new_tab(row.get_by_role("button", name="Launch").click)


def see_the_result(admin: Admin, player: Page, name: str) -> None:
    """The exit page says that all is saved; the learner's row follows without reload."""
    expect(player.get_by_role("heading", name="Your progress is saved")).to_be_visible()
    player.close()
    row = admin.view.locator("#learners").get_by_role("row", name=name)
    for words in ("Completed", "Passed", "100%"):
        expect(row).to_contain_text(words)


def see_it_in_the_crm(admin: Admin, name: str) -> None:
    """Tags, the note and the Training Record stand on the contact."""
    page = admin.context.new_page()
    page.goto(f"{admin.stack.ports.crm_url}/v2/location/{LOCATION}/contacts?query={name}")
    page.get_by_role("link", name=name).first.click()
    tags = page.locator(".tags")
    for tag in ("scorm_completed", "scorm_passed", "scorm_score_90_100"):
        expect(tags).to_contain_text(tag)
    note = page.locator(".timeline li", has_text=f"Course completed: {COURSE}")
    expect(note).to_have_count(1)
    expect(note).to_contain_text("Score: 100%")
    record = page.locator("article", has_text="Training Record")
    expect(record).to_have_count(1)
    for words in (name, COURSE, "Completed", "Passed"):
        expect(record).to_contain_text(words)
    page.close()


def download_the_certificate(admin: Admin, name: str, folder: Path) -> None:
    row = admin.view.locator("#learners").get_by_role("row", name=name)
    file = download(admin, row.get_by_role("link", name="Download certificate"), folder)
    words = " ".join("".join(page.extract_text() for page in PdfReader(file).pages).split())
    assert name in words
    assert COURSE in words


def see_the_report(admin: Admin, name: str, folder: Path) -> None:
    view = admin.view
    admin.open("Reports")
    for label, value in (("Enrollments", "1"), ("Completions", "1"), ("Completion rate", "100%")):
        expect(view.locator(".stat", has_text=label)).to_contain_text(value)
    file = download(admin, view.get_by_role("link", name=re.compile("^CSV")), folder)
    rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    found = [row for row in rows if COURSE in row]
    assert len(found) == 1, rows
    assert name in " ".join(found[0])
    assert "Completed" in found[0]


def download(admin: Admin, link: object, folder: Path) -> Path:
    """The file behind a link, saved under the name that it brings along."""
    with admin.page.expect_download() as started:
        link.click()  # type: ignore[attr-defined]
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def test_somebody_enrols_by_the_link_and_plays(stack: Stack, page: Page, tmp_path: Path) -> None:
    """A clean browser, no login: name and e-mail are typed, the course opens, the CRM knows."""
    company = Company(stack)
    company.prepare(tmp_path)
    page.goto(company.self_enrollment_link(COURSE))
    expect(page.get_by_role("heading", name=COURSE)).to_be_visible()
    page.get_by_label("First name").fill("Noor")
    page.get_by_label("Last name").fill("Haddad")
    page.get_by_label("E-mail").fill(" Noor.Haddad@Example.com ")
    page.get_by_role("button", name="Enroll").click()
    page.get_by_role("button", name="Start the course").click()
    play_to_the_end(page)
    expect(page.get_by_role("heading", name="Your progress is saved")).to_be_visible()
    page.get_by_role("link", name="Back to the course").click()
    expect(page.get_by_role("button", name="Open again")).to_be_visible()
    wait_until_quiet(stack)
    crm = stack.sandbox.crm
    made = [effect["contact"] for effect in crm.effects("contact_created")]
    done = [Completion(company.location, contact, COURSE, True, 100) for contact in made]
    assert len(done) == 1
    assert judge(crm.get("ledger")["entries"], done) == []
