"""The checker finds what it is there to find: each kind of wrong ledger gets its sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.chaos.checker import Completion, judge

START = datetime(2026, 6, 1, tzinfo=UTC)
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
RIGHT: list[tuple[str, Any]] = [
    ("record_created", RECORD),
    ("relation_created", RELATED),
    ("note_created", "Course completed: Fire Safety\nRef SH-1"),
    ("tag_added", "scorm_completed"),
    ("tag_added", "scorm_passed"),
    ("tag_added", "scorm_score_90_100"),
]


def ledger(effects: list[tuple[str, Any]], seconds: float = 1) -> list[dict[str, Any]]:
    """Entries of applied calls, so many seconds apart."""
    return [
        {
            "call": number,
            "at": (START + timedelta(seconds=seconds * number)).isoformat(),
            "location": "here",
            "path": "/contacts/",
            "applied": True,
            "effect": {"kind": kind, "contact": "ann", "value": value},
        }
        for number, (kind, value) in enumerate(effects)
    ]


def test_a_right_ledger_is_valid() -> None:
    assert judge(ledger(RIGHT), [DONE]) == []


@pytest.mark.parametrize("missing", range(len(RIGHT)), ids=[kind for kind, _ in RIGHT])
def test_each_missing_write_is_found(missing: int) -> None:
    assert judge(ledger(RIGHT[:missing] + RIGHT[missing + 1 :]), [DONE])


@pytest.mark.parametrize("doubled", range(len(RIGHT)), ids=[kind for kind, _ in RIGHT])
def test_each_doubled_write_is_found(doubled: int) -> None:
    assert judge(ledger([*RIGHT, RIGHT[doubled]]), [DONE])


def test_a_record_that_fell_back_is_found() -> None:
    properties = {**RECORD["properties"], "status": "in_progress"}  # type: ignore[dict-item]
    assert judge(ledger([*RIGHT, ("record_updated", {**RECORD, "properties": properties})]), [DONE])


def test_too_many_calls_are_found() -> None:
    hurry = ledger([*RIGHT, *[("contact_updated", [])] * 101], seconds=0.05)
    assert any("was asked 101 times" in problem for problem in judge(hurry, [DONE]))
