"""A row of any table that has stopped its workers is shown with its reason, and can be retried."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app import schedule
from app.background import run
from app.doorbell import name_of
from app.extensions import db
from app.models import (
    Account,
    Course,
    CourseStatus,
    CrmEffect,
    DriftCheck,
    EffectKind,
    Enrollment,
    OwesWork,
    SyncRun,
    TriggerEvent,
    TriggerFiring,
    TriggerSubscription,
    WebhookEvent,
    across_accounts,
    now,
)
from app.models.owed_work import STOPPED_ITS_WORKERS
from app.sync.attention import TABLES
from tests.factories import make_account, make_course, make_enrollment, make_learner, sign_in


def firing(account: Account) -> TriggerFiring:
    subscription = TriggerSubscription(
        account_id=account.id,
        trigger_id="t",
        workflow_id="w",
        event=TriggerEvent.COMPLETED,
        target_url="https://crm.example.test/t",
    )
    db.session.add(subscription)
    db.session.flush()
    enrollment = make_enrollment(make_course(account, title="Ropes"))
    return TriggerFiring(
        account_id=account.id,
        subscription_id=subscription.id,
        enrollment_id=enrollment.id,
        event=TriggerEvent.COMPLETED,
    )


ROWS: dict[type[OwesWork], Callable[[Account], OwesWork]] = {
    Course: lambda account: make_course(account, status=CourseStatus.PROCESSING, storage_key="p/a"),
    Enrollment: lambda account: make_enrollment(make_course(account)),
    CrmEffect: lambda account: CrmEffect(
        account_id=account.id, kind=EffectKind.CONTACT, subject="s",
        learner_id=make_learner(account).id,
    ),
    WebhookEvent: lambda account: WebhookEvent(
        account_id=account.id, source="crm", key="k", kind="ContactUpdate", body="{}"
    ),
    SyncRun: lambda account: SyncRun(account_id=account.id, course_id=make_course(account).id),
    DriftCheck: lambda account: DriftCheck(account_id=account.id),
    TriggerFiring: firing,
}  # fmt: skip


@pytest.mark.parametrize(("model", "verb"), schedule.OWED, ids=lambda one: one.__name__)
def test_it_is_shown_with_its_reason_and_can_be_tried_again(
    client: FlaskClient, model: type[OwesWork], verb: Callable[..., object]
) -> None:
    account = make_account()
    sign_in(client, account)
    with across_accounts():
        row = ROWS[model](account)
        db.session.add(row)
        row.owe()
        row.leased_until, row.lost_claims = now() - timedelta(seconds=1), 2
        db.session.commit()
        row_id = row.id
    run(name_of(verb), model.__name__, row_id)
    with across_accounts():
        db.session.expire_all()
        parked = db.session.get_one(model, row_id)
        assert parked.parked_at is not None
        assert parked.leased_until is None
    page = html.unescape(client.get("/activity?show=attention").text)
    assert STOPPED_ITS_WORKERS in page
    [table] = [name for name, one in TABLES.items() if one is model]
    address = f"/activity/{table}/{row_id}/retry"
    assert address in page
    assert client.post(address).status_code < 400
    with across_accounts():
        db.session.expire_all()
        again = db.session.get_one(model, row_id)
        assert (again.owes_work, again.lost_claims, again.parked_at) == (True, 0, None)
    if model is SyncRun:
        assert client.get(f"/courses/{again.course_id}").status_code == 200  # type: ignore[attr-defined]


def test_a_run_that_was_given_up_says_so_on_the_course(client: FlaskClient) -> None:
    account = make_account()
    sign_in(client, account)
    with across_accounts():
        course = make_course(account)
        stopped = SyncRun(account_id=account.id, course_id=course.id)
        stopped.owe()
        stopped.park(STOPPED_ITS_WORKERS)
        db.session.add(stopped)
        db.session.commit()
    page = html.unescape(client.get(f"/courses/{course.id}").text)
    assert f"Sync All stopped: {STOPPED_ITS_WORKERS}" in page
