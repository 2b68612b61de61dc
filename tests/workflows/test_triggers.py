"""Our triggers: kept as the CRM tells, filtered, and fired once per event."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app import connections
from app.background import run
from app.clients.crm import Contact
from app.enrollments import enrolling
from app.extensions import db
from app.learners import contacts
from app.models import (
    Account,
    Completion,
    Course,
    Enrollment,
    Outcome,
    Source,
    Standing,
    TriggerEvent,
    TriggerFiring,
    TriggerSubscription,
)
from app.sync import activity, triggers
from tests.factories import install_account, make_enrollment, make_learner, sign_in
from tests.fixtures.sandbox import Sandbox
from tests.workflows.conftest import Builder, Work

COMPLETED, FAILED, ENROLLED = "course_completed", "course_failed", "enrolled"


def fired(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [effect["value"] for effect in sandbox.crm.effects("trigger_fired")]


def subscriptions() -> list[TriggerSubscription]:
    return db.session.query(TriggerSubscription).all()


@pytest.fixture
def enrollment(account: Account, course: Course, contact: Contact) -> Enrollment:
    learner = contacts.learner_from_contact(account, contact.id)
    return make_enrollment(course, learner)


def complete(enrollment: Enrollment, score: float = 90, result: Outcome = Outcome.PASSED) -> None:
    standing = Standing(Completion.COMPLETED, result, score)
    enrollment.progress = replace(enrollment.progress, standing=standing)
    triggers.note(enrollment, TriggerEvent.COMPLETED)
    db.session.commit()


# Subscriptions


def test_saved_changed_and_removed(builder: Builder, course: Course) -> None:
    assert builder.save(COMPLETED).get_json() == {"status": "subscribed"}
    filters = [{"field": "course", "operator": "eq", "value": course.id, "title": "Course"}]
    assert builder.save(COMPLETED, eventType="UPDATED", filters=filters).status_code == 200
    assert len(subscriptions()) == 1
    assert subscriptions()[0].filters[0]["value"] == course.id
    assert subscriptions()[0].workflow_id == "w-1"
    assert builder.save(COMPLETED, eventType="DELETED").get_json() == {"status": "removed"}
    assert subscriptions()[0].ended_at is not None
    assert builder.save(COMPLETED, eventType="DELETED", trigger_id="never").status_code == 200
    assert builder.save(COMPLETED).status_code == 200
    assert subscriptions()[0].ended_at is None


PATH = "/workflows-marketplace/triggers/execute/a/b"


@pytest.mark.parametrize(
    "target",
    [
        f"http://elsewhere.example{PATH}",
        f"https://crm.localhost:{{port}}{PATH}",
        f"http://crm.localhost.evil.example:{{port}}{PATH}",
        f"http://user@elsewhere.example:{{port}}{PATH}",
        f"http://crm.localhost:1{PATH}",
        "http://crm.localhost:{port}/contacts/x",
        "http://crm.localhost:{port}/workflows-marketplace/triggers/execute/../../contacts",
        "http://crm.localhost:{port}" + PATH + "/c",
        "http://crm.localhost:{port}" + PATH + "?x=1",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_addresses_of_the_crm_are_kept(builder: Builder, target: str) -> None:
    answer = builder.save(COMPLETED, targetUrl=target.format(port=builder.ports.crm))
    assert answer.status_code == 422
    assert subscriptions() == []


def test_what_cannot_be_understood_is_refused(builder: Builder) -> None:
    assert builder.save("course_opened").status_code == 422
    odd = [{"field": "score", "operator": "sounds like", "value": "80"}]
    answer = builder.save(COMPLETED, filters=odd)
    assert answer.status_code == 422
    assert "comparison with a number" in answer.get_json()["error"]


# Firing


def test_a_completion_starts_the_workflow_once(
    builder: Builder, enrollment: Enrollment, contact: Contact, sandbox: Sandbox, work: Work
) -> None:
    builder.save(COMPLETED)
    complete(enrollment)
    work()
    complete(enrollment)
    work(ahead=timedelta(hours=1))
    [started] = fired(sandbox)
    assert started["contactId"] == contact.id
    assert started["event"] == COMPLETED
    assert started["courseTitle"] == "Fire Safety"
    assert started["score"] == 90


def test_each_event_starts_its_own_workflows(
    builder: Builder, course: Course, account: Account, contact: Contact, sandbox: Sandbox,
    work: Work,
) -> None:  # fmt: skip
    builder.save(ENROLLED, "t-1")
    builder.save(COMPLETED, "t-2")
    builder.save(ENROLLED, "t-3")
    builder.save(ENROLLED, "t-4", eventType="DELETED")
    learner = contacts.learner_from_contact(account, contact.id)
    enrolling.enroll(learner, course, Source.DASHBOARD)
    enrolling.enroll(learner, course, Source.DASHBOARD)
    work()
    assert [one["event"] for one in fired(sandbox)] == [ENROLLED, ENROLLED]


def test_the_action_starts_workflows_too(
    builder: Builder, course: Course, contact: Contact, sandbox: Sandbox, work: Work
) -> None:
    builder.save(ENROLLED)
    builder.enroll(course, contact)
    builder.enroll(course, contact)
    work()
    assert len(fired(sandbox)) == 1


@pytest.mark.parametrize(
    ("score", "number"), [(79.9, 0), (80, 1), (95, 1)], ids=["below", "at", "above"]
)
def test_filters_decide(
    builder: Builder,
    enrollment: Enrollment,
    sandbox: Sandbox,
    work: Work,
    score: float,
    number: int,
) -> None:
    mine = {"field": "course", "operator": "any_of", "value": [enrollment.course_id, "other"]}
    good = {"field": "score", "operator": ">=", "value": "80"}
    builder.save(COMPLETED, filters=[mine, good])
    builder.save(COMPLETED, "t-2", filters=[{**mine, "value": "another course"}])
    complete(enrollment, score)
    work()
    assert len(fired(sandbox)) == number


def test_a_removed_workflow_is_not_started_any_more(
    builder: Builder, enrollment: Enrollment, sandbox: Sandbox, work: Work
) -> None:
    builder.save(COMPLETED)
    complete(enrollment)
    builder.save(COMPLETED, eventType="DELETED")
    work()
    assert fired(sandbox) == []


def test_trouble_that_passes_is_waited_out(
    builder: Builder, enrollment: Enrollment, sandbox: Sandbox, work: Work
) -> None:
    builder.save(COMPLETED)
    sandbox.crm.faults(rate_500=1)
    complete(enrollment)
    work()
    assert fired(sandbox) == []
    sandbox.crm.faults()
    work(ahead=timedelta(minutes=1))
    assert len(fired(sandbox)) == 1


def test_a_lost_answer_is_left_to_a_person(
    builder: Builder, enrollment: Enrollment, account: Account, sandbox: Sandbox, work: Work
) -> None:
    """Whether the workflow ran cannot be seen, so it is never started twice by itself."""
    builder.save(COMPLETED)
    sandbox.crm.faults(reset=1)
    complete(enrollment)
    work()
    sandbox.crm.faults()
    work(ahead=timedelta(hours=2))
    firing = db.session.query(TriggerFiring).one()
    assert firing.parked_at is not None
    assert len(fired(sandbox)) <= 1
    client = builder.client
    sign_in(client, account)
    page = client.get("/activity?show=attention").text
    assert "Workflow on “course completed”" in page
    assert "may have started or not" in page
    before = len(fired(sandbox))
    client.post(f"/activity/trigger-firing/{firing.id}/retry")
    work()
    assert len(fired(sandbox)) == before + 1


def test_after_an_outage_the_unsure_starts_are_decided_once_for_all(
    builder: Builder, account: Account, course: Course, sandbox: Sandbox, work: Work
) -> None:
    """The question is answered once for the group; each start then happens, once."""
    builder.save(COMPLETED)
    sandbox.crm.faults(reset=1, match="workflows-marketplace")
    for contact in connections.crm(account).search_contacts("an", limit=3):
        complete(make_enrollment(course, contacts.learner_from_contact(account, contact.id)))
    work()
    sandbox.crm.faults()
    client, before = builder.client, len(fired(sandbox))
    sign_in(client, account)
    assert "3 workflow starts may have happened already" in client.get("/activity").text
    client.post("/activity/retry")  # without an answer to the question nothing starts twice
    work()
    assert len(fired(sandbox)) == before
    client.post("/activity/retry", data={"unsure": "again"})
    work()
    assert len(fired(sandbox)) == before + 3
    assert activity.counts(account).attention == 0


def test_a_worker_that_died_in_the_middle_leaves_it_to_a_person(
    builder: Builder, enrollment: Enrollment, sandbox: Sandbox, work: Work
) -> None:
    builder.save(COMPLETED)
    complete(enrollment)
    firing = db.session.query(TriggerFiring).one()
    assert firing.claim(timedelta())  # and then nothing more is heard of that worker
    db.session.commit()
    run("app.sync.triggers.fire", "TriggerFiring", firing.id)
    db.session.rollback()
    assert db.session.query(TriggerFiring).one().parked_at is not None
    assert fired(sandbox) == []


def test_who_enrolled_by_link_is_waited_for(
    builder: Builder, account: Account, course: Course, sandbox: Sandbox, work: Work
) -> None:
    builder.save(ENROLLED)
    learner = make_learner(account, email="new.person@example.org")
    enrolling.enroll(learner, course, Source.LINK)
    work(ahead=timedelta(minutes=1))
    [started] = fired(sandbox)
    assert started["contactId"]
    assert started["email"] == "new.person@example.org"


def test_another_accounts_workflows_are_not_started(
    builder: Builder, enrollment: Enrollment, sandbox: Sandbox, work: Work
) -> None:
    builder.location_id = install_account(sandbox, "second-location").location_id
    builder.save(COMPLETED)
    complete(enrollment)
    work()
    assert fired(sandbox) == []


def test_waiting_firings_stand_on_the_activity_page(
    builder: Builder, enrollment: Enrollment, account: Account
) -> None:
    builder.save(COMPLETED)
    complete(enrollment)
    assert "trigger-firing" in [line.table for line in activity.waiting(account, 1).rows]
