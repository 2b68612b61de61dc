"""The activity page: for its owner, for a stranger, for nobody; and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import audit
from app.extensions import db
from app.models import Account, EffectKind, Enrollment, WebhookEvent, acting_for
from app.sync import activity, ledger, push
from tests.factories import (
    complete,
    make_account,
    make_course,
    make_enrollment,
    make_learner,
    sign_in,
)
from tests.fixtures.sandbox import Sandbox
from tests.sync.conftest import InCrm

Work = Callable[..., None]


@pytest.fixture
def own(app: Flask) -> Account:
    return make_account(name="Harbour")


def parked(account: Account, title: str = "First aid", reason: str = "No such field") -> Enrollment:
    enrollment = make_enrollment(
        make_course(account, title=title), make_learner(account, contact_id="c-1")
    )
    complete(enrollment)
    with acting_for(account.id):
        push.mark(enrollment)
        tags = ledger.find(account.id, EffectKind.TAGS, enrollment.learner_id)
        assert tags is not None
        tags.park(reason)
        db.session.flush()
    return enrollment


def test_signed_out_nobody_sees_it(client: FlaskClient, own: Account) -> None:
    assert client.get("/activity").status_code == 401
    assert client.post("/activity/retry").status_code in (401, 403)


def test_it_opens_with_what_needs_attention_and_why(client: FlaskClient, own: Account) -> None:
    parked(own, reason="The CRM answered 422: no such field")
    sign_in(client, own)
    page = client.get("/activity").text
    assert "Needs attention" in page
    assert "no such field" in page
    assert "First aid" not in page or "Ada" in page


def test_an_empty_account_is_told_that_all_is_well(client: FlaskClient, own: Account) -> None:
    sign_in(client, own)
    assert "Nothing needs attention" in client.get("/activity?show=attention").text
    for name in ("waiting", "written", "received", "people"):
        assert client.get(f"/activity?show={name}").status_code == 200


def test_a_fragment_is_one_element(client: FlaskClient, own: Account) -> None:
    sign_in(client, own)
    part = client.get("/activity", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert 'id="activity"' in part


def test_what_waits_says_what_for(client: FlaskClient, own: Account) -> None:
    parked(own)
    sign_in(client, own)
    assert "Press Provision Now" in client.get("/activity?show=waiting").text


def test_retry_makes_the_row_owe_work_again(client: FlaskClient, own: Account) -> None:
    enrollment = parked(own)
    row = ledger_row(own, enrollment)
    token = sign_in(client, own).csrf_token
    client.post(f"/activity/crm-effect/{row}/retry", data={"csrf_token": token})
    with acting_for(own.id):
        effect = activity.find(own, "crm-effect", row)
        assert effect is not None
        assert effect.owes_work
        assert effect.last_error is None


def test_retry_all_covers_messages_and_enrolments_too(client: FlaskClient, own: Account) -> None:
    enrollment = parked(own)
    with acting_for(own.id):
        enrollment.park("SCORM Cloud said no")
        event = WebhookEvent(account_id=own.id, source="crm", key="k", kind="X", body="{}")
        event.park("broken")
        db.session.add(event)
        db.session.flush()
        assert activity.counts(own).attention == 3
    token = sign_in(client, own).csrf_token
    client.post("/activity/retry", data={"csrf_token": token})
    with acting_for(own.id):
        assert activity.counts(own).attention == 0
        assert "retried everything" in [entry.action for entry in activity.people(own, 1).rows]


def test_a_refused_deletion_at_scorm_cloud_is_shown_and_retried(
    client: FlaskClient, own: Account
) -> None:
    course = make_course(own, title="Old rules")
    with acting_for(own.id):
        course.archive()
        course.park("Switch on “Enable Delete Operations” in SCORM Cloud.")
        db.session.flush()
    token = sign_in(client, own).csrf_token
    page = client.get("/activity").text
    assert "Deleting a course at SCORM Cloud" in page
    assert "Old rules" in page
    assert "Enable Delete Operations" in page
    client.post(f"/activity/course/{course.id}/retry", data={"csrf_token": token})
    with acting_for(own.id):
        assert activity.counts(own).attention == 0
        assert activity.counts(own).waiting == 1


def test_a_course_in_error_waits_for_nothing(client: FlaskClient, own: Account) -> None:
    course = make_course(own)
    with acting_for(own.id):
        course.last_error = "SCORM Cloud answered 503: busy."
        course.become_error("The import took too long.")
        db.session.flush()
        assert activity.counts(own).waiting == 0


def test_another_accounts_rows_are_neither_seen_nor_retried(
    client: FlaskClient, own: Account
) -> None:
    stranger = make_account("second-location")
    enrollment = parked(own, reason="a secret reason")
    row = ledger_row(own, enrollment)
    token = sign_in(client, stranger).csrf_token
    assert "a secret reason" not in client.get("/activity?show=attention").text
    tried = client.post(f"/activity/crm-effect/{row}/retry", data={"csrf_token": token})
    missing = client.post(f"/activity/crm-effect/{'0' * 32}/retry", data={"csrf_token": token})
    assert (tried.status_code, missing.status_code) == (404, 404)
    client.post("/activity/retry", data={"csrf_token": token})
    with acting_for(own.id):
        assert activity.counts(own).attention == 1


def test_who_did_what_is_paged(client: FlaskClient, own: Account) -> None:
    with acting_for(own.id):
        for number in range(activity.PAGE + 3):
            audit.note(own, "Dana", "enrolled", f"Person {number:02d}")
        db.session.flush()
    sign_in(client, own)
    first = client.get("/activity?show=people").text
    second = client.get("/activity?show=people&page=2").text
    assert "Page 1 of 2" in first
    assert ("Person 00" in second) and ("Person 00" not in first)


def test_after_trouble_has_passed_the_page_shows_what_was_written(
    client: FlaskClient,
    account: Account,
    enrollment: Enrollment,
    sandbox: Sandbox,
    work: Work,
    in_crm: InCrm,
) -> None:
    sandbox.crm.faults(rate_500=1)
    complete(enrollment)
    push.mark(enrollment)
    work()
    sign_in(client, account)
    assert "Retrying" in client.get("/activity").text
    sandbox.crm.faults()
    token = sign_in(client, account).csrf_token
    row = ledger.find(account.id, EffectKind.TAGS, enrollment.learner_id)
    assert row is not None
    client.post(f"/activity/crm-effect/{row.id}/retry", data={"csrf_token": token})
    work()
    assert "scorm_passed" in client.get("/activity?show=written").text


def ledger_row(account: Account, enrollment: Enrollment) -> str:
    with acting_for(account.id):
        row = ledger.find(account.id, EffectKind.TAGS, enrollment.learner_id)
        assert row is not None
        return row.id
