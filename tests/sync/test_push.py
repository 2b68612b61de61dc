"""What enrolments do to the CRM: seen there, and counted in its ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.clients.crm import Contact
from app.extensions import db
from app.models import Account, Course, CrmEffect, EffectKind, Enrollment, Learner, Outcome, now
from app.sync import companies, contacts, ledger, push, writing
from tests.factories import complete, make_course, make_enrollment, make_learner
from tests.fixtures.sandbox import Sandbox
from tests.sync.conftest import InCrm

Work = Callable[..., None]
LATER = timedelta(minutes=2)


def row(enrollment: Enrollment, kind: EffectKind) -> CrmEffect:
    subjects = {
        EffectKind.TAGS: enrollment.learner_id,
        EffectKind.COUNTERS: enrollment.learner_id,
        EffectKind.CONTACT: enrollment.learner_id,
        EffectKind.NOTE: f"{enrollment.id}:completed",
    }
    found = ledger.find(enrollment.account_id, kind, subjects.get(kind, enrollment.id))
    assert found is not None
    return found


def ties_of(in_crm: InCrm, contact_id: str) -> list[str]:
    return sorted(one.second_record_id for one in in_crm.crm.relations(contact_id))


def ties_wanted(enrollment: Enrollment) -> list[str]:
    """The Training Record and the company's summary."""
    summary = ledger.for_company(enrollment.account_id, enrollment.learner.business_id or "")
    return sorted([str(row(enrollment, EffectKind.RECORD).crm_id), str(summary.crm_id)])


def test_an_enrolment_alone_writes_neither_tag_nor_note(
    enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    in_crm.written()
    push.mark(enrollment)
    work()
    assert in_crm.written() == []


def test_a_completion_brings_tags_and_one_note(
    enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    complete(enrollment, score=92)
    push.mark(enrollment)
    work()
    assert in_crm.tags(contact.id) == {"scorm_completed", "scorm_passed", "scorm_score_90_100"}
    assert contact.tags <= in_crm.crm.contact(contact.id).tags
    (note,) = in_crm.notes(contact.id)
    assert "First aid" in note
    assert "92%" in note


def test_the_same_news_again_costs_no_call(
    enrollment: Enrollment, work: Work, in_crm: InCrm
) -> None:
    complete(enrollment)
    push.mark(enrollment)
    work()
    in_crm.written()
    for _ in range(10):
        push.mark(enrollment)
    work(ahead=LATER)
    assert in_crm.calls() == 0


def test_a_better_result_replaces_the_tags_and_adds_no_note(
    enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    complete(enrollment, score=40, result=Outcome.FAILED)
    push.mark(enrollment)
    work()
    complete(enrollment, score=85, result=Outcome.PASSED)
    push.mark(enrollment)
    work()
    assert in_crm.tags(contact.id) == {"scorm_completed", "scorm_passed", "scorm_score_80_89"}
    assert len(in_crm.notes(contact.id)) == 1


def test_a_provisioned_account_takes_four_calls_for_a_completion(
    provisioned: Account, enrollment: Enrollment, work: Work, in_crm: InCrm
) -> None:
    push.mark(enrollment)
    work()
    in_crm.written()
    complete(enrollment)
    push.mark(enrollment)
    work()
    entries = in_crm._entries()
    assert len({entry["call"] for entry in entries}) == 4


def test_the_training_record_is_made_once_and_related_to_the_contact(
    provisioned: Account,
    enrollment: Enrollment,
    contact: Contact,
    sandbox: Sandbox,
    work: Work,
    in_crm: InCrm,
) -> None:
    push.mark(enrollment)
    work()
    complete(enrollment, score=77)
    push.mark(enrollment)
    work()
    (made,) = in_crm.records()
    assert made["status"] == "not_started"
    record_id = row(enrollment, EffectKind.RECORD).crm_id
    assert record_id is not None
    shown = in_crm.crm.record("custom_objects.training_record", record_id).properties
    assert (shown["status"], shown["result"], shown["score"]) == ("completed", "passed", 77)
    assert record_id in {one.second_record_id for one in in_crm.crm.relations(contact.id)}


def test_counters_stand_on_the_contact(
    provisioned: Account, enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    complete(enrollment, score=0, result=Outcome.FAILED)
    push.mark(enrollment)
    work()
    fields = {one.id: one.name for one in in_crm.crm.contact_fields()}
    values = {fields[k]: v for k, v in in_crm.crm.contact(contact.id).custom_fields.items()}
    assert values["SCORM Courses Enrolled"] == 1
    assert values["SCORM Courses Completed"] == 1
    assert values["SCORM Last Score"] == 0


# The company


@pytest.fixture
def colleagues(provisioned: Account, course: Course, work: Work, in_crm: InCrm) -> list[Enrollment]:
    """Three of one company who are enrolled, all of which stands in the CRM."""
    people = in_crm.crm.search_contacts("a", limit=20)[:3]
    made = [
        make_enrollment(
            course,
            make_learner(
                provisioned, contact_id=one.id, email=one.email, business_id="b1", company_name="B"
            ),
        )
        for one in people
    ]
    for enrollment in made:
        push.mark(enrollment)
    work()
    work(ahead=LATER)
    in_crm.calls()
    return made


def company(account: Account, business_id: str = "b1") -> CrmEffect:
    return ledger.for_company(account.id, business_id)


def finish_course(enrollment: Enrollment, score: float = 80) -> None:
    complete(enrollment, score=score)
    push.mark(enrollment)


def members(account: Account, in_crm: InCrm, business_id: str = "b1") -> set[str]:
    """Contacts that the CRM shows beside the company's summary."""
    relations = in_crm.crm.relations(company(account, business_id).crm_id or "")
    return {one.first_record_id for one in relations}


def contact_ids(enrollments: list[Enrollment]) -> set[str]:
    return {str(one.learner.crm_contact_id) for one in enrollments}


def test_a_new_company_has_its_summary_at_once_tied_to_its_contacts(
    provisioned: Account, enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    enrollment.learner.business_id = "b1"
    push.mark(enrollment)
    work()
    (made,) = in_crm.records("company_training_summary")
    assert (made["learners"], made["enrollments"], made["completions"]) == (1, 1, 0)
    assert members(provisioned, in_crm) == {contact.id}


@pytest.fixture
def quiet(provisioned: Account, colleagues: list[Enrollment]) -> list[Enrollment]:
    """The same three, whose company's summary was not written within the last minute."""
    company(provisioned).written_at = now() - LATER
    db.session.commit()
    return colleagues


def summary_writes(sandbox: Sandbox) -> int:
    return sum(
        effect["value"]["objectKey"] == "custom_objects.company_training_summary"
        for effect in sandbox.crm.effects("record_updated")
    )


def test_a_lone_change_of_a_company_is_written_soon(
    provisioned: Account, quiet: list[Enrollment], work: Work
) -> None:
    finish_course(quiet[0])
    work()
    assert company(provisioned).written["completions"] == 0
    work(ahead=companies.SOON)
    assert company(provisioned).written["completions"] == 1


def test_a_class_that_finishes_together_costs_its_company_one_write(
    provisioned: Account, quiet: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    before = summary_writes(sandbox)
    for enrollment in quiet:
        finish_course(enrollment)
    work(ahead=companies.SOON)
    assert summary_writes(sandbox) == before + 1
    shown = company(provisioned).written
    assert (shown["learners"], shown["completions"], shown["average_score"]) == (3, 3, 80)


def test_what_follows_within_a_minute_is_one_more_write_when_the_minute_is_over(
    provisioned: Account, quiet: list[Enrollment], sandbox: Sandbox, work: Work
) -> None:
    finish_course(quiet[0])
    work(ahead=companies.SOON)
    before = summary_writes(sandbox)
    for enrollment in quiet[1:]:
        finish_course(enrollment)
    assert companies.PAUSE / 2 < company(provisioned).due_in <= companies.PAUSE
    work(ahead=companies.PAUSE / 2)
    assert summary_writes(sandbox) == before
    work(ahead=companies.PAUSE)
    assert summary_writes(sandbox) == before + 1
    assert company(provisioned).written["completions"] == 3


def test_the_pause_of_a_company_is_owed_by_its_row_and_is_not_begun_again(
    provisioned: Account, colleagues: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    finish_course(colleagues[0])
    first = company(provisioned).due_at
    finish_course(colleagues[1])
    second = company(provisioned).due_at
    assert first
    assert second
    assert now() < second - timedelta(seconds=1) < first


def test_a_company_summary_and_its_ties_follow_who_moves(
    provisioned: Account, colleagues: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    assert members(provisioned, in_crm) == contact_ids(colleagues)
    mover = colleagues[0].learner
    mover.business_id = "b2"
    db.session.flush()
    push.mark_learner(mover)
    work(ahead=LATER)
    assert company(provisioned).written["learners"] == 2
    assert company(provisioned, "b2").written["learners"] == 1
    assert members(provisioned, in_crm, "b2") == {mover.crm_contact_id}
    assert members(provisioned, in_crm) == contact_ids(colleagues[1:])
    mover.business_id = None
    db.session.flush()
    push.mark_learner(mover)
    work(ahead=LATER)
    assert members(provisioned, in_crm, "b2") == set()


def test_a_deleted_summary_is_made_again_and_tied_to_everybody(
    provisioned: Account, colleagues: list[Enrollment], work: Work, in_crm: InCrm
) -> None:
    old = company(provisioned).crm_id
    assert old
    in_crm.crm.delete_record("custom_objects.company_training_summary", old)
    finish_course(colleagues[0])
    work(ahead=LATER)
    work(ahead=LATER * 2)
    assert company(provisioned).crm_id != old
    assert members(provisioned, in_crm) == contact_ids(colleagues)


def test_somebody_without_a_company_is_tied_to_none(
    provisioned: Account, enrollment: Enrollment, work: Work, in_crm: InCrm
) -> None:
    enrollment.learner.business_id = None
    push.mark(enrollment)
    work(ahead=LATER)
    assert in_crm.records("company_training_summary") == []
    assert len(ties_of(in_crm, str(enrollment.learner.crm_contact_id))) == 1  # the record


@pytest.mark.parametrize(
    ("tags_on", "notes_on"), [(t, n) for t in (True, False) for n in (True, False)]
)
def test_the_two_switches_are_independent(
    account: Account,
    enrollment: Enrollment,
    contact: Contact,
    work: Work,
    in_crm: InCrm,
    tags_on: bool,
    notes_on: bool,
) -> None:
    account.sync_tags, account.write_notes = tags_on, notes_on
    complete(enrollment)
    push.mark(enrollment)
    work(ahead=LATER)
    assert bool(in_crm.tags(contact.id)) == tags_on
    assert bool(in_crm.notes(contact.id)) == notes_on


def test_turning_tags_on_catches_up_and_turning_notes_on_does_not(
    account: Account, enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    account.sync_tags = account.write_notes = False
    complete(enrollment)
    push.mark(enrollment)
    work()
    account.sync_tags = account.write_notes = True
    push.mark_account(account)
    work(ahead=LATER)
    assert "scorm_completed" in in_crm.tags(contact.id)
    assert in_crm.notes(contact.id) == []


def test_a_switch_holds_for_what_already_waits(
    account: Account, enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    complete(enrollment)
    push.mark(enrollment)
    account.sync_tags = account.write_notes = False
    work(ahead=LATER)
    assert in_crm.written() == [] or not in_crm.tags(contact.id)
    assert in_crm.notes(contact.id) == []


def test_per_course_tags_come_and_go_with_their_switch(
    account: Account, enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    in_crm.crm.add_tags(contact.id, ["scorm:theirs:completed"])
    account.course_tags = True
    complete(enrollment, score=None, result=Outcome.NONE)
    push.mark(enrollment)
    work()
    both = {"scorm:theirs:completed", "scorm:first-aid:completed", "scorm_completed"}
    assert in_crm.tags(contact.id) == both
    account.course_tags = False
    push.mark_account(account)
    work(ahead=LATER)
    assert in_crm.tags(contact.id) == {"scorm:theirs:completed", "scorm_completed"}


def test_old_tags_of_ours_that_we_do_not_remember_are_cleared(
    enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    in_crm.crm.add_tags(contact.id, ["scorm_failed", "scorm_score_0_59", "scorm_vip"])
    complete(enrollment, score=100)
    push.mark(enrollment)
    work()
    assert in_crm.tags(contact.id) == {
        "scorm_completed",
        "scorm_passed",
        "scorm_score_90_100",
        "scorm_vip",
    }


# Trouble


@pytest.mark.parametrize("fault", ["rate_500", "rate_429", "rate_html", "timeout_before", "reset"])
def test_trouble_that_passes_leaves_everything_written_once(
    provisioned: Account,
    enrollment: Enrollment,
    contact: Contact,
    sandbox: Sandbox,
    work: Work,
    in_crm: InCrm,
    fault: str,
) -> None:
    sandbox.crm.faults(**{fault: 1, "hold_s": 0})
    complete(enrollment)
    push.mark(enrollment)
    work()
    assert row(enrollment, EffectKind.TAGS).last_error
    sandbox.crm.faults()
    work(ahead=timedelta(minutes=5))
    work(ahead=timedelta(minutes=10))
    assert len(in_crm.notes(contact.id)) == 1
    assert len(in_crm.records()) == 1
    assert "scorm_completed" in in_crm.tags(contact.id)


def test_a_lost_answer_leads_to_one_note_and_one_record(
    provisioned: Account,
    enrollment: Enrollment,
    contact: Contact,
    sandbox: Sandbox,
    work: Work,
    in_crm: InCrm,
) -> None:
    sandbox.crm.faults(timeout_after=1, hold_s=0)
    complete(enrollment)
    push.mark(enrollment)
    work()
    sandbox.crm.faults()
    assert row(enrollment, EffectKind.NOTE).unsure_since
    work(ahead=timedelta(minutes=5))
    work(ahead=timedelta(minutes=10))
    assert len(in_crm.notes(contact.id)) == 1
    assert len(in_crm.records()) == 1
    assert all(effect.current for effect in contacts.effects_of(enrollment.learner))


def test_after_a_lost_answer_the_note_is_not_tried_at_once(
    enrollment: Enrollment, contact: Contact, sandbox: Sandbox, work: Work, in_crm: InCrm
) -> None:
    sandbox.crm.faults(timeout_after=1, hold_s=0, match="POST .*/notes")
    complete(enrollment)
    push.mark(enrollment)
    work()
    sandbox.crm.faults()
    work(ahead=timedelta(seconds=20))
    assert row(enrollment, EffectKind.NOTE).written_at is None
    work(ahead=timedelta(minutes=2))
    assert row(enrollment, EffectKind.NOTE).written_at is not None
    assert len(in_crm.notes(contact.id)) == 1


def test_a_worker_that_died_at_the_note_leaves_one_note(
    enrollment: Enrollment, contact: Contact, sandbox: Sandbox, work: Work, in_crm: InCrm
) -> None:
    complete(enrollment)
    push.mark(enrollment)
    db.session.commit()
    note = row(enrollment, EffectKind.NOTE)
    assert note.claim(timedelta(seconds=120))
    db.session.commit()
    writing.attempt(note)  # the CRM has it, and here the worker dies
    db.session.rollback()
    work(ahead=timedelta(minutes=5))
    assert len(in_crm.notes(contact.id)) == 1
    assert row(enrollment, EffectKind.NOTE).written_at is not None


def test_a_deleted_contact_parks_what_is_owed_and_says_so(
    enrollment: Enrollment, contact: Contact, sandbox: Sandbox, work: Work, in_crm: InCrm
) -> None:
    in_crm.crm._http.call("DELETE", f"/contacts/{contact.id}")
    complete(enrollment)
    push.mark(enrollment)
    work()
    assert enrollment.learner.contact_state == "deleted"
    tags = row(enrollment, EffectKind.TAGS)
    assert (tags.last_error, tags.due_at) == (contacts.GONE, None)
    assert tags.parked_at


def test_a_contact_merged_into_another_is_followed_by_its_address(
    provisioned: Account, enrollment: Enrollment, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    push.mark(enrollment)
    work()
    in_crm.crm._http.call("DELETE", f"/contacts/{contact.id}")
    survivor = in_crm.crm.create_contact(first_name="Zoë", email=contact.email)
    complete(enrollment)
    push.mark(enrollment)
    work(ahead=LATER)
    assert enrollment.learner.crm_contact_id == survivor.id
    assert "scorm_completed" in in_crm.tags(survivor.id)
    assert len(in_crm.notes(survivor.id)) == 1
    assert ties_of(in_crm, survivor.id) == ties_wanted(enrollment)


def test_two_learners_whose_contacts_were_merged_are_one(
    provisioned: Account,
    course: Course,
    enrollment: Enrollment,
    contact: Contact,
    work: Work,
    in_crm: InCrm,
) -> None:
    other = in_crm.crm.create_contact(first_name="Zoë", email="zoe@work.example")
    twin = make_learner(provisioned, contact_id=other.id, email=other.email)
    second = make_enrollment(make_course(provisioned, title="Fire safety"), twin)
    push.mark(enrollment)
    push.mark(second)
    work(ahead=LATER)
    in_crm.crm._http.call("DELETE", f"/contacts/{contact.id}")
    in_crm.crm._http.call("PUT", f"/contacts/{other.id}", body={"email": contact.email})
    assert push.find_contact_again(enrollment.learner) is twin
    work(ahead=LATER * 2)
    assert enrollment.learner_id == twin.id
    records = {str(row(one, EffectKind.RECORD).crm_id) for one in (enrollment, second)}
    assert records <= set(ties_of(in_crm, other.id))
    finish_course(enrollment)
    work()
    assert "scorm_completed" in in_crm.tags(other.id)
    parked = db.session.query(CrmEffect).filter(CrmEffect.parked_at.is_not(None))
    assert parked.count() == 0


def test_a_deleted_record_is_made_again(
    provisioned: Account, enrollment: Enrollment, work: Work, in_crm: InCrm
) -> None:
    push.mark(enrollment)
    work()
    first = row(enrollment, EffectKind.RECORD).crm_id
    assert first is not None
    in_crm.crm.delete_record("custom_objects.training_record", first)
    complete(enrollment)
    push.mark(enrollment)
    work(ahead=LATER)
    assert len(in_crm.records()) == 2
    assert row(enrollment, EffectKind.RECORD).crm_id != first
    there = ties_of(in_crm, str(enrollment.learner.crm_contact_id))
    assert there == ties_wanted(enrollment)


def test_a_refused_token_keeps_the_work_and_says_reconnect(
    account: Account, enrollment: Enrollment, sandbox: Sandbox, work: Work, in_crm: InCrm
) -> None:
    sandbox.crm.post("suspend", location="demo-location")
    complete(enrollment)
    push.mark(enrollment)
    work()
    tags = row(enrollment, EffectKind.TAGS)
    assert tags.owes_work
    assert tags.last_error
    sandbox.crm.post("suspend", location="demo-location", suspended=False)
    work(ahead=timedelta(minutes=30))
    assert row(enrollment, EffectKind.TAGS).current


# Learners who enrolled themselves


def self_enrolled(account: Account, email: str, **facts: str) -> Learner:
    return make_learner(account, email=email, **facts)


def test_a_known_address_leads_to_its_contact_and_changes_no_name(
    account: Account, course: Course, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    learner = self_enrolled(account, contact.email.upper(), first_name="Wrong", last_name="Name")
    enrollment = make_enrollment(course, learner)
    complete(enrollment)
    push.mark(enrollment)
    work()
    assert learner.crm_contact_id == contact.id
    shown = in_crm.crm.contact(contact.id)
    assert (shown.first_name, shown.last_name) == (contact.first_name, contact.last_name)
    assert "scorm_completed" in in_crm.tags(contact.id)
    assert "contact_created" not in in_crm.written()


def test_an_unknown_address_makes_one_contact_and_then_everything_else(
    account: Account, course: Course, work: Work, in_crm: InCrm
) -> None:
    learner = self_enrolled(account, "new@example.org", first_name="Nia", last_name="Obi")
    enrollment = make_enrollment(course, learner)
    complete(enrollment)
    push.mark(enrollment)
    assert row(enrollment, EffectKind.TAGS).last_error == contacts.AWAITED
    work()
    assert learner.crm_contact_id is not None
    assert in_crm.crm.contact(learner.crm_contact_id).full_name == "Nia Obi"
    assert len(in_crm.notes(learner.crm_contact_id)) == 1
    assert in_crm.written().count("contact_created") == 1


def test_a_contact_whose_creation_was_not_answered_is_not_made_twice(
    account: Account, course: Course, sandbox: Sandbox, work: Work, in_crm: InCrm
) -> None:
    learner = self_enrolled(account, "new@example.org")
    sandbox.crm.faults(timeout_after=1, hold_s=0, match="POST /contacts/$")
    push.mark(make_enrollment(course, learner))
    work()
    sandbox.crm.faults()
    work(ahead=LATER)
    assert learner.crm_contact_id
    assert in_crm.written().count("contact_created") == 1


def test_a_second_address_of_a_known_contact_counts_for_the_same_learner(
    account: Account, course: Course, learner: Learner, contact: Contact, work: Work, in_crm: InCrm
) -> None:
    in_crm.crm._http.call(
        "PUT", f"/contacts/{contact.id}", body={"email": "zoe.private@example.org"}
    )  # the CRM knows the contact by another address now
    second = self_enrolled(account, "zoe.private@example.org")
    enrollment = make_enrollment(course, second)
    complete(enrollment)
    push.mark(enrollment)
    work(ahead=LATER)
    assert enrollment.learner_id == learner.id
    assert "scorm_completed" in in_crm.tags(contact.id)
    assert len(in_crm.notes(contact.id)) == 1


def test_two_courses_of_one_contact_have_a_record_each(
    provisioned: Account, course: Course, learner: Learner, work: Work, in_crm: InCrm
) -> None:
    second = make_course(provisioned, title="Fire safety")
    for one in (course, second):
        push.mark(make_enrollment(one, learner))
    work(ahead=LATER)
    assert {record["course"] for record in in_crm.records()} == {"First aid", "Fire safety"}
