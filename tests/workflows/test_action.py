"""The action "Enroll in course": who may call it, what it does, and what it answers."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.clients.crm import Contact
from app.extensions import db
from app.models import Account, Course, Enrollment, Mode, Source
from tests.factories import make_account, make_course, make_enrollment
from tests.workflows.conftest import Builder

PATHS = ("/triggers", "/courses", "/actions/enroll", "/actions/enroll/fields")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("secret", ["", "wrong", "sandbox-workflow-secre"])
def test_without_the_secret_nobody_gets_in(builder: Builder, path: str, secret: str) -> None:
    answer = builder.call(path, {}, secret=secret)
    assert answer.status_code == 401
    assert "X-Workflow-Secret" in answer.get_json()["error"]


def test_while_no_secret_is_set_all_stays_closed(builder: Builder) -> None:
    builder.client.application.config["CRM_WORKFLOW_SECRET"] = ""
    assert builder.call("/courses", {}, secret="").status_code == 401


def test_a_contact_is_enrolled(builder: Builder, course: Course, contact: Contact) -> None:
    answer = builder.enroll(course, contact)
    assert answer.status_code == 200, answer.text
    facts = answer.get_json()
    assert facts["new"] is True
    assert facts["courseTitle"] == "Fire Safety"
    assert facts["status"] == "not_started"
    enrollment = db.session.get_one(Enrollment, facts["enrollmentId"])
    assert enrollment.learner.crm_contact_id == contact.id
    assert enrollment.source == Source.WORKFLOW
    assert enrollment.owes_work


def test_a_second_time_changes_nothing(builder: Builder, course: Course, contact: Contact) -> None:
    first = builder.enroll(course, contact).get_json()
    second = builder.enroll(course, contact).get_json()
    assert second["new"] is False
    assert second["enrollmentId"] == first["enrollmentId"]
    assert db.session.query(Enrollment).count() == 1


def test_the_personal_link_opens_the_course_in_any_browser(
    builder: Builder, course: Course, contact: Contact, client: FlaskClient
) -> None:
    link = builder.enroll(course, contact).get_json()["courseLink"]
    elsewhere = client.application.test_client()
    assert course.link
    assert "Start the course" not in elsewhere.get(f"/e/{course.link.token}").text
    came = elsewhere.get(link)
    assert came.status_code == 303
    kept = elsewhere.get(came.location)
    assert link.rpartition("/")[2] not in kept.location
    assert "Start the course" in elsewhere.get(kept.location).text


def test_a_personal_link_is_good_for_one_course_only(
    builder: Builder, account: Account, course: Course, contact: Contact, client: FlaskClient
) -> None:
    key = builder.enroll(course, contact).get_json()["courseLink"].rpartition("/")[2]
    other = make_course(account, title="Other", slug="other")
    assert other.link and course.link
    elsewhere = client.application.test_client()
    for address in (f"/e/{other.link.token}/as/{key}", f"/e/{course.link.token}/as/{key}x"):
        assert "Start the course" not in elsewhere.get(elsewhere.get(address).location).text


def test_what_is_missing_is_said(builder: Builder, course: Course, contact: Contact) -> None:
    assert builder.enroll("", contact).status_code == 422
    no_contact = builder.enroll(course, "")
    assert no_contact.status_code == 422
    assert "no contact" in no_contact.get_json()["error"]
    assert builder.enroll("0" * 32, contact).status_code == 404
    unknown = builder.enroll(course, "nobody-at-all")
    assert unknown.status_code == 404
    assert "no longer in your CRM" in unknown.get_json()["error"]
    assert db.session.query(Enrollment).count() == 0


def test_another_accounts_course_is_not_there(builder: Builder, contact: Contact) -> None:
    foreign = make_course(make_account("second-location"))
    assert builder.enroll(foreign, contact).status_code == 404


def test_the_trials_limit_holds_here_too(
    builder: Builder, account: Account, course: Course, contact: Contact
) -> None:
    account.mode = Mode.TRIAL
    for _ in range(10):
        make_enrollment(course)
    answer = builder.enroll(course, contact)
    assert answer.status_code == 409
    assert "Trial limit reached" in answer.get_json()["error"]


def test_a_location_without_us_is_refused(builder: Builder, course: Course) -> None:
    builder.location_id = "nowhere"
    answer = builder.enroll(course, "c-1")
    assert answer.status_code == 404
    assert "not installed" in answer.get_json()["error"]


def test_the_forms_offer_the_locations_own_courses(
    builder: Builder, account: Account, course: Course, client: FlaskClient
) -> None:
    make_course(make_account("second-location"), title="Foreign")
    make_course(account, title="Gone", slug="gone").archive()
    offered = [{"label": "Fire Safety", "value": course.id}]
    form = builder.call("/actions/enroll/fields", {}).get_json()["inputs"]
    assert form[0]["fields"][0]["options"] == offered
    filters = builder.call("/courses", {}).get_json()["filters"]
    assert [one["field"] for one in filters] == ["course", "score"]
    assert filters[0]["options"] == offered
    headers = {"X-Workflow-Secret": "sandbox-workflow-secret"}
    address = f"/api/workflows/courses?locationId={account.location_id}"
    assert client.get(address, headers=headers).get_json() == {"options": offered}


def test_what_is_no_object_is_refused(client: FlaskClient, account: Account) -> None:
    headers = {"X-Workflow-Secret": "sandbox-workflow-secret", "Content-Type": "application/json"}
    for body in ("", "[]", "{", '"x"'):
        answer = client.post("/api/workflows/actions/enroll", data=body, headers=headers)
        assert answer.status_code == 422


def test_a_cancelled_account_says_so(
    builder: Builder, account: Account, course: Course, contact: Contact
) -> None:
    account.cancel()
    answer = builder.enroll(course, contact)
    assert answer.status_code == 409
    assert "This account was cancelled" in answer.get_json()["error"]
    assert db.session.query(Enrollment).count() == 0
