"""The self-enrolment link: anybody may join by it, and nobody learns about anybody else."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.courses import removing
from app.enrollments import enrolling, form_uses, public
from app.extensions import db
from app.models import (
    Account,
    Course,
    CourseStatus,
    Enrollment,
    FormUse,
    Learner,
    across_accounts,
    acting_for,
    now,
)
from tests.enrollments.conftest import enrollments
from tests.factories import make_course, make_enrollment, make_learner, sign_in

ADA = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}


@pytest.fixture
def course(account: Account) -> Course:
    """These tests launch nothing, so it need not exist at SCORM Cloud."""
    return make_course(account)


@pytest.fixture
def address(course: Course) -> str:
    assert course.link
    return f"/e/{course.link.token}"


def form_token(client: FlaskClient, address: str) -> str:
    return token_in(client.get(address))


def token_in(page: TestResponse) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, "the form is not shown"
    return html.unescape(found[1])


def send(client: FlaskClient, address: str, **typed: str) -> TestResponse:
    """Opens the form and sends it."""
    token = typed.pop("form_token", None) or form_token(client, address)
    return client.post(address, data={**ADA, "form_token": token, **typed})


def learners() -> list[Learner]:
    with across_accounts():
        return db.session.query(Learner).all()


def test_name_and_address_are_enough(client: FlaskClient, address: str) -> None:
    answer = send(client, address)
    assert (answer.status_code, answer.location) == (303, address)
    [enrollment] = enrollments()
    assert (enrollment.source, enrollment.owes_work) == ("link", True)
    assert "Start the course" in client.get(address).text


def test_looking_never_enrols(client: FlaskClient, address: str) -> None:
    for _ in range(3):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert not enrollments()
    assert not learners()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"first_name": "  "}, "Please enter your first name."),
        ({"last_name": ""}, "Please enter your last name."),
        ({"email": "ada@"}, "Please enter a valid e-mail address."),
        ({"email": "two words@example.com"}, "Please enter a valid e-mail address."),
        ({"first_name": "\u202e\u200b"}, "Please enter your first name."),
    ],
)
def test_bad_input_loses_nothing(
    client: FlaskClient, address: str, typed: dict[str, str], sentence: str
) -> None:
    answer = send(client, address, **typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    for name, value in {**ADA, **typed}.items():
        assert f'name="{name}"' in answer.text
        assert not value.strip() or html.escape(value) in answer.text
    assert not enrollments()


def test_a_hostile_name_is_only_text(client: FlaskClient, address: str) -> None:
    answer = send(client, address, first_name='"><script>alert(1)</script>', email="no")
    assert "<script>alert(1)" not in answer.text
    send(client, address, first_name="<b>Ada</b>\u202e\x07\n", last_name="ø" * 500)
    [learner] = learners()
    assert (learner.first_name, learner.last_name) == ("<b>Ada</b>", "ø" * 120)


def test_a_name_that_is_no_text_is_refused(client: FlaskClient, address: str) -> None:
    answer = send(client, address, first_name="Ada\x00")
    assert answer.status_code == 400
    assert "no text" in answer.text
    assert not enrollments()


def test_capitals_and_outer_spaces_are_the_same_person(client: FlaskClient, address: str) -> None:
    send(client, address, email="  Ada@Example.COM ")
    other_browser = client.application.test_client()
    answer = send(other_browser, address, email="ADA@example.com")
    assert "You may be enrolled already" in answer.text
    assert len(learners()) == len(enrollments()) == 1


def test_a_known_address_shows_and_changes_nothing_of_that_person(
    client: FlaskClient, address: str, course: Course, account: Account
) -> None:
    known = make_learner(account, first_name="Grace", last_name="Hopper", email=ADA["email"])
    enrollment = make_enrollment(course, known, score=12.0, completion="completed")
    answer = send(client, address)
    for word in ("Grace", "Hopper", "12 %", "12%", "completed this course"):
        assert word not in answer.text
    assert "Start the course" not in client.get(address).text
    assert client.post(f"{address}/launch").location == address, "back to the form"
    [learner] = learners()
    assert learner.name == "Grace Hopper"
    assert enrollments()[0].id == enrollment.id


def test_a_contact_who_is_new_on_the_course_keeps_name_and_contact(
    client: FlaskClient, address: str, account: Account
) -> None:
    make_learner(account, first_name="Grace", email=ADA["email"], contact_id="contact-1")
    assert send(client, address).status_code == 303
    [learner] = learners()
    assert (learner.first_name, learner.crm_contact_id) == ("Grace", "contact-1")
    assert len(enrollments()) == 1


def test_who_was_removed_with_a_record_is_not_let_in_by_typing_the_address(
    client: FlaskClient, address: str, course: Course, account: Account
) -> None:
    learner = make_learner(account, email=ADA["email"])
    enrollment = make_enrollment(course, learner, completion="completed", attempts_made=2)
    withdraw(enrollment)
    answer = send(client, address)
    assert "You may be enrolled already" in answer.text
    assert not enrollments()[0].active


def test_who_was_removed_before_anything_was_done_may_join_again(
    client: FlaskClient, address: str, course: Course, account: Account
) -> None:
    withdraw(make_enrollment(course, make_learner(account, email=ADA["email"])))
    assert send(client, address).status_code == 303
    assert enrollments()[0].active


def withdraw(enrollment: Enrollment) -> None:
    with acting_for(enrollment.account_id):
        enrolling.withdraw(enrollment)
        db.session.commit()


def test_a_browser_that_keeps_no_cookie_can_start_all_the_same(
    client: FlaskClient, address: str, account: Account
) -> None:
    """The answer to the form leads on, with a key that opens this one course."""
    browser = client.application.test_client(use_cookies=False)
    answer = send(browser, address)
    assert "Start the course" in answer.text
    found = re.search(r'name="key" value="([^"]+)"', answer.text)
    assert found
    other = make_course(account, title="Other")
    assert other.link
    for path, key in ((f"/e/{other.link.token}", found[1]), (address, found[1] + "x")):
        refused = browser.post(f"{path}/launch", data={"key": key})
        assert refused.location == path, "back to the form"
    personal = browser.get(f"{address}/as/{found[1]}")
    assert "Start the course" in browser.get(personal.location).text


def test_the_same_form_sent_twice_is_one_enrolment(client: FlaskClient, address: str) -> None:
    """A double click: the browser shows the second answer, which must not shut the learner out."""
    token = form_token(client, address)
    for browser in (client.application.test_client(), client):
        browser.get(address)  # as any browser has done that can send the form
        assert send(browser, address, form_token=token).status_code == 303
    assert len(enrollments()) == 1
    assert "Start the course" in client.get(address).text


def test_a_form_is_taken_once_and_the_next_person_gets_a_new_one(
    client: FlaskClient, address: str
) -> None:
    token = form_token(client, address)
    send(client, address, form_token=token)
    other_browser = client.application.test_client()
    answer = send(other_browser, address, form_token=token, email="grace@example.com")
    assert answer.status_code == 422
    assert "This form was sent before" in answer.text
    assert "grace@example.com" in answer.text, "what was typed stays"
    assert len(enrollments()) == len(learners()) == 1
    new = token_in(answer)
    assert (
        send(other_browser, address, form_token=new, email="grace@example.com").status_code == 303
    )
    assert len(enrollments()) == len(learners()) == 2


def test_a_form_that_told_of_a_known_address_tells_of_no_other(
    client: FlaskClient, address: str, course: Course, account: Account
) -> None:
    """One opened form is one question."""
    for email in ("one@example.com", "two@example.com"):
        make_enrollment(course, make_learner(account, email=email))
    token = form_token(client, address)
    for _ in range(2):  # a double click gets the same answer
        answer = send(client, address, form_token=token, email="one@example.com")
        assert "You may be enrolled already" in answer.text
    answer = send(client, address, form_token=token, email="two@example.com")
    assert "You may be enrolled already" not in answer.text
    assert "This form was sent before" in answer.text


def test_sent_again_after_a_mistake_the_form_counts_as_new(
    client: FlaskClient, address: str
) -> None:
    wrong = send(client, address, email="ada@")
    assert send(client, address, form_token=token_in(wrong)).status_code == 303
    assert len(enrollments()) == 1


def test_sent_again_after_a_removal_the_form_does_nothing(
    client: FlaskClient, address: str
) -> None:
    """Going back and sending the old page again must not undo what an admin did."""
    token = form_token(client, address)
    send(client, address, form_token=token)
    withdraw(enrollments()[0])
    assert "You may be enrolled already" in send(client, address, form_token=token).text
    assert not enrollments()[0].active


def test_a_form_lasts_two_hours_and_what_was_typed_lasts_longer(
    client: FlaskClient, address: str
) -> None:
    late, too_late = form_token(client, address), form_token(client, address)
    with time_machine.travel(now() + timedelta(hours=1, minutes=58), tick=True):
        assert send(client, address, form_token=late).status_code == 303
    with time_machine.travel(now() + timedelta(hours=2, minutes=2), tick=True):
        other = client.application.test_client()
        answer = send(other, address, form_token=too_late, email="grace@example.com")
        assert answer.status_code == 422
        assert "The form was open too long" in answer.text
        assert "grace@example.com" in answer.text
        again = send(other, address, form_token=token_in(answer), email="grace@example.com")
        assert again.status_code == 303


def test_uses_of_forms_are_forgotten_when_the_forms_have_expired(
    client: FlaskClient, address: str
) -> None:
    token = form_token(client, address)
    send(client, address, form_token=token)
    with time_machine.travel(now() + timedelta(hours=3), tick=True):
        form_uses.forget_old()
        db.session.commit()
    assert send(client, address, form_token=token).status_code == 303, "a double click still"
    with time_machine.travel(now() + timedelta(hours=5), tick=True):
        form_uses.forget_old()
        db.session.commit()
        with across_accounts():
            assert not db.session.scalars(select(FormUse)).all()


# A school behind one address


def test_a_school_of_three_hundred_enrolls_within_minutes(
    client: FlaskClient, address: str, account: Account
) -> None:
    account.go_live()
    for number in range(300):
        answer = send(client.application.test_client(), address, email=f"{number}@example.com")
        assert answer.status_code == 303, number
    assert len(enrollments()) == 300


def test_whoever_tries_addresses_is_stopped_and_seen_and_stands_in_nobodys_way(
    client: FlaskClient, address: str, course: Course, account: Account
) -> None:
    make_enrollment(course, make_learner(account, email=ADA["email"]))
    for _ in range(60):
        assert "You may be enrolled already" in send(client, address).text
    for _ in range(2):
        answer = send(client, address)
        assert answer.status_code == 429
        assert "Too many attempts by this link" in answer.text
        assert "Please wait" in answer.text
        assert ADA["email"] in answer.text, "what was typed stays"
        assert int(answer.headers["Retry-After"]) > 60
    classmate = client.application.test_client()
    assert send(classmate, address, email="grace@example.com").status_code == 303
    admin = client.application.test_client()
    sign_in(admin, account)
    audit = admin.get("/activity?show=people").text
    assert audit.count("Refused self-enrollments") == 1
    assert "the self-enrollment link" in audit


def test_a_link_that_is_flooded_takes_a_pause(
    client: FlaskClient, address: str, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.go_live()
    monkeypatch.setattr(
        public, "NEW", ("enrollments by this link", "3 per 10 minute", "5 per hour")
    )
    answers = []
    for number in range(7):
        network = {"REMOTE_ADDR": f"203.0.113.{number // 3}"}
        browser = client.application.test_client()
        form = {**ADA, "email": f"{number}@example.com", "form_token": form_token(browser, address)}
        answers.append(browser.post(address, data=form, environ_base=network).status_code)
    assert answers == [303, 303, 303, 303, 303, 429, 429]
    assert len(enrollments()) == len(learners()) == 5, "who was refused leaves nothing behind"


def test_a_form_of_another_course_or_of_nobody_is_not_taken(
    client: FlaskClient, address: str, account: Account
) -> None:
    other = make_course(account).link
    assert other
    for token in ("", "guessed", form_token(client, f"/e/{other.token}")):
        answer = client.post(address, data={**ADA, "form_token": token})
        assert answer.status_code == 422
        assert "Please send it again" in answer.text
        assert ADA["email"] in answer.text
    assert not enrollments()


def test_a_robot_that_fills_every_field_enrols_nobody(client: FlaskClient, address: str) -> None:
    assert send(client, address, website="https://spam.example").status_code == 200
    assert not enrollments()


@pytest.mark.parametrize("status", [CourseStatus.PROCESSING, CourseStatus.ERROR])
def test_a_course_that_is_not_ready_says_so(
    client: FlaskClient, address: str, course: Course, status: CourseStatus
) -> None:
    token = form_token(client, address)
    with across_accounts():
        db.session.get_one(Course, course.id).status = status
        db.session.commit()
    for answer in (client.get(address), send(client, address, form_token=token)):
        assert answer.status_code == 200
        assert "Course not available" in answer.text
    assert not enrollments()


def test_a_deleted_course_says_so_too(
    client: FlaskClient, address: str, course: Course, account: Account
) -> None:
    make_enrollment(course)
    with acting_for(account.id):
        removing.remove(course)
    assert "Course not available" in client.get(address).text


def test_a_replaced_link_explains_itself_and_the_new_one_works(
    client: FlaskClient, address: str, course: Course, account: Account
) -> None:
    token = form_token(client, address)
    with acting_for(account.id):
        new = removing.replace_link(course).token
    for answer in (client.get(address), send(client, address, form_token=token)):
        assert "was replaced by a new one" in answer.text
    assert send(client, f"/e/{new}").status_code == 303


def test_at_the_limit_new_people_are_told_friendly_and_others_go_on(
    client: FlaskClient, address: str, course: Course
) -> None:
    send(client, address)
    for _ in range(9):
        make_enrollment(course)
    other = client.application.test_client()
    answer = send(other, address, email="grace@example.com")
    assert answer.status_code == 409
    assert "You did nothing wrong" in answer.text
    assert "rial" not in answer.text
    assert len(enrollments()) == 10
    assert len(learners()) == 10, "who was refused leaves nothing behind"
    assert "Start the course" in client.get(address).text


@pytest.mark.parametrize("token", ["unknown", "a" * 500, "%00", "..%2f"])
def test_a_link_that_leads_nowhere_is_not_found(app: Flask, token: str) -> None:
    answer = app.test_client().get(f"/e/{token}")
    assert answer.status_code in (400, 404)
    assert "Traceback" not in answer.text


def test_the_pass_opens_only_what_this_browser_enrolled_in(
    client: FlaskClient, address: str, account: Account
) -> None:
    send(client, address)
    other = make_course(account)
    make_enrollment(other, learners()[0])
    assert other.link
    assert "Start the course" not in client.get(f"/e/{other.link.token}").text
    forged = client.application.test_client()
    forged.set_cookie(
        "hub_learner", '["' + enrollments()[0].id + '"].forged', domain="hub.localhost"
    )
    assert "Start the course" not in forged.get(address).text
