"""A registration that somebody deleted at SCORM Cloud: shown, and made again by an admin."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app import connections
from app.enrollments import enrolling, progress
from app.errors import Conflict
from app.extensions import db
from app.models import Account, Completion, Course, Enrollment, acting_for
from tests.enrollments.conftest import Work, calls, enrollments, play
from tests.factories import make_account, make_enrollment, make_learner, sign_in
from tests.fixtures.sandbox import Sandbox

DONE = {"completion": "COMPLETED", "success": "PASSED", "score": 80, "seconds": 30}


@pytest.fixture
def enrollment(account: Account, course: Course) -> Enrollment:
    """Completed, with a minute's work behind it."""
    learner = make_learner(account, contact_id="c-1")
    with acting_for(account.id):
        enrollment = make_enrollment(course, learner, registered=False)
        enrolling.register(enrollment)
        db.session.commit()
    return enrollment


@pytest.fixture
def deleted(account: Account, enrollment: Enrollment, sandbox: Sandbox) -> Enrollment:
    """Played, recorded, and then deleted at SCORM Cloud by hand."""
    play(sandbox, enrollment, **DONE)
    with acting_for(account.id):
        progress.refresh(enrollment)
        db.session.commit()
    connections.scorm_cloud(account).delete_registration(enrollment.registration_id)
    return enrollment


def press(client: FlaskClient, enrollment: Enrollment) -> str:
    """What the button's answer shows: the page's part, or a toast."""
    address = f"/enrollments/{enrollment.id}/register"
    answer = client.post(address, headers={"HX-Request": "true"})
    return answer.text + answer.headers.get("HX-Trigger", "")


def test_why_says_what_happened_and_offers_the_repair(
    client: FlaskClient, account: Account, deleted: Enrollment
) -> None:
    sign_in(client, account)
    page = client.get(f"/enrollments/{deleted.id}/why?ask=now").text
    assert "it was deleted there" in page
    assert "Register again" in page
    assert f"/enrollments/{deleted.id}/register" in page


def test_what_was_reached_counts_on_in_the_new_registration(
    client: FlaskClient, account: Account, deleted: Enrollment, sandbox: Sandbox, work: Work
) -> None:
    old = deleted.registration_id
    sign_in(client, account)
    assert "being registered at SCORM Cloud" in press(client, deleted)
    work()
    [row] = enrollments()
    assert row.registered
    assert row.registration_id != old
    assert (row.completion, row.score, row.attempts_made) == (Completion.COMPLETED, 80, 1)
    play(sandbox, row, completion="INCOMPLETE", score=10, seconds=12)
    with acting_for(account.id):
        progress.refresh(row)
        db.session.commit()
    [row] = enrollments()
    assert (row.completion, row.score) == (Completion.COMPLETED, 80)
    assert (row.attempts_made, row.seconds) == (2, 42)


def test_pressing_twice_registers_once(
    client: FlaskClient, account: Account, deleted: Enrollment, sandbox: Sandbox, work: Work
) -> None:
    before = len(calls(sandbox, "POST", "/registrations"))
    sign_in(client, account)
    press(client, deleted)
    press(client, deleted)
    work()
    assert len(calls(sandbox, "POST", "/registrations")) == before + 1
    people = client.get("/activity?show=people").text
    assert people.count("Registered again") == 1


def test_one_that_is_still_there_is_left_alone(
    client: FlaskClient, account: Account, enrollment: Enrollment
) -> None:
    with acting_for(account.id), pytest.raises(Conflict):
        enrolling.register_again(enrollment)
    sign_in(client, account)
    assert "still has this registration" in press(client, enrollment)
    [row] = enrollments()
    assert row.registered


def test_scorm_cloud_away_changes_nothing(
    client: FlaskClient, account: Account, deleted: Enrollment, sandbox: Sandbox
) -> None:
    sandbox.cloud.faults(rate_500=1)
    sign_in(client, account)
    assert "has trouble of its own (it answered 500)" in press(client, deleted)
    assert enrollments()[0].registered


def test_nobody_strangers_and_closed_courses(
    client: FlaskClient, account: Account, course: Course, deleted: Enrollment
) -> None:
    address = f"/enrollments/{deleted.id}/register"
    assert client.post(address).status_code in (401, 403)
    sign_in(client, make_account("second-location"))
    assert client.post(address).status_code == 404
    with acting_for(account.id):
        course.archive()
        db.session.commit()
    sign_in(client, account)
    assert client.post(address).status_code == 409
    assert "Register again" not in client.get(f"/enrollments/{deleted.id}/why?ask=now").text


def test_sync_all_marks_the_row_and_a_launch_says_what_to_do(
    client: FlaskClient, account: Account, course: Course, deleted: Enrollment, work: Work
) -> None:
    sign_in(client, account)
    client.post(f"/courses/{course.id}/sync", headers={"HX-Request": "true"})
    work()
    assert "not reached by Sync All" in client.get(f"/courses/{course.id}").text
    opened = client.post(f"/enrollments/{deleted.id}/launch")
    assert opened.status_code == 409
    assert "press Register again" in opened.text
    press(client, deleted)
    work()
    assert "not reached by Sync All" not in client.get(f"/courses/{course.id}").text
