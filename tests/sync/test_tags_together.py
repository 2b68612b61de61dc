"""A class that finishes together: its tags come by one call, and everybody's are right."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app import background, connections
from app.clients.crm import OutsideError
from app.extensions import db
from app.models import (
    Account,
    Course,
    CrmEffect,
    EffectKind,
    Enrollment,
    Outcome,
    across_accounts,
    acting_for,
)
from app.sync import contacts, ledger, push, tags, tags_together
from tests.factories import complete, install_account, make_course, make_enrollment, make_learner
from tests.fixtures.sandbox import Sandbox
from tests.sync.conftest import InCrm

Work = Callable[..., None]
SOON = timedelta(seconds=30)
PASSED = {"scorm_completed", "scorm_passed", "scorm_score_80_89"}
WRITE = "app.sync.push.write"


def enroll(course: Course, count: int) -> list[Enrollment]:
    """Learners whose contacts are in the CRM."""
    crm = connections.crm(course_account(course))
    people = crm.search_contacts("a", limit=count)
    return [
        make_enrollment(
            course, make_learner(course_account(course), contact_id=one.id, email=one.email)
        )
        for one in people
    ]


def course_account(course: Course) -> Account:
    return db.session.get_one(Account, course.account_id)


@pytest.fixture
def together(account: Account, course: Course, in_crm: InCrm) -> list[Enrollment]:
    """Five who take the same course; nothing but tags is written, to count their calls."""
    account.write_notes = False
    return enroll(course, 5)


def finish(enrollment: Enrollment, score: float = 85, result: Outcome = Outcome.PASSED) -> None:
    complete(enrollment, score=score, result=result)
    push.mark(enrollment)


def tags_row(enrollment: Enrollment) -> CrmEffect:
    row = ledger.find(enrollment.account_id, EffectKind.TAGS, enrollment.learner_id)
    assert row is not None
    return row


def contact_id(enrollment: Enrollment) -> str:
    return str(enrollment.learner.crm_contact_id)


def ways(in_crm: InCrm) -> list[str]:
    """The calls about tags since the last look: "bulk" or "one"."""
    posted = {
        entry["call"]: "bulk" if "/bulk/" in entry["path"] else "one"
        for entry in in_crm._entries()
        if "/tags" in entry["path"]
    }
    return sorted(posted.values())


def test_a_class_that_finishes_together_is_tagged_by_one_call(
    together: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    in_crm.written()
    for enrollment in together:
        finish(enrollment)
    work()
    assert ways(in_crm) == ["bulk"]
    for enrollment in together:
        assert in_crm.tags(contact_id(enrollment)) == PASSED
        row = tags_row(enrollment)
        assert row.current
        assert (row.due_at, row.leased_until, row.tried_at) == (None, None, None)


def test_nobody_who_comes_alone_waits(
    together: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    finish(together[0])
    work()
    assert in_crm.tags(contact_id(together[0])) == PASSED


def test_whoever_follows_at_once_is_collected_for_a_moment(
    together: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    finish(together[0])
    work()
    in_crm.written()
    for enrollment in together[1:]:
        finish(enrollment)
        assert timedelta() < tags_row(enrollment).due_in <= tags.PAUSE
    work()
    assert ways(in_crm) == []
    work(ahead=SOON)
    assert ways(in_crm) == ["bulk"]
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in together)


def test_only_equal_tags_go_together(together: list[Enrollment], work: Work, in_crm: InCrm) -> None:
    in_crm.written()
    for enrollment in together[:3]:
        finish(enrollment)
    for enrollment in together[3:]:
        finish(enrollment, 40, Outcome.FAILED)
    work(ahead=SOON)
    assert ways(in_crm) == ["bulk", "bulk"]
    failed = {"scorm_completed", "scorm_failed", "scorm_score_0_59"}
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in together[:3])
    assert all(in_crm.tags(contact_id(one)) == failed for one in together[3:])


def test_old_tags_of_ours_go_by_one_call_for_all_who_have_the_same(
    together: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    for enrollment in together[:3]:
        in_crm.crm.add_tags(contact_id(enrollment), ["scorm_failed", "scorm_vip"])
    in_crm.written()
    for enrollment in together:
        finish(enrollment)
    work()
    assert ways(in_crm) == ["bulk", "bulk"]
    for enrollment in together[:3]:
        assert in_crm.tags(contact_id(enrollment)) == PASSED | {"scorm_vip"}
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in together[3:])


def test_a_deleted_contact_does_not_hinder_the_others_and_is_shown(
    together: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    lost = together[2]
    in_crm.crm._http.call("DELETE", f"/contacts/{contact_id(lost)}")
    for enrollment in together:
        finish(enrollment)
    work(ahead=SOON)
    others = [one for one in together if one is not lost]
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in others)
    row = tags_row(lost)
    assert (row.last_error, row.due_at) == (contacts.GONE, None)
    assert row.parked_at
    assert lost.learner.contact_state == "deleted"


def test_one_call_holds_no_more_than_its_limit(
    together: list[Enrollment], work: Work, in_crm: InCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tags_together, "MOST", 2)
    in_crm.written()
    for enrollment in together:
        finish(enrollment)
    work(ahead=SOON)
    assert ways(in_crm) == ["bulk", "bulk", "one"]
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in together)


@pytest.mark.parametrize("fault", ["rate_500", "timeout_after", "reset"])
def test_trouble_with_all_of_them_leaves_everybody_tagged_once(
    together: list[Enrollment], sandbox: Sandbox, work: Work, in_crm: InCrm, fault: str
) -> None:
    in_crm.written()
    sandbox.crm.faults(**{fault: 1, "hold_s": 0, "match": "POST .*/bulk/"})
    for enrollment in together:
        finish(enrollment)
    work()
    assert all(tags_row(one).last_error for one in together)
    sandbox.crm.faults()
    work(ahead=SOON)
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in together)
    assert in_crm.written().count("tag_added") == len(PASSED) * len(together)


def test_a_location_that_refuses_the_call_gets_them_one_by_one(
    together: list[Enrollment], sandbox: Sandbox, work: Work, in_crm: InCrm
) -> None:
    """Trouble with many is not the last word on any one of them: nobody is parked for it."""
    for enrollment in together:
        finish(enrollment)
    db.session.commit()
    rows = [tags_row(one) for one in together]
    refusal = OutsideError("CRM", "POST", "/x", "No", status=400)
    for row in rows:
        tags_together.note_failure(row, refusal)
    work(ahead=SOON)
    assert all(row.current for row in rows)
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in together)


def test_another_account_s_learner_is_never_in_the_same_call(
    together: list[Enrollment], sandbox: Sandbox, work: Work, in_crm: InCrm
) -> None:
    other = install_account(sandbox, "second-location")
    with acting_for(other.id):
        theirs = enroll(make_course(other, title="First aid"), 3)
        for enrollment in theirs:
            finish(enrollment)
        db.session.commit()
        tagged = {"demo-location": set(), "second-location": {contact_id(one) for one in theirs}}
    for enrollment in together:
        finish(enrollment)
        tagged["demo-location"].add(contact_id(enrollment))
    seen = sandbox.crm.get("ledger", since=0)["next"]
    work()
    entries = sandbox.crm.get("ledger", since=seen)["entries"]
    bulk = [entry for entry in entries if "/bulk/" in entry["path"]]
    assert len({entry["call"] for entry in bulk}) == 2
    for location, contact_ids in tagged.items():
        mine = {entry["effect"]["contact"] for entry in bulk if entry["location"] == location}
        assert mine == contact_ids


def test_a_row_that_somebody_else_holds_is_left_to_them(
    together: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    for enrollment in together:
        finish(enrollment)
    db.session.commit()
    held = tags_row(together[1])
    held.due_at = tags_row(together[0]).due_at
    assert held.claim(timedelta(seconds=120))
    db.session.commit()
    work(ahead=SOON)
    assert in_crm.tags(contact_id(together[1])) == set()
    others = [one for one in together if one is not together[1]]
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in others)
    work(ahead=timedelta(minutes=5))
    assert in_crm.tags(contact_id(together[1])) == PASSED


def test_a_worker_that_died_after_the_call_leaves_everybody_tagged_once(
    together: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    in_crm.written()
    for enrollment in together:
        finish(enrollment)
    db.session.commit()
    first, lease = tags_row(together[0]), timedelta(seconds=120)
    others = tags_together.classmates(first)
    assert all(row.claim(lease, tags.PAUSE) for row in [first, *others])
    db.session.commit()
    assert tags_together.write(first, others)  # the CRM has them, and here the worker dies
    db.session.rollback()
    work()
    assert not any(tags_row(one).current for one in together)
    work(ahead=timedelta(minutes=5))
    assert all(tags_row(one).current for one in together)
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in together)
    assert in_crm.written().count("tag_added") == len(PASSED) * len(together)


def test_news_that_comes_in_during_the_call_is_written_too(
    together: list[Enrollment],
    app: Flask,
    work: Work,
    in_crm: InCrm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second learner does better while the call with the older result is under way."""
    lucky, tagged = together[1].id, tags_together.tagged

    def do_better() -> None:
        with app.app_context(), across_accounts():
            enrollment = db.session.get_one(Enrollment, lucky)
            complete(enrollment, score=95)
            push.mark(enrollment)
            db.session.commit()

    def disturbed(*args: Any) -> Iterator[CrmEffect]:
        monkeypatch.undo()
        thread = threading.Thread(target=do_better)
        thread.start()
        thread.join(60)
        yield from tagged(*args)

    monkeypatch.setattr(tags_together, "tagged", disturbed)
    for enrollment in together:
        finish(enrollment)
    work(ahead=SOON)
    better = {"scorm_completed", "scorm_passed", "scorm_score_90_100"}
    assert in_crm.tags(contact_id(together[1])) == better
    assert in_crm.tags(contact_id(together[2])) == PASSED


def test_two_workers_at_once_write_each_row_once(
    together: list[Enrollment], app: Flask, in_crm: InCrm, work: Work
) -> None:
    for enrollment in together:
        finish(enrollment)
        tags_row(enrollment).due_at = tags_row(together[0]).due_at
    db.session.commit()
    ids = [tags_row(one).id for one in together]
    in_crm.written()
    start = threading.Barrier(2)

    def worker(order: list[str]) -> None:
        with app.app_context():
            start.wait()
            for row_id in order:
                background.run(WRITE, "CrmEffect", row_id)

    threads = [threading.Thread(target=worker, args=[order]) for order in (ids, ids[::-1])]
    db.session.rollback()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.rollback()
    assert all(tags_row(one).current for one in together)
    assert in_crm.written().count("tag_added") == len(PASSED) * len(together)
    assert all(in_crm.tags(contact_id(one)) == PASSED for one in together)
