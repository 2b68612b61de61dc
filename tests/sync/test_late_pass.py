"""Who passes after a completion without a pass: a second note, once, and tags that follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.clients.crm import Contact
from app.clients.scorm_cloud import Result
from app.enrollments import progress
from app.extensions import db
from app.models import Account, Enrollment
from app.sync import push
from tests.fixtures.sandbox import Sandbox
from tests.sync.conftest import InCrm, Work

T0 = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
LATER = timedelta(minutes=5)


def report(enrollment: Enrollment, minute: int, success: str, score: float | None) -> None:
    """What SCORM Cloud says at that minute, recorded as every report is."""
    at = T0 + timedelta(minutes=minute)
    result = Result(
        enrollment.registration_id, updated=at, completion="COMPLETED", success=success,
        score=score, first_access=T0, last_access=at, completed_at=T0,
    )  # fmt: skip
    progress.record(enrollment, result)
    db.session.commit()


@pytest.mark.parametrize("before", ["FAILED", "UNKNOWN"])
def test_a_later_pass_has_a_note_of_its_own_and_only_one(
    enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm, before: str
) -> None:
    report(enrollment, 1, before, 40)
    work()
    report(enrollment, 2, "PASSED", 85)
    work()
    for minute, success, score in ((2, "PASSED", 85), (3, "FAILED", 10), (4, "PASSED", 95)):
        report(enrollment, minute, success, score)
        work()
    completed, passed = sorted(in_crm.notes(contact.id))
    assert "Course completed: First aid" in completed
    assert "Score: 40%" in completed
    assert "Course passed: First aid" in passed
    assert "Score: 85%" in passed
    assert "Passed on: 4 Mar 2026, 10:02" in passed
    assert in_crm.tags(contact.id) == {"scorm_completed", "scorm_passed", "scorm_score_90_100"}


def test_who_passes_at_once_has_one_note(
    enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    report(enrollment, 1, "PASSED", 85)
    work()
    report(enrollment, 2, "PASSED", 95)
    work()
    assert len(in_crm.notes(contact.id)) == 1


def test_a_completion_note_that_tells_the_pass_already_is_enough(
    enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    """Both happened before the worker came to write."""
    report(enrollment, 1, "FAILED", 40)
    report(enrollment, 2, "PASSED", 85)
    work()
    (note,) = in_crm.notes(contact.id)
    assert "Result: Passed" in note


def test_failing_after_a_pass_changes_nothing_in_the_crm(
    enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    report(enrollment, 1, "PASSED", 90)
    work()
    in_crm.written()
    report(enrollment, 2, "FAILED", 95)
    work(ahead=LATER)
    assert in_crm.calls() == 0
    assert in_crm.tags(contact.id) == {"scorm_completed", "scorm_passed", "scorm_score_90_100"}


def test_a_lost_answer_to_the_second_note_leaves_one(
    enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm, sandbox: Sandbox
) -> None:
    report(enrollment, 1, "FAILED", 40)
    work()
    sandbox.crm.faults(timeout_after=1)
    report(enrollment, 2, "PASSED", 85)
    work()
    sandbox.crm.faults()
    work(ahead=LATER)
    assert len(in_crm.notes(contact.id)) == 2


def test_switched_off_notes_stay_off_for_the_pass_and_come_with_the_switch(
    account: Account, enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    account.write_notes = False
    report(enrollment, 1, "FAILED", 40)
    work()
    account.write_notes = True
    push.mark_account(account)
    db.session.commit()
    work()
    assert in_crm.notes(contact.id) == []  # old news
    report(enrollment, 2, "PASSED", 85)
    work()
    (note,) = in_crm.notes(contact.id)
    assert "Course passed: First aid" in note


def test_the_training_record_tells_the_day_and_the_new_certificate(
    provisioned: Account, enrollment: Enrollment, work: Work, in_crm: InCrm, sandbox: Sandbox
) -> None:
    report(enrollment, 1, "FAILED", 40)
    work()
    report(enrollment, 24 * 60, "PASSED", 85)
    work()
    (made,) = in_crm.records()
    assert (made["result"], "passed_on" in made) == ("failed", False)
    changed = sandbox.crm.effects("record_updated")[-1]["value"]["properties"]
    assert (changed["result"], changed["score"]) == ("passed", 85)
    assert changed["passed_on"] == "2026-03-05"
    assert changed["certificate"] != made["certificate"]
