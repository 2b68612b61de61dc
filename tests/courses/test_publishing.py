"""From an uploaded package to Ready, or to Error with a reason, whatever happens on the way."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import connections
from app.courses import leftovers, publishing
from app.extensions import db
from app.models import Account, Course, CourseStatus, ScormConnection, across_accounts, now
from tests import samples
from tests.courses.conftest import Work, begin, reread, upload, work_until_done
from tests.factories import make_course
from tests.fixtures.sandbox import Sandbox
from tests.samples import Sample

MEGABYTE = 1_048_576


def stored() -> list[str]:
    return list(connections.storage().keys())


def courses() -> list[Course]:
    with across_accounts():
        return list(db.session.scalars(select(Course)))


def uploads_to_the_cloud(sandbox: Sandbox) -> int:
    entries = sandbox.cloud.get("ledger", since=0)["entries"]
    return sum(one["path"].endswith("/importJobs/upload") and one["applied"] for one in entries)


def test_a_package_becomes_a_ready_course(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course_id = upload(client, fire_safety)
    assert "Processing" in client.get("/courses").text
    course = work_until_done(work, course_id)
    assert (course.status, course.edition) == (CourseStatus.READY, "SCORM 1.2")
    assert course.title == "Fire Safety at Work"
    assert course.storage_key is None
    assert not stored()
    page = client.get(f"/courses/{course_id}").text
    assert "Ready" in page
    assert "Self-Enrollment Link" in page


@samples.each(samples.valid())
def test_every_valid_package_becomes_ready(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, sample: Sample
) -> None:
    course = work_until_done(work, upload(client, sample.content(), f"{sample.name}.zip"))
    assert course.status == CourseStatus.READY, (course.error, course.error_detail)
    assert course.title
    assert course.edition.startswith("SCORM")


# SCORM Cloud takes these: their faults show only when they are played.
PLAYABLE = {"broken-dangling-resource"}


@samples.each(samples.broken())
def test_every_broken_package_ends_in_error_with_its_reason(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, sample: Sample
) -> None:
    course = work_until_done(work, upload(client, sample.content(), f"{sample.name}.zip"))
    if sample.name in PLAYABLE:
        assert course.status == CourseStatus.READY
        return
    assert course.status == CourseStatus.ERROR
    assert course.error
    assert course.error in client.get("/courses").get_data(as_text=True).replace("&#39;", "'")
    assert "Delete this course and upload the corrected package" in (
        client.get(f"/courses/{course.id}").text
    )
    assert not stored()


def test_the_limit_is_inclusive(client: FlaskClient, account: Account, app: Flask) -> None:
    assert begin(client, "a.zip", 50 * MEGABYTE).status_code == 200
    refused = begin(client, "a.zip", 50 * MEGABYTE + 1)
    assert refused.status_code == 422
    sentence = refused.get_json()["error"]
    assert app.config["SUPPORT_EMAIL"] in sentence
    assert "the limit is 50 MB" in sentence
    assert len(courses()) == 1


def test_a_file_just_over_the_limit_is_not_said_to_have_the_limit(
    client: FlaskClient, account: Account
) -> None:
    sentence = begin(client, "a.zip", 50 * MEGABYTE + 1).get_json()["error"]
    assert "has 50.0 MB" not in sentence


def test_more_bytes_than_announced_are_refused(client: FlaskClient, account: Account) -> None:
    target = begin(client, "a.zip", 1000).get_json()
    headers = {"Accept": "application/json"}
    refused = client.open(target["url"], method=target["method"], data=b"x" * 1001, headers=headers)
    assert refused.status_code == 422
    assert "larger than announced" in refused.get_json()["error"]
    assert not stored()
    assert client.open(target["url"], method=target["method"], data=b"x" * 1000).status_code == 200


def test_a_package_of_exactly_the_limit_arrives_whole(
    client: FlaskClient, account: Account
) -> None:
    """A form may have one megabyte; a package is not held to that."""
    target = begin(client, "a.zip", 50 * MEGABYTE).get_json()
    sent = client.open(
        target["url"],
        method=target["method"],
        data=bytes(50 * MEGABYTE),
        content_type="application/zip",
    )
    assert sent.status_code == 200
    [key] = stored()
    assert connections.storage().size(key) == 50 * MEGABYTE


def test_an_account_may_have_a_larger_limit(client: FlaskClient, account: Account) -> None:
    account.max_package_bytes = 80 * MEGABYTE
    assert begin(client, "a.zip", 80 * MEGABYTE).status_code == 200
    assert "the limit is 80 MB" in begin(client, "a.zip", 80 * MEGABYTE + 1).get_json()["error"]


@pytest.mark.parametrize(
    ("filename", "size", "words"),
    [("a.pdf", 10, ".zip file"), ("a.zip", 0, "empty"), ("a.zip", -5, "empty"), ("", 10, ".zip")],
)
def test_what_cannot_be_a_package_is_refused_before_it_is_sent(
    client: FlaskClient, account: Account, filename: str, size: int, words: str
) -> None:
    refused = begin(client, filename, size)
    assert refused.status_code == 422
    assert words in refused.get_json()["error"]
    assert not courses()


def test_without_scorm_cloud_nothing_can_be_uploaded(client: FlaskClient, account: Account) -> None:
    account.scorm_connection = ScormConnection.NONE
    assert begin(client, "a.zip", 10).status_code == 409
    assert "Connect SCORM Cloud" in client.get("/courses").text
    assert not courses()


def test_an_upload_that_is_finished_twice_is_imported_once(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course_id = upload(client, fire_safety)
    assert client.post(f"/courses/{course_id}/uploaded").status_code == 200
    work_until_done(work, course_id)
    client.post(f"/courses/{course_id}/uploaded")
    work()
    assert reread(course_id).status == CourseStatus.READY
    assert uploads_to_the_cloud(sandbox) == 1


def test_an_upload_that_never_arrived_says_so(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work
) -> None:
    target = begin(client, "a.zip", 1000).get_json()
    client.post(target["finish"])
    course = work_until_done(work, target["finish"].split("/")[2])
    assert course.status == CourseStatus.ERROR
    assert "not complete" in (course.error or "")


def test_a_lost_answer_to_the_upload_is_made_good(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course_id = upload(client, fire_safety)
    sandbox.cloud.faults(timeout_after=1, hold_s=0.2, match="POST /.*importJobs/upload")
    work()
    assert reread(course_id).status == CourseStatus.PROCESSING
    sandbox.cloud.faults()
    course = work_until_done(work, course_id)
    assert course.status == CourseStatus.READY, course.error
    assert course.title == "Fire Safety at Work"
    assert uploads_to_the_cloud(sandbox) == 1


def test_scorm_cloud_away_for_a_while_loses_nothing(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course_id = upload(client, fire_safety)
    sandbox.cloud.faults(down=True)
    work()
    course = reread(course_id)
    assert (course.status, course.owes_work) == (CourseStatus.PROCESSING, True)
    sandbox.cloud.faults()
    assert work_until_done(work, course_id).status == CourseStatus.READY


def test_an_import_that_never_ends_becomes_an_error(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course_id = upload(client, fire_safety)
    sandbox.cloud.faults(down=True)
    work()
    with time_machine.travel(now() + timedelta(minutes=14), tick=True):
        assert "taking longer than usual" in client.get(f"/courses/{course_id}").text
    work(ahead=timedelta(minutes=22))
    course = reread(course_id)
    assert course.status == CourseStatus.ERROR
    assert "did not finish in time" in (course.error or "")
    assert "SCORM Cloud" in (course.error_detail or "")
    assert not stored()


def test_a_worker_that_dies_between_two_steps_leaves_work_for_the_next(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course_id = upload(client, fire_safety)
    with across_accounts():
        row = db.session.get_one(Course, course_id)
        assert row.claim(timedelta(seconds=120))  # a worker that is never heard of again
        db.session.commit()
    work()
    assert reread(course_id).import_job_id is None
    course = work_until_done(work, course_id, ahead=timedelta(seconds=121))
    assert course.status == CourseStatus.READY


def test_scorm_cloud_disconnected_meanwhile_is_an_error_and_no_endless_processing(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course_id = upload(client, fire_safety)
    account.scorm_app_id = account.scorm_secret_key = None
    work()
    course = reread(course_id)
    assert course.status == CourseStatus.ERROR
    assert "not connected" in (course.error or "")


def test_a_title_given_while_processing_stays(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course_id = upload(client, fire_safety)
    client.post(f"/courses/{course_id}/title", data={"title": "Our own words"})
    assert work_until_done(work, course_id).title == "Our own words"


def manifest(title: str) -> bytes:
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<manifest identifier="m" version="1.0" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
<metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
<organizations default="o"><organization identifier="o"><title>{title}</title>
<item identifier="i" identifierref="r"><title>{title}</title></item></organization></organizations>
<resources><resource identifier="r" type="webcontent" adlcp:scormtype="sco" href="index.html">
<file href="index.html"/></resource></resources></manifest>"""
    return text.encode()


def package(title: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("imsmanifest.xml", manifest(title))
        archive.writestr("index.html", "<p>Hello</p>")
    return file.getvalue()


def test_script_tags_in_a_title_are_only_text(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work
) -> None:
    hostile = "&lt;script&gt;alert(1)&lt;/script&gt;"
    course = work_until_done(work, upload(client, package(hostile), "<img src=x>.zip"))
    assert course.title == "<script>alert(1)</script>"
    for page in ("/courses", f"/courses/{course.id}"):
        text = client.get(page).text
        assert "<script>alert(1)" not in text
        assert "<img src=x>" not in text
        assert "alert(1)" in text


def test_a_package_without_title_takes_the_files_name(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work
) -> None:
    course = work_until_done(work, upload(client, package("A title"), "Ladder safety.zip"))
    with across_accounts():
        course.title = "Ladder safety"
        accept_again(course, title=" ")
    assert (course.status, course.title) == (CourseStatus.READY, "Ladder safety")


def accept_again(course: Course, **facts: str) -> None:
    """As if SCORM Cloud had said something else of what it imported."""
    cloud = connections.scorm_cloud(course.account)
    imported = cloud.course(course.scorm_course_id)
    publishing.accept(course, dataclasses.replace(imported, **facts), [], cloud)  # type: ignore[arg-type]


@pytest.mark.parametrize("standard", ["AICC", "XAPI", "CMI5", "SCORM11"])
def test_what_scorm_cloud_takes_but_is_not_scorm_is_refused(
    client: FlaskClient,
    account: Account,
    sandbox: Sandbox,
    work: Work,
    fire_safety: bytes,
    standard: str,
) -> None:
    course = work_until_done(work, upload(client, fire_safety))
    with across_accounts():
        course.process()
        accept_again(course, standard=standard)
    assert course.status == CourseStatus.ERROR
    assert course.error and "SCORM 1.2 or SCORM 2004" in course.error
    assert "course_deleted" in [one["kind"] for one in sandbox.cloud.effects()]


def test_what_nobody_waits_for_any_more_is_swept_away(
    client: FlaskClient, account: Account
) -> None:
    left = begin(client, "left.zip", 4).get_json()
    client.open(left["url"], method=left["method"], data=b"abcd")
    connections.storage().put("packages/ab", io.BytesIO(b"nobody's"))
    with time_machine.travel(now() + timedelta(hours=25), tick=True):
        make_course(account, status=CourseStatus.UPLOADING, filename="new.zip")
        leftovers.remove_leftovers()
        db.session.commit()
    assert [course.filename for course in courses()] == ["new.zip"]
    assert not stored()
