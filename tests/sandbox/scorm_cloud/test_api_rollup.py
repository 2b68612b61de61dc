"""What content reports, and what the registration then shows."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.scorm_cloud.rollup import Reported, Result, item_result, of_items, parse_seconds

DONE = Result("COMPLETED", "UNKNOWN")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0000:01:02.50", 62.5),
        ("01:00:00", 3600),
        ("PT1H2M3.5S", 3723.5),
        ("P1DT1S", 86401),
        ("PT0S", 0),
        ("", 0),
        (None, 0),
        ("soon", 0),
    ],
)
def test_times(text: Any, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize(
    ("core", "final", "mastery", "expected"),
    [
        ({"lesson_status": "passed"}, False, None, ("COMPLETED", "PASSED", None)),
        ({"lesson_status": "failed"}, False, None, ("COMPLETED", "FAILED", None)),
        ({"lesson_status": "completed"}, False, None, ("COMPLETED", "UNKNOWN", None)),
        ({"lesson_status": "incomplete"}, True, None, ("INCOMPLETE", "UNKNOWN", None)),
        ({"lesson_status": "browsed"}, True, None, ("INCOMPLETE", "UNKNOWN", None)),
        ({"lesson_status": "not attempted"}, False, None, ("INCOMPLETE", "UNKNOWN", None)),
        ({"lesson_status": "not attempted"}, True, None, ("COMPLETED", "UNKNOWN", None)),
        ({"lesson_status": "completed", "score": {"raw": "79"}}, True, 80.0,
         ("COMPLETED", "FAILED", 79)),
        ({"lesson_status": "completed", "score": {"raw": "80"}}, True, 80.0,
         ("COMPLETED", "PASSED", 80)),
        ({"lesson_status": "passed", "score": {"raw": "0"}}, True, None,
         ("COMPLETED", "PASSED", 0)),
        ({"lesson_status": "passed", "score": {"raw": "15", "min": "0", "max": "20"}}, True, None,
         ("COMPLETED", "PASSED", 75)),
        ({"lesson_status": "passed", "score": {"raw": ""}}, True, None,
         ("COMPLETED", "PASSED", None)),
        ({"lesson_status": "passed", "score": {"raw": "8", "min": "8", "max": "8"}}, True, None,
         ("COMPLETED", "PASSED", 100)),
        ({"lesson_status": "passed", "score": {"raw": "30", "min": "0", "max": "20"}}, True, None,
         ("COMPLETED", "PASSED", 30)),
        ({"lesson_status": "passed", "score": {"raw": "150"}}, True, None,
         ("COMPLETED", "PASSED", None)),
        ({"lesson_status": "passed", "score": {"raw": "-5"}}, True, None,
         ("COMPLETED", "PASSED", None)),
        ({"lesson_status": "incomplete", "score": {"raw": "0"}}, True, 100.0,
         ("INCOMPLETE", "UNKNOWN", 0)),
    ],
)  # fmt: skip
def test_scorm_12(core: dict[str, Any], final: bool, mastery: float | None, expected: Any) -> None:
    result = item_result(Reported({"core": core}, final, mastery))
    assert (result.completion, result.success, result.score) == expected


@pytest.mark.parametrize(
    ("cmi", "final", "expected"),
    [
        ({"completion_status": "completed", "success_status": "passed",
          "score": {"scaled": "0.875"}}, True, ("COMPLETED", "PASSED", 87.5)),
        ({"completion_status": "incomplete", "success_status": "failed"}, True,
         ("INCOMPLETE", "FAILED", None)),
        ({"completion_status": "unknown"}, False, ("INCOMPLETE", "UNKNOWN", None)),
        ({"completion_status": "unknown"}, True, ("COMPLETED", "UNKNOWN", None)),
        ({"completion_status": "completed", "score": {"raw": "8", "min": "0", "max": "10"}}, True,
         ("COMPLETED", "UNKNOWN", None)),
        ({"completion_status": "completed", "score": {"raw": "80"}}, True,
         ("COMPLETED", "UNKNOWN", None)),
        ({"completion_status": "completed", "score": {"scaled": "0", "raw": "5"}}, True,
         ("COMPLETED", "UNKNOWN", 0)),
    ],
)  # fmt: skip
def test_scorm_2004(cmi: dict[str, Any], final: bool, expected: Any) -> None:
    result = item_result(Reported(cmi, final))
    assert (result.completion, result.success, result.score) == expected


def test_only_the_last_commit_has_added_its_own_session() -> None:
    core = {"lesson_status": "incomplete", "total_time": "00:10:00", "session_time": "00:05:00"}
    assert item_result(Reported({"core": core}, final=False)).seconds == 900
    core["total_time"] = "00:15:00"
    assert item_result(Reported({"core": core}, final=True)).seconds == 900


@pytest.mark.parametrize(
    ("items", "expected", "completion", "success", "score"),
    [
        ([], 2, "UNKNOWN", "UNKNOWN", None),
        ([DONE], 2, "INCOMPLETE", "UNKNOWN", None),
        ([DONE, DONE], 2, "COMPLETED", "UNKNOWN", None),
        ([DONE, Result("COMPLETED", "PASSED", 90)], 2, "COMPLETED", "PASSED", 90),
        ([Result("COMPLETED", "PASSED", 90)], 2, "INCOMPLETE", "UNKNOWN", 90),
        ([Result("COMPLETED", "FAILED", 10)], 2, "INCOMPLETE", "FAILED", 10),
        ([Result("COMPLETED", "PASSED", 80), Result("COMPLETED", "FAILED", 0)], 2,
         "COMPLETED", "FAILED", 40),
    ],
)  # fmt: skip
def test_several_items(
    items: list[Result], expected: int, completion: str, success: str, score: float | None
) -> None:
    whole = of_items(items, expected)
    assert (whole.completion, whole.success, whole.score) == (completion, success, score)
