"""What counts as a difference between what was written and what the CRM shows."""

from __future__ import annotations

from typing import Any

import pytest

from app.sync import differences


@pytest.mark.parametrize(
    ("written", "present", "words"),
    [
        (["scorm_completed", "scorm_passed"], ["scorm_completed", "scorm_passed", "vip"], None),
        (["scorm_completed"], [], "Missing: scorm_completed."),
        (["scorm_passed"], ["scorm_passed", "scorm_failed"], "Should not be there: scorm_failed."),
        (
            ["scorm_passed"],
            ["scorm_score_60_69"],
            "Missing: scorm_passed. Should not be there: scorm_score_60_69.",
        ),
        (["scorm_passed"], ["scorm_passed", "scorm_by_hand", "scorm:x:completed"], None),
        ([], [], None),
    ],
)
def test_tags(written: list[str], present: list[str], words: str | None) -> None:
    assert differences.tags(written, present) == words


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (90, 90.0),
        (90, "90"),
        (87.5, "87.50"),
        ("2026-03-04", "2026-03-04T00:00:00.000Z"),
        ("passed", ["passed"]),
        ("First aid", " First aid "),
        (0, 0),
    ],
)
def test_the_same_value_in_another_spelling(ours: Any, theirs: Any) -> None:
    assert differences.same(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(90, None), (0, None), (90, "ninety"), ("passed", "failed"), ("2026-03-04", "2026-03-05")],
)
def test_another_value(ours: Any, theirs: Any) -> None:
    assert not differences.same(ours, theirs)


def test_fields_are_named_in_words_and_foreign_ones_are_left_alone() -> None:
    written = {"last_score": 90, "status": "completed"}
    assert differences.fields(written, {"last_score": 90, "status": "completed", "x": 1}) is None
    assert differences.fields(written, {"status": "completed"}) == "Changed: last score."
