"""The one reason, as a table: which situation leads to which sentence; and that there is one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from app.enrollments.situation import Situation
from app.enrollments.why import reason
from app.models import Completion, ContactState, Outcome
from app.sync import contacts, objects
from app.sync.writes import Write, WriteState

COMPLETED, IN_PROGRESS = Completion.COMPLETED, Completion.IN_PROGRESS
PARKED = Write("Tags", WriteState.PARKED, "CRM answered 422: no such field.")
RETRYING = Write("Tags", WriteState.RETRYING, "CRM answered 503: busy.")
DUE = Write("Completion note", WriteState.DUE)
SUMMARY_DUE = Write("Company Training Summary", WriteState.DUE, personal=False)
AWAITS_CONTACT = Write("Tags", WriteState.WAITING, contacts.AWAITED)
AWAITS_OBJECTS = Write("Training Record", WriteState.WAITING, objects.AWAITED)
WRITTEN = Write("Tags", WriteState.WRITTEN, "scorm_completed")

NEW = Situation()
OPENED = Situation(sent_to_player=True, seen_in_player=True, completion=IN_PROGRESS)
DONE = replace(OPENED, completion=COMPLETED, result=Outcome.PASSED, writes=(WRITTEN,))

TABLE = [
    (NEW, "not_opened", "has not been opened yet"),
    (replace(NEW, registered=False), "registration_awaited", "being registered"),
    (
        replace(NEW, registered=False, registration_trouble="SCORM Cloud answered 503: busy"),
        "registration_awaited",
        "Last try: SCORM Cloud answered 503: busy.",
    ),
    (
        replace(NEW, registered=False, registration_parked=True, registration_trouble="No seats"),
        "registration_parked",
        "could not be registered at SCORM Cloud: No seats.",
    ),
    (replace(NEW, cloud_connected=False), "cloud_disconnected", "does not accept our access"),
    (replace(DONE, cloud_connected=False), "done", "Everything is done"),
    (replace(NEW, sent_to_player=True), "nothing_heard", "has not reported anything yet"),
    (OPENED, "not_finished", "has not reported its completion"),
    (
        replace(OPENED, modules=3, unfinished=("Quiz",)),
        "modules_open",
        "2 of 3 modules are completed. Still open: “Quiz”.",
    ),
    (
        replace(OPENED, modules=6, unfinished=("A", "B", "C", "D", "E")),
        "modules_open",
        "Still open: “A”, “B”, “C” and 2 more.",
    ),
    (replace(OPENED, modules=1, unfinished=("All",)), "not_finished", "not finished"),
    (replace(OPENED, passed_unfinished=True), "passed_unfinished", "reported a pass, but not"),
    (replace(OPENED, more_reported=True), "more_reported", "is being recorded now"),
    (replace(DONE, result=Outcome.NONE), "no_result", "neither a pass nor a fail"),
    (replace(DONE, result=Outcome.FAILED), "failed", "completed but failed"),
    (
        replace(DONE, result=Outcome.FAILED, certificate_withheld=True),
        "failed",
        "There is no certificate",
    ),
    (replace(DONE, writes=(DUE,)), "write_awaited", "Still to be written: Completion note."),
    (replace(DONE, writes=(AWAITS_CONTACT,)), "write_awaited", "contact is in the CRM"),
    (replace(DONE, writes=(WRITTEN, RETRYING)), "write_retried", "CRM answered 503"),
    (replace(DONE, writes=(DUE, PARKED)), "write_parked", "no such field. Put that right"),
    (replace(DONE, contact=ContactState.WANTED), "contact_awaited", "found or made in the CRM"),
    (replace(DONE, contact=ContactState.DELETED), "contact_deleted", "deleted in the CRM"),
    (
        replace(DONE, contact=ContactState.DELETED, writes=(PARKED,)),
        "contact_deleted",
        "nothing can be written",
    ),
    (replace(DONE, sync_tags=False), "switched_off", "tag syncing is switched off"),
    (replace(DONE, write_notes=False), "switched_off", "automatic notes are switched off"),
    (
        replace(DONE, sync_tags=False, write_notes=False),
        "switched_off",
        "tag syncing and automatic notes are switched off",
    ),
    (replace(DONE, writes=(WRITTEN, AWAITS_OBJECTS)), "objects_missing", "Provision Now"),
    (replace(DONE, gone=True), "registration_gone", "Press Register again"),
    (
        replace(DONE, gone=True, course_open=False),
        "registration_gone",
        "What was recorded stays.",
    ),
    (replace(DONE, removed=True), "removed", "was removed from this course"),
    (replace(DONE, account_active=False), "asleep", "not installed in the CRM any more"),
    (replace(DONE, writes=(SUMMARY_DUE,)), "done", "Everything is done"),
    (DONE, "done", "and the CRM shows it"),
]


@pytest.mark.parametrize(("situation", "code", "words"), TABLE, ids=lambda one: str(one)[:40])
def test_the_first_unmet_rule_is_the_reason(situation: Situation, code: str, words: str) -> None:
    found = reason(situation)
    assert found.code == code
    assert words in found.sentence


def test_there_is_always_one_whole_sentence() -> None:
    """Whatever is combined: never none, never without a full stop, never a hole in it."""
    facts = itertools.product(
        (True, False), Completion, Outcome, ContactState, ((), (PARKED,), (AWAITS_OBJECTS, DUE))
    )
    for registered, completion, result, contact, written in facts:
        found = reason(
            Situation(
                registered=registered,
                completion=completion,
                result=result,
                contact=contact,
                writes=written,
            )
        )
        assert found.sentence.endswith("."), found
        assert "None" not in found.sentence
        assert "  " not in found.sentence
        assert found.tone in ("good", "note", "warn", "bad")


def test_what_needs_a_person_comes_before_what_only_takes_time() -> None:
    assert reason(replace(OPENED, writes=(PARKED,))).code == "write_parked"
    assert reason(replace(OPENED, writes=(RETRYING, DUE))).code == "not_finished"
