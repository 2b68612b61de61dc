"""Onto a course and off it again: once per learner, within the trial, and known at SCORM Cloud."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import connections
from app.accounts import trial
from app.enrollments import enrolling
from app.errors import Conflict, LimitReached
from app.extensions import db
from app.models import (
    Account,
    Course,
    CourseStatus,
    Enrollment,
    Learner,
    Source,
    acting_for,
    now,
)
from tests.enrollments.conftest import Work, calls, enrollments, in_parallel
from tests.factories import make_account, make_course, make_enrollment, make_learner, sign_in
from tests.fixtures.sandbox import Sandbox


def enroll(course: Course, learner: Learner) -> tuple[Enrollment, bool]:
    with acting_for(course.account_id):
        enrollment, new = enrolling.enroll(learner, course, Source.DASHBOARD, by="Olivia")
        db.session.commit()
    return enrollment, new


def withdraw(enrollment: Enrollment) -> None:
    with acting_for(enrollment.account_id):
        enrolling.withdraw(enrollment)
        db.session.commit()


def test_an_enrolment_makes_one_registration(
    course: Course, account: Account, sandbox: Sandbox, work: Work
) -> None:
    enrollment, new = enroll(course, make_learner(account))
    assert new
    assert not enrollment.registered
    work()
    assert enrollments()[0].registered
    assert connections.scorm_cloud(account).registration_exists(enrollment.registration_id)
    assert len(calls(sandbox, "POST", "/registrations")) == 1


def test_somebody_who_is_enrolled_is_only_found(course: Course, account: Account) -> None:
    learner = make_learner(account)
    first, _ = enroll(course, learner)
    again, new = enroll(course, learner)
    assert (again.id, new) == (first.id, False)


@pytest.mark.parametrize("status", [CourseStatus.PROCESSING, CourseStatus.ERROR])
def test_only_a_ready_course_takes_people(app: Flask, status: CourseStatus) -> None:
    account = make_account()
    course = make_course(account, status=status)
    with pytest.raises(Conflict, match="Course not available"):
        enroll(course, make_learner(account))
    db.session.rollback()
    assert not enrollments()


def test_a_lost_answer_makes_no_second_registration(
    course: Course, account: Account, sandbox: Sandbox, work: Work
) -> None:
    enroll(course, make_learner(account))
    sandbox.cloud.faults(timeout_after=1, hold_s=0.2, match="POST /.*registrations")
    work()
    [enrollment] = enrollments()
    assert (enrollment.registered, enrollment.owes_work) == (False, True)
    sandbox.cloud.faults()
    work(ahead=timedelta(minutes=1))
    [enrollment] = enrollments()
    assert (enrollment.registered, enrollment.owes_work) == (True, False)
    assert len(calls(sandbox, "POST", "/registrations")) == 1


def test_while_the_keys_are_refused_the_registration_waits_and_then_heals(
    course: Course, account: Account, sandbox: Sandbox, work: Work
) -> None:
    account.scorm_secret_key = "wrong"
    enroll(course, make_learner(account))
    work()
    [enrollment] = enrollments()
    assert (enrollment.owes_work, enrollment.parked_at) == (True, None)
    account.scorm_secret_key = "sandbox-secret"
    db.session.commit()
    work(ahead=timedelta(minutes=11))
    assert enrollments()[0].registered


def test_a_double_click_enrols_once(app: Flask, account: Account) -> None:
    course, learner = make_course(account), make_learner(account)
    ids = (account.id, course.id, learner.id)
    db.session.commit()
    answers = in_parallel([lambda: enroll_elsewhere(app, *ids)] * 5)
    assert sorted(answers) == [False] * 4 + [True]
    assert len(enrollments()) == 1


def enroll_elsewhere(app: Flask, account_id: str, course_id: str, learner_id: str) -> bool:
    """As another request does it: with a connection and rows of its own."""
    with app.app_context(), acting_for(account_id):
        course = db.session.get_one(Course, course_id)
        learner = db.session.get_one(Learner, learner_id)
        try:
            _, new = enrolling.enroll(learner, course, Source.DASHBOARD)
            db.session.commit()
        except LimitReached:
            db.session.rollback()
            return False
        return new


def test_the_tenth_passes_and_the_eleventh_does_not(course: Course, account: Account) -> None:
    for _ in range(10):
        enroll(course, make_learner(account))
    with pytest.raises(LimitReached, match="10 free registrations"):
        enroll(course, make_learner(account))
    db.session.rollback()
    assert len(enrollments()) == 10


def test_in_parallel_no_more_than_ten_pass(app: Flask, account: Account) -> None:
    course = make_course(account)
    for _ in range(7):
        make_enrollment(course)
    learners = [make_learner(account).id for _ in range(6)]
    ids = (account.id, course.id)
    db.session.commit()

    def enrol(learner_id: str) -> Callable[[], bool]:
        return lambda: enroll_elsewhere(app, *ids, learner_id)

    assert sum(in_parallel([enrol(learner_id) for learner_id in learners])) == 3
    assert len(enrollments()) == 10


def test_through_real_requests_too_no_more_than_ten_pass(
    client: FlaskClient, app: Flask, account: Account
) -> None:
    """Dashboard and link count together."""
    course = make_course(account)
    for _ in range(8):
        make_enrollment(course)
    learners = [make_learner(account, contact_id=f"contact-{number}") for number in range(3)]
    contacts = [learner.crm_contact_id for learner in learners]
    sign_in(client, account)
    token, course_id = course.link.token, course.id  # type: ignore[union-attr]
    forms = [filled_form(app, token, number) for number in range(3)]
    db.session.commit()
    base = app.config["PUBLIC_URL"]

    def by_dashboard(contact: str | None) -> Callable[[], int]:
        environment = dict(client.environ_base)
        cookies = "hub_tab=" + client.get_cookie("hub_tab", domain="hub.localhost").value  # type: ignore[union-attr]

        def send() -> int:
            answer = plain_client(app).post(
                f"/courses/{course_id}/enrollments",
                data={"contact": contact},
                base_url=base,
                environ_base=environment,
                headers={"Cookie": cookies},
            )
            return answer.status_code

        return send

    def by_link(form: dict[str, str]) -> Callable[[], int]:
        return lambda: plain_client(app).post(f"/e/{token}", data=form, base_url=base).status_code

    answers = in_parallel(
        [by_dashboard(contact) for contact in contacts] + [by_link(form) for form in forms]
    )
    assert sorted(answers)[2:] == [409] * 4
    assert all(status in (200, 303) for status in sorted(answers)[:2])
    assert len(enrollments()) == 10


def plain_client(app: Flask) -> FlaskClient:
    """One that shares nothing with the test, for use in a thread."""
    return FlaskClient(app, app.response_class, use_cookies=False)


def filled_form(app: Flask, token: str, number: int) -> dict[str, str]:
    text = app.test_client().get(f"/e/{token}").text
    form_token = text.split('name="form_token" value="')[1].split('"')[0]
    return {
        "first_name": "Grace",
        "last_name": f"Hopper {number}",
        "email": f"grace-{number}@example.com",
        "form_token": form_token,
    }


def test_at_the_limit_who_is_enrolled_goes_on(course: Course, account: Account) -> None:
    learner = make_learner(account)
    enroll(course, learner)
    for _ in range(9):
        make_enrollment(course)
    again, new = enroll(course, learner)
    assert (again.active, new) == (True, False)


def test_removing_who_never_opened_the_course_gives_the_registration_back(
    course: Course, account: Account, sandbox: Sandbox, work: Work
) -> None:
    enrollment, _ = enroll(course, make_learner(account))
    work()
    registration = enrollment.registration_id
    withdraw(enrollments()[0])
    with acting_for(account.id):
        assert trial.used(account) == 0
    work()
    assert not connections.scorm_cloud(account).registration_exists(registration)
    [enrollment] = enrollments()
    assert (enrollment.registered, enrollment.owes_work) == (False, False)


def test_giving_back_is_owed_while_scorm_cloud_is_away(
    course: Course, account: Account, sandbox: Sandbox, work: Work
) -> None:
    enrollment, _ = enroll(course, make_learner(account))
    work()
    withdraw(enrollments()[0])
    sandbox.cloud.faults(down=True)
    work()
    assert enrollments()[0].owes_work
    sandbox.cloud.faults()
    work(ahead=timedelta(minutes=1))
    assert not connections.scorm_cloud(account).registration_exists(enrollment.registration_id)


def test_removed_before_it_was_registered_leaves_nothing_behind(
    course: Course, account: Account, sandbox: Sandbox, work: Work
) -> None:
    enrollment, _ = enroll(course, make_learner(account))
    withdraw(enrollment)
    work()
    assert not calls(sandbox, "POST", "/registrations")
    assert not enrollments()[0].owes_work


def test_removed_and_enrolled_again_has_a_registration(
    course: Course, account: Account, sandbox: Sandbox, work: Work
) -> None:
    learner = make_learner(account)
    enroll(course, learner)
    work()
    withdraw(enrollments()[0])
    enroll(course, learner)
    work()
    [enrollment] = enrollments()
    assert (enrollment.active, enrollment.registered) == (True, True)
    assert connections.scorm_cloud(account).registration_exists(enrollment.registration_id)


@pytest.mark.parametrize("facts", [{"opened_at": now()}, {"attempts_made": 1}])
def test_removing_who_opened_the_course_gives_nothing_back(
    course: Course, account: Account, sandbox: Sandbox, work: Work, facts: dict[str, object]
) -> None:
    enrollment, _ = enroll(course, make_learner(account))
    work()
    [enrollment] = enrollments()
    with acting_for(account.id):
        for name, value in facts.items():
            setattr(enrollment, name, value)
        db.session.commit()
    withdraw(enrollment)
    work()
    assert connections.scorm_cloud(account).registration_exists(enrollment.registration_id)
    with acting_for(account.id):
        assert trial.used(account) == 1


def test_the_owner_removes_a_learner(client: FlaskClient, account: Account) -> None:
    enrollment = make_enrollment(make_course(account))
    sign_in(client, account)
    for _ in range(2):
        path = f"/enrollments/{enrollment.id}/withdraw"
        answer = client.post(path, headers={"HX-Request": "true"})
        assert answer.status_code == 200
    assert not enrollments()[0].active


@pytest.mark.parametrize("action", ["withdraw", "launch"])
def test_another_accounts_enrolment_is_none_at_all(
    client: FlaskClient, account: Account, action: str
) -> None:
    enrollment = make_enrollment(make_course(account))
    path = f"/enrollments/{enrollment.id}/{action}"
    assert client.post(path).status_code == 401
    sign_in(client, make_account("second-location"))
    assert client.post(path).status_code == 404
    assert enrollments()[0].active
