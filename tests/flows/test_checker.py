"""The checker finds what it is there to find: each kind of wrong ledger gets its sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.chaos.checker import Completion, Start, judge

BEGINNING = datetime(2026, 6, 1, tzinfo=UTC)
DONE = Completion("here", "ann", "Fire Safety", passed=True, score=95)
RECORD = {
    "objectKey": "custom_objects.training_record",
    "id": "r1",
    "properties": {
        "hub_key": "e1",
        "course": "Fire Safety",
        "status": "completed",
        "result": "passed",
        "score": 95,
    },
}
RELATED = {"firstRecordId": "ann", "secondRecordId": "r1"}
STARTED = {"event": "course_completed", "courseTitle": "Fire Safety", "score": 95}
START = Start("course_completed", "ann", "Fire Safety")
RIGHT: list[tuple[str, Any]] = [
    ("record_created", RECORD),
    ("relation_created", RELATED),
    ("note_created", "Course completed: Fire Safety\nRef SH-1"),
    ("tag_added", "scorm_completed"),
    ("tag_added", "scorm_passed"),
    ("tag_added", "scorm_score_90_100"),
    ("trigger_fired", STARTED),
]


def ledger(
    effects: list[tuple[str, Any]], seconds: float = 1, contact: str = "ann"
) -> list[dict[str, Any]]:
    """Entries of applied calls, so many seconds apart."""
    return [
        {
            "call": number,
            "at": (BEGINNING + timedelta(seconds=seconds * number)).isoformat(),
            "location": "here",
            "path": "/contacts/",
            "applied": True,
            "effect": {"kind": kind, "contact": contact, "value": value},
        }
        for number, (kind, value) in enumerate(effects)
    ]


def found(effects: list[tuple[str, Any]]) -> list[str]:
    return judge(ledger(effects), [DONE], [START])


def test_a_right_ledger_is_valid() -> None:
    assert found(RIGHT) == []


each_write = pytest.mark.parametrize(
    "number", range(len(RIGHT)), ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(RIGHT)]
)


@each_write
def test_each_missing_write_is_found(number: int) -> None:
    assert found(RIGHT[:number] + RIGHT[number + 1 :])


@each_write
def test_each_doubled_write_is_found(number: int) -> None:
    assert found([*RIGHT, RIGHT[number]])


@each_write
def test_what_was_not_applied_does_not_count(number: int) -> None:
    entries = ledger(RIGHT)
    entries[number]["applied"] = False
    assert judge(entries, [DONE], [START])


@pytest.mark.parametrize(
    ("name", "lie"), [("status", "in_progress"), ("result", "failed"), ("score", 94)]
)
def test_a_record_that_does_not_tell_the_truth_is_found(name: str, lie: object) -> None:
    properties = {**RECORD["properties"], name: lie}  # type: ignore[dict-item]
    assert found([*RIGHT, ("record_updated", {**RECORD, "properties": properties})])


def test_tags_of_another_result_are_found() -> None:
    assert found([*RIGHT, ("tag_added", "scorm_failed")])
    assert found([*RIGHT, ("tag_removed", "scorm_passed")])


def test_a_second_record_under_our_key_is_found() -> None:
    assert found([*RIGHT, ("record_created", {**RECORD, "id": "r2"})])


@pytest.mark.parametrize("kind", ["note_created", "tag_added", "relation_created"])
def test_what_nobody_earned_is_found(kind: str) -> None:
    """Somebody who completed nothing has a part of what a completion leaves."""
    values = dict(RIGHT)
    value = {"firstRecordId": "bob", "secondRecordId": "r1"} if "relation" in kind else values[kind]
    entries = ledger(RIGHT) + ledger([(kind, value)], contact="bob")
    assert any("bob" in problem for problem in judge(entries, [DONE], [START]))


def test_a_workflow_that_should_not_have_started_is_found() -> None:
    failed = {**STARTED, "event": "course_failed"}
    assert any(
        "without reason" in problem for problem in found([*RIGHT, ("trigger_fired", failed)])
    )


def test_two_contacts_of_one_person_are_found() -> None:
    assert found([*RIGHT, ("contact_created", "Ann"), ("contact_created", "Ann")])


def test_too_many_calls_are_found() -> None:
    """A hundred in ten seconds are allowed, and refused ones count."""
    hurry = ledger([("contact_updated", [])] * 101, seconds=0.0999)
    for entry in hurry:
        entry["applied"] = False
    assert any("was asked 101 times" in problem for problem in judge(hurry, []))
    assert judge(ledger([("contact_updated", [])] * 101, seconds=0.1), []) == []
