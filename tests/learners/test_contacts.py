"""The live search of the CRM's contacts, and a learner made from one of them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app import connections
from app.clients.crm import Contact
from app.enrollments import enrolling
from app.extensions import db
from app.learners import contacts
from app.models import Account, ContactState, Course, CourseStatus, Source, acting_for
from tests.enrollments.conftest import enrollments
from tests.factories import install_account, make_account, make_course, make_learner, sign_in
from tests.fixtures.sandbox import Sandbox
from tests.learners.conftest import learners

HTMX = {"HX-Request": "true"}


def search(client: FlaskClient, course: Course, query: str) -> str:
    path = f"/courses/{course.id}/contacts"
    return client.get(path, query_string={"q": query}, headers=HTMX).text


def enroll(client: FlaskClient, course: Course, contact_id: str) -> int:
    path = f"/courses/{course.id}/enrollments"
    return client.post(path, data={"contact": contact_id}, headers=HTMX).status_code


def test_one_letter_is_too_few_and_asks_nobody(
    client: FlaskClient, course: Course, sandbox: Sandbox
) -> None:
    sandbox.crm.faults(down=True)
    assert "Type at least two letters" in search(client, course, " z ")
    assert "could not be loaded" not in search(client, course, "")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("zo", "Zoë Ångström"),
        ("Ångström", "Zoë Ångström"),
        ("Grace Okafor", "Grace Okafor"),
        ("grace.okafor+training", "Grace Okafor"),
        ("GRACE.OKAFOR+TRAINING", "Grace Okafor"),
    ],
)
def test_contacts_are_found_by_name_and_address(
    client: FlaskClient, course: Course, query: str, name: str
) -> None:
    assert name in search(client, course, query)


def test_a_contact_without_address_is_shown_and_explained(
    client: FlaskClient, course: Course
) -> None:
    text = search(client, course, "Tomás")
    assert "Tomás Ó Súilleabháin" in text
    assert "No e-mail address" in text


def test_contacts_of_another_location_are_not_found(client: FlaskClient, course: Course) -> None:
    assert "No contact matches" in search(client, course, "Krishnan")


def test_nobody_found_says_so_and_what_was_typed_is_only_text(
    client: FlaskClient, course: Course
) -> None:
    text = search(client, course, "<script>alert(1)</script>")
    assert "No contact matches" in text
    assert "<script>alert" not in text


def test_with_the_crm_away_there_is_a_sentence_and_a_retry(
    client: FlaskClient, course: Course, sandbox: Sandbox
) -> None:
    sandbox.crm.faults(down=True)
    text = search(client, course, "grace")
    assert "The contacts could not be loaded" in text
    assert f"/courses/{course.id}/contacts?q=grace" in text
    sandbox.crm.faults()
    assert "Grace Okafor" in search(client, course, "grace")


def test_a_contact_is_enrolled_and_then_shown_as_such(
    client: FlaskClient, course: Course, grace: Contact
) -> None:
    for _ in range(2):
        assert enroll(client, course, grace.id) == 200
    [learner] = learners()
    assert (learner.name, learner.crm_contact_id) == ("Grace Okafor", grace.id)
    assert learner.email == grace.email
    [enrollment] = enrollments()
    assert (enrollment.source, enrollment.enrolled_by) == (Source.DASHBOARD, "Olivia Owner")
    text = search(client, course, "grace okafor")
    assert "Enrolled" in text
    assert grace.id not in text.split("Enrolled")[1]
    assert "Grace Okafor" in client.get(f"/courses/{course.id}").text


def test_a_contact_who_enrolled_by_the_link_is_the_same_learner(
    client: FlaskClient, account: Account, course: Course, grace: Contact
) -> None:
    waiting = make_learner(account, first_name="G", email=grace.email.lower())
    with acting_for(account.id):
        enrolling.enroll(waiting, course, Source.LINK)
        db.session.commit()
    assert enroll(client, course, grace.id) == 200
    [learner] = learners()
    assert (learner.crm_contact_id, learner.contact_state) == (grace.id, ContactState.LINKED)
    assert len(enrollments()) == 1


@pytest.mark.parametrize("contact", ["unknown", "\x00"])
def test_a_contact_that_is_not_there_is_not_enrolled(
    client: FlaskClient, course: Course, contact: str
) -> None:
    assert enroll(client, course, contact) in (400, 404)
    assert not learners()


def test_a_contact_of_another_location_is_not_enrolled(
    client: FlaskClient, course: Course, sandbox: Sandbox
) -> None:
    other = install_account(sandbox, "second-location")
    contact = connections.crm(other).search_contacts("Krishnan")[0]
    assert enroll(client, course, contact.id) == 404
    assert not learners()


def test_with_the_crm_away_nobody_is_enrolled_by_half(
    client: FlaskClient, course: Course, grace: Contact, sandbox: Sandbox
) -> None:
    sandbox.crm.faults(down=True)
    answer = client.post(f"/courses/{course.id}/enrollments", data={"contact": grace.id})
    assert answer.status_code == 503
    assert "try again" in answer.text
    assert not learners()


def test_a_refused_enrolment_leaves_no_learner_behind(
    client: FlaskClient, account: Account, course: Course, grace: Contact
) -> None:
    for _ in range(10):
        with acting_for(account.id):
            enrolling.enroll(make_learner(account), course, Source.DASHBOARD)
    answer = client.post(f"/courses/{course.id}/enrollments", data={"contact": grace.id})
    assert answer.status_code == 409
    assert "10 free registrations" in answer.text
    assert "Go Live" in answer.text
    assert grace.id not in [learner.crm_contact_id for learner in learners()]


def test_a_course_that_is_not_ready_takes_nobody(
    client: FlaskClient, account: Account, grace: Contact
) -> None:
    course = make_course(account, status=CourseStatus.PROCESSING)
    assert enroll(client, course, grace.id) == 409
    assert "Enroll a Contact" not in client.get(f"/courses/{course.id}").text
    assert not learners()


def test_strangers_and_signed_out_people_search_nothing(
    client: FlaskClient, course: Course, account: Account
) -> None:
    path = f"/courses/{course.id}/contacts?q=grace"
    assert client.application.test_client().get(path).status_code == 401
    sign_in(client, make_account("second-location"))
    assert client.get(path).status_code == 404
    assert client.get(f"/learners/{make_learner(account).id}").status_code == 404


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("\u202eAda\u0000\u200b Love\u00adlace", "Ada Lovelace"),
        ("علی\u200cرضا", "علی\u200cرضا"),  # Persian, two parts of one name
        ("क्\u200dष", "क्\u200dष"),  # Devanagari, a sign and its joiner
        ("\u200cعلی\u200d", "علی"),
        ("Ada \u200d Lovelace", "Ada Lovelace"),
        ("A\u200c\u200dda", "Ada"),
        ("e\u0301ve", "éve"),
    ],
)
def test_a_name_keeps_what_belongs_to_it_and_nothing_that_hides(typed: str, kept: str) -> None:
    assert contacts.clean_name(typed) == kept
