"""After an outage a person decides once for all that is alike; what was done is told in true
numbers; what nobody can put right can be dismissed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    CrmEffect,
    EffectKind,
    Enrollment,
    Learner,
    TriggerEvent,
    TriggerFiring,
    TriggerSubscription,
    acting_for,
    now,
)
from app.sync import activity, attention, contacts, ledger, push, triggers
from tests.factories import (
    complete,
    make_account,
    make_course,
    make_enrollment,
    make_learner,
    sign_in,
)

REFUSED = "The CRM did not accept what it was sent to change the tags (it answered 422)."


@pytest.fixture
def own(app: Flask) -> Account:
    return make_account(name="Harbour")


def enrolled(account: Account, number: int) -> list[Enrollment]:
    course = make_course(account)
    return [
        make_enrollment(course, make_learner(account, contact_id=f"{course.id}-{n}"))
        for n in range(number)
    ]


def given_up(account: Account, number: int, reason: str = REFUSED) -> list[Enrollment]:
    """So many learners whose tags were given up for the same reason."""
    found = enrolled(account, number)
    with acting_for(account.id):
        for enrollment in found:
            complete(enrollment)
            push.mark(enrollment)
            tags = ledger.find(account.id, EffectKind.TAGS, enrollment.learner_id)
            assert tags is not None
            tags.park(reason)
        db.session.flush()
    return found


def unsure_starts(account: Account, number: int) -> None:
    """So many workflow starts whose answer was lost in an outage."""
    with acting_for(account.id):
        subscription = TriggerSubscription(
            account_id=account.id, trigger_id="t-1", event=TriggerEvent.ENROLLED,
            target_url="http://127.0.0.1/x", workflow_id="w-1",
        )  # fmt: skip
        db.session.add(subscription)
        db.session.flush()
        for enrollment in enrolled(account, number):
            firing = triggers.owe(subscription, enrollment, TriggerEvent.ENROLLED)
            firing.end_try(unsure=True)
            firing.park(triggers.UNSURE)
        db.session.flush()


def toast(answer: object) -> str:
    return answer.headers.get("HX-Trigger", "")  # type: ignore[attr-defined]


def keys(page: str) -> dict[str, str]:
    """The groups that a page offers: what they are about, and what names them in a form."""
    rows = re.findall(r'<tr id="group-(\w+)">.*?cell-main">(.*?)</span>', page, re.S)
    return {what: key for key, what in rows}


def post(client: FlaskClient, address: str, **form: str) -> str:
    return toast(client.post(address, data=form, headers={"HX-Request": "true"}))


def test_what_is_alike_is_offered_together(client: FlaskClient, own: Account) -> None:
    given_up(own, 12)
    given_up(make_account("second-location"), 3)  # another account's are in no number
    unsure_starts(own, 2)
    sign_in(client, own)
    page = client.get("/activity").text
    assert set(keys(page)) == {"Tags", "Workflow on “enrolled”"}
    assert "Retry all but 2 workflow starts" in page
    assert "2 workflow starts may have happened already: start them again?" in page
    with acting_for(own.id):
        assert [group.number for group in attention.groups(own)] == [12, 2]


def test_retrying_all_tells_truly_what_was_left(client: FlaskClient, own: Account) -> None:
    given_up(own, 8)
    unsure_starts(own, 6)
    sign_in(client, own)
    said = post(client, "/activity/retry", unsure="leave")
    assert "8 tried again now. 6 workflow starts may have happened already and were left." in said
    with acting_for(own.id):
        assert activity.counts(own).attention == 6
        assert db.session.scalars(select(TriggerFiring.due_at)).all() == [None] * 6
    said = post(client, "/activity/retry", unsure="again")
    assert "6 tried again now." in said
    with acting_for(own.id):
        assert activity.counts(own).attention == 0


def test_one_group_is_retried_and_the_other_dismissed(client: FlaskClient, own: Account) -> None:
    given_up(own, 3)
    with acting_for(own.id):
        for enrollment in db.session.scalars(select(Enrollment).limit(2)).all():
            enrollment.park("SCORM Cloud refused.")
        db.session.flush()
    sign_in(client, own, "Olivia Owner")
    found = keys(client.get("/activity").text)
    said = post(client, "/activity/dismiss", group=found["Registration at SCORM Cloud"])
    assert "2 dismissed." in said
    assert "3 tried again now." in post(client, "/activity/retry", group=found["Tags"])
    with acting_for(own.id):
        assert activity.counts(own).attention == 0
        lines = activity.dismissed(own, 1).rows
        assert [(line.state, line.dismissed) for line in lines] == [
            ("Dismissed", "Olivia Owner")
        ] * 2
        noted = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "dismissed")).one()
        assert (noted.actor, noted.subject) == ("Olivia Owner", "2 × Registration at SCORM Cloud")
        assert noted.details["reason"] == "SCORM Cloud refused."
    page = client.get("/activity?show=dismissed").text
    assert "by Olivia Owner" in page
    assert "Nothing was left to dismiss." in post(client, "/activity/dismiss", group="f" * 16)


def test_nothing_is_dismissed_without_choosing_what(client: FlaskClient, own: Account) -> None:
    given_up(own, 2)
    sign_in(client, own)
    assert client.post("/activity/dismiss").status_code == 422
    with acting_for(own.id):
        assert activity.counts(own).attention == 2


def test_what_was_dismissed_can_still_be_retried(client: FlaskClient, own: Account) -> None:
    given_up(own, 1)
    with acting_for(own.id):
        row = db.session.scalars(select(CrmEffect).where(CrmEffect.parked_at.is_not(None))).one()
        row_id = row.id
    sign_in(client, own)
    assert "Dismissed." in post(client, f"/activity/crm-effect/{row_id}/dismiss")
    with acting_for(own.id):
        assert activity.counts(own).attention == 0
    assert "It is tried again now." in post(client, f"/activity/crm-effect/{row_id}/retry")
    with acting_for(own.id):
        row = db.session.get_one(CrmEffect, row_id)
        assert row.owes_work
        assert row.dismissed_at is None


def test_a_deleted_contact_is_dismissed_for_good(client: FlaskClient, own: Account) -> None:
    """The counter reaches 0, and the next progress of the same learner does not bring it back."""
    [enrollment] = given_up(own, 1, contacts.GONE)
    with acting_for(own.id):
        learner = db.session.get_one(Learner, enrollment.learner_id)
        learner.lose_contact()
        push.mark_learner(learner)
        db.session.flush()
        assert activity.counts(own).attention > 0
    sign_in(client, own)
    for key in keys(client.get("/activity").text).values():
        post(client, "/activity/dismiss", group=key)
    with acting_for(own.id):
        assert activity.counts(own).attention == 0
        again = db.session.get_one(Enrollment, enrollment.id)
        complete(again, score=60, at=now() + timedelta(days=1))
        push.mark(again)
        db.session.flush()
        assert activity.counts(own).attention == 0


def test_another_accounts_rows_cannot_be_dismissed(client: FlaskClient, own: Account) -> None:
    given_up(own, 2)
    with acting_for(own.id):
        [group] = attention.groups(own)
        row = db.session.scalars(select(CrmEffect).where(CrmEffect.parked_at.is_not(None))).first()
        assert row is not None
        row_id = row.id
    sign_in(client, make_account("second-location"))
    assert "Nothing was left" in post(client, "/activity/dismiss", group=group.key)
    assert client.post(f"/activity/crm-effect/{row_id}/dismiss").status_code == 404
    with acting_for(own.id):
        assert activity.counts(own).attention == 2


def test_nothing_is_retried_for_a_cancelled_account(client: FlaskClient, own: Account) -> None:
    given_up(own, 2)
    sign_in(client, own)
    own.cancel()
    answer = client.post("/activity/retry")
    assert answer.status_code == 409
    assert "This account was cancelled" in answer.text
    with acting_for(own.id):
        assert activity.counts(own).attention == 2
