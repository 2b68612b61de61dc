"""Opening the player: a fresh link at each click, for learners and admins, and the way back."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.accounts import sessions
from app.enrollments.passes import COOKIE, Passes
from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    Completion,
    Course,
    Enrollment,
    Launch,
    ScormConnection,
    SessionKind,
    across_accounts,
    acting_for,
)
from tests.enrollments.conftest import Work, calls, enrollments, play
from tests.factories import make_enrollment, make_learner, sign_in
from tests.fixtures.sandbox import Sandbox


@pytest.fixture
def enrollment(course: Course, account: Account) -> Enrollment:
    enrollment = make_enrollment(course, make_learner(account), registered=False)
    db.session.commit()
    return enrollment


def launches() -> list[Launch]:
    with across_accounts():
        db.session.rollback()
        return db.session.query(Launch).order_by(Launch.created_at).all()


def give_pass(client: FlaskClient, enrollment: Enrollment) -> str:
    """The browser as it is after self-enrolment; returns the link's address."""
    secret = client.application.config["SECRET_KEY"]
    client.set_cookie(COOKIE, Passes(secret).add("", enrollment), domain="hub.localhost")
    with across_accounts():
        link = db.session.get_one(Course, enrollment.course_id).link
        assert link
        return f"/e/{link.token}"


def test_each_click_makes_a_fresh_link_and_is_noted(
    client: FlaskClient, account: Account, enrollment: Enrollment, sandbox: Sandbox
) -> None:
    sign_in(client, account, "Olivia Owner")
    answers = [client.post(f"/enrollments/{enrollment.id}/launch") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    first, second = (answer.location for answer in answers)
    assert first != second
    assert answers[0].headers["Referrer-Policy"] == "no-referrer"
    assert [row.opened_by for row in launches()] == ["Olivia Owner"] * 2
    with across_accounts():
        noted = db.session.query(AuditEntry.action).all()
    assert noted == [("launched for",)] * 2
    assert first not in client.get(f"/courses/{enrollment.course_id}").text


def test_a_launch_registers_first_if_that_was_not_done(
    client: FlaskClient, account: Account, enrollment: Enrollment, sandbox: Sandbox, work: Work
) -> None:
    sign_in(client, account)
    assert client.post(f"/enrollments/{enrollment.id}/launch").status_code == 303
    [row] = enrollments()
    assert (row.registered, row.owes_work, row.ever_launched) == (True, False, True)
    work()
    assert len(calls(sandbox, "POST", "/registrations")) == 1


@pytest.mark.parametrize("who", ["admin", "learner"])
def test_with_scorm_cloud_away_a_clear_sentence_and_nothing_kept(
    client: FlaskClient, account: Account, enrollment: Enrollment, sandbox: Sandbox, who: str
) -> None:
    sandbox.cloud.faults(down=True)
    if who == "admin":
        sign_in(client, account)
        answer = client.post(f"/enrollments/{enrollment.id}/launch")
    else:
        answer = client.post(give_pass(client, enrollment) + "/launch")
    assert answer.status_code == 503
    said = (
        "SCORM Cloud was asked to register the learner, and its answer broke off."
        if who == "admin"
        else "The course could not be opened just now."
    )
    assert f"{said} Please try again in a minute." in answer.text
    assert answer.text.count("ry again in a") == 1
    assert not launches()
    assert not enrollments()[0].ever_launched


def test_the_tab_of_a_failed_launch_offers_another_try(
    client: FlaskClient, account: Account, enrollment: Enrollment, sandbox: Sandbox
) -> None:
    """Opened from the CRM's frame it has no cookie: what it says must not lead to signing in."""
    _, token = sessions.open_session(account, SessionKind.FRAME, "user-1", "Olivia Owner", "admin")
    path, form = f"/enrollments/{enrollment.id}/launch", {"session_token": token}
    sandbox.cloud.faults(down=True)
    tab = client.post(path, data=form)
    assert tab.status_code == 503
    assert "Try again</span>" in tab.text
    assert 'href="/courses"' not in tab.text
    again = re.search(r'name="session_token" value="([^"]+)"', tab.text)
    assert again
    assert f'action="{path}"' in tab.text
    sandbox.cloud.faults()
    assert client.post(path, data={"session_token": again[1]}).status_code == 303


def test_a_launch_that_cannot_be_tells_why_and_promises_nothing(
    client: FlaskClient, account: Account, enrollment: Enrollment
) -> None:
    with acting_for(account.id):
        enrollment.withdraw()
        db.session.commit()
    sign_in(client, account)
    tab = client.post(f"/enrollments/{enrollment.id}/launch")
    assert tab.status_code == 409
    assert "Course not available" in tab.text
    assert "Try again</span>" not in tab.text


def test_a_learner_launches_in_the_own_browser(
    client: FlaskClient, enrollment: Enrollment, sandbox: Sandbox
) -> None:
    address = give_pass(client, enrollment)
    assert client.post(address + "/launch").status_code == 303
    [launch] = launches()
    assert launch.opened_by is None
    assert "Continue the course" in client.get(address).text


def test_without_a_pass_there_is_nothing_to_launch(
    client: FlaskClient, enrollment: Enrollment
) -> None:
    address = give_pass(client, enrollment)
    stranger = client.application.test_client()
    answer = stranger.post(address + "/launch")
    assert "player" not in (answer.location or "")
    assert answer.status_code in (303, 404)
    assert not launches()


def test_a_learner_is_not_sent_to_the_admins_settings(
    client: FlaskClient, account: Account, enrollment: Enrollment
) -> None:
    account.scorm_app_id = None
    account.scorm_connection = ScormConnection.NONE
    answer = client.post(give_pass(client, enrollment) + "/launch")
    assert "Course not available" in answer.text
    assert "Settings" not in answer.text


def test_an_archived_course_is_not_opened(
    client: FlaskClient, account: Account, course: Course, enrollment: Enrollment
) -> None:
    with across_accounts():
        db.session.get_one(Course, course.id).archive()
        db.session.commit()
    sign_in(client, account)
    answer = client.post(f"/enrollments/{enrollment.id}/launch")
    assert answer.status_code == 409
    assert "Course not available" in answer.text


def test_the_exit_page_says_what_was_saved_and_looks_at_once(
    client: FlaskClient, enrollment: Enrollment, sandbox: Sandbox, work: Work
) -> None:
    """No postback has come: the look after exit finds the completion."""
    address = give_pass(client, enrollment)
    client.post(address + "/launch")
    play(sandbox, enrollment, completion="COMPLETED", success="PASSED", score=90, seconds=60)
    answer = client.get(f"/exit/{launches()[0].id}")
    assert answer.status_code == 200
    assert "Your progress is saved" in answer.text
    assert address in answer.text
    work()
    [row] = enrollments()
    assert (row.completion, row.score) == (Completion.COMPLETED, 90)
    assert launches()[0].returned_at


def test_the_exit_page_tells_a_stranger_no_more_than_the_title(
    client: FlaskClient, enrollment: Enrollment, sandbox: Sandbox
) -> None:
    address = give_pass(client, enrollment)
    client.post(address + "/launch")
    stranger = client.application.test_client()
    text = stranger.get(f"/exit/{launches()[0].id}").text
    with across_accounts():
        learner = enrollments()[0].learner
        assert learner.name not in text
        assert (learner.email or "") not in text
    assert address not in text
    assert stranger.get("/exit/unknown").status_code == 404


def test_a_preview_records_nothing(
    client: FlaskClient, account: Account, course: Course, sandbox: Sandbox
) -> None:
    sign_in(client, account)
    assert client.post(f"/courses/{course.id}/preview").status_code == 303
    assert not launches()
    assert not calls(sandbox, "POST", "/registrations")
    sandbox.cloud.faults(down=True)
    answer = client.post(f"/courses/{course.id}/preview")
    assert answer.status_code == 503
    assert "SCORM Cloud was asked to open the preview, and its answer broke off." in answer.text
