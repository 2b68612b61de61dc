"""Registrations as SCORM Cloud really sends them, and as it might."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.clients.scorm_cloud import CloudCourse, ImportJob, LaunchRecord, Result
from app.clients.scorm_results import LONG_AGO, AccountInfo


def registration(**changes: Any) -> dict[str, Any]:
    return {
        "id": "r1",
        "instance": 1,
        "updated": "2026-03-04T10:12:45.000Z",
        "registrationCompletion": "COMPLETED",
        "registrationSuccess": "PASSED",
        "score": {"scaled": 87.5},
        "totalSecondsTracked": 734.2,
        "firstAccessDate": "2026-03-04T10:00:02Z",
        "lastAccessDate": "2026-03-04T10:12:45.000+0000",
        "completedDate": "2026-03-04T10:12:40.000Z",
        "createdDate": "2026-03-04T09:59:58.000Z",
        "course": {"id": "c7", "title": "Safety", "version": 2},
        "learner": {"id": "u9", "email": "a@example.test"},
        "activityDetails": {"id": "root", "attempts": 3, "children": []},
        **changes,
    }


def module(raw: Any = None, scaled: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = {"id": "sco", "children": [], "runtime": {"scoreRaw": raw}}
    return {**found, "score": {"scaled": scaled}} if scaled is not None else found


def course_of(*modules: dict[str, Any]) -> dict[str, Any]:
    return {"attempts": 1, "score": {"scaled": 50}, "children": list(modules)}


def test_a_full_registration_is_read_field_by_field() -> None:
    result = Result.parse(registration())

    assert result == Result(
        registration_id="r1",
        instance=1,
        updated=datetime(2026, 3, 4, 10, 12, 45, tzinfo=UTC),
        completion="COMPLETED",
        success="PASSED",
        score=87.5,
        raw_score=None,
        seconds=734.2,
        first_access=datetime(2026, 3, 4, 10, 0, 2, tzinfo=UTC),
        last_access=datetime(2026, 3, 4, 10, 12, 45, tzinfo=UTC),
        completed_at=datetime(2026, 3, 4, 10, 12, 40, tzinfo=UTC),
        created=datetime(2026, 3, 4, 9, 59, 58, tzinfo=UTC),
        attempts=3,
        launches=None,
        course_id="c7",
        course_title="Safety",
        course_version=2,
        learner_id="u9",
    )


def test_a_bare_registration_is_one_nobody_has_opened() -> None:
    result = Result.parse({"id": "r1"})

    assert (result.completion, result.success, result.score) == ("UNKNOWN", "UNKNOWN", None)
    assert (result.seconds, result.attempts, result.first_access) == (0.0, 0, None)
    assert result.updated == LONG_AGO


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"id": ""}, {"registrationId": "r1"}])
def test_what_has_no_id_is_no_registration(answer: Any) -> None:
    with pytest.raises(ValueError, match="no id"):
        Result.parse(answer)


@pytest.mark.parametrize(
    ("score", "read"),
    [
        ({"scaled": 0}, 0.0),
        ({"scaled": 100}, 100.0),
        ({"scaled": "55.5"}, 55.5),
        ({"scaled": "NaN"}, None),
        ({"scaled": float("nan")}, None),
        ({"scaled": None}, None),
        ({}, None),
        (None, None),
        (87, None),
    ],
)
def test_zero_is_a_score_and_nothing_is_none(score: Any, read: float | None) -> None:
    assert Result.parse(registration(score=score)).score == read


@pytest.mark.parametrize(
    ("field", "value", "name", "read"),
    [
        ("registrationCompletion", "completed", "completion", "COMPLETED"),
        ("registrationCompletion", "INCOMPLETE", "completion", "INCOMPLETE"),
        ("registrationCompletion", "SOMETHING_NEW", "completion", "UNKNOWN"),
        ("registrationCompletion", None, "completion", "UNKNOWN"),
        ("registrationSuccess", "FAILED", "success", "FAILED"),
        ("registrationSuccess", 3, "success", "UNKNOWN"),
        ("totalSecondsTracked", "NaN", "seconds", 0.0),
        ("totalSecondsTracked", -5, "seconds", 0.0),
        ("totalSecondsTracked", "61.25", "seconds", 61.25),
        ("completedDate", "", "completed_at", None),
        ("updated", "yesterday", "updated", LONG_AGO),
        ("course", None, "course_title", ""),
        ("learner", "u9", "learner_id", ""),
        ("activityDetails", None, "attempts", 0),
        ("instance", "2", "instance", 2),
    ],
)
def test_odd_values_become_calm_ones(field: str, value: Any, name: str, read: Any) -> None:
    assert getattr(Result.parse(registration(**{field: value})), name) == read


@pytest.mark.parametrize(
    ("details", "read"),
    [
        (course_of(module(raw="8")), 8.0),
        (course_of(module(raw="0", scaled=0)), 0.0),
        (course_of(module(raw="8"), module()), 8.0),
        (course_of(module(raw="8"), module(raw="9")), None),
        (course_of(module(raw="8"), module(scaled=40)), None),
        (course_of(module(scaled=40)), None),
        (course_of({"children": [{"children": [module(raw="7.5")]}]}, module()), 7.5),
        (course_of(module(raw="")), None),
        (course_of(), None),
        ({}, None),
    ],
)
def test_the_raw_score_needs_exactly_one_scored_module(details: Any, read: float | None) -> None:
    assert Result.parse(registration(activityDetails=details)).raw_score == read


def test_an_import_that_failed_without_a_word() -> None:
    job = ImportJob.parse("job-1", {"status": "ERROR"})
    assert (job.failed, job.is_running, job.message, job.course) == (True, False, "", None)


def test_an_import_that_succeeded_brings_its_course() -> None:
    course = {"id": "c1", "title": "Golf", "version": 1, "courseLearningStandard": "SCORM12"}
    job = ImportJob.parse(
        "job-1",
        {
            "status": "COMPLETE",
            "message": "Import Successful",
            "importResult": {"parserWarnings": ["no schema version"], "course": course},
        },
    )
    assert (job.is_running, job.failed, job.warnings) == (False, False, ("no schema version",))
    assert job.course == CloudCourse(id="c1", title="Golf", version=1, standard="SCORM12")


def test_an_import_of_unknown_state_is_still_running() -> None:
    assert ImportJob.parse("job-1", {"status": "QUEUED"}).is_running


def test_a_launch_is_read() -> None:
    launch = LaunchRecord.parse(
        {
            "launchHistoryId": "h1",
            "launchTime": "2026-03-04T10:00:02Z",
            "completionStatus": "INCOMPLETE",
            "score": {"scaled": 0},
        }
    )
    assert launch.launched_at == datetime(2026, 3, 4, 10, 0, 2, tzinfo=UTC)
    assert (launch.exited_at, launch.completion, launch.success) == (None, "INCOMPLETE", "UNKNOWN")
    assert launch.score == 0.0


def test_an_account_without_limit_says_so() -> None:
    info = AccountInfo.parse({"company": "Acme", "usage": {"regCount": 4}})
    assert (info.registration_limit, info.registrations_this_month) == (None, 4)
    assert AccountInfo.parse({"regLimit": 10, "strictLimit": True}).registration_limit == 10
