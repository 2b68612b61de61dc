"""How SCORM Cloud's reports become an enrolment's facts: a table of payloads, then sequences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.clients.scorm_cloud import LaunchRecord, Result
from app.enrollments import progress
from app.extensions import db
from app.models import (
    Certificate,
    Completion,
    CrmEffect,
    Enrollment,
    Outcome,
    Progress,
    Reading,
    acting_for,
)
from tests.factories import make_account, make_course, make_enrollment

T0 = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def payload(**changes: Any) -> dict[str, Any]:
    """A registration as SCORM Cloud gives it, here one that nobody has opened."""
    return {
        "id": "reg-1",
        "instance": 0,
        "updated": "2026-03-04T10:00:00.000Z",
        "registrationCompletion": "UNKNOWN",
        "registrationSuccess": "UNKNOWN",
        "totalSecondsTracked": 0.0,
        "course": {"id": "c", "title": "Safety", "version": 0},
        "learner": {"id": "u"},
        "activityDetails": {"attempts": 0, "children": []},
        **changes,
    }


COMPLETE = {"registrationCompletion": "COMPLETED"}
OPENED = {"firstAccessDate": "2026-03-04T09:50:00Z", "lastAccessDate": "2026-03-04T09:58:00Z"}
NOT, IN, DONE = Completion.NOT_STARTED, Completion.IN_PROGRESS, Completion.COMPLETED
NONE, PASS, FAIL = Outcome.NONE, Outcome.PASSED, Outcome.FAILED

# what came, then completion, result, score, seconds
CASES: list[tuple[dict[str, Any], Completion, Outcome, float | None, float]] = [
    ({}, NOT, NONE, None, 0),
    ({"registrationCompletion": None}, NOT, NONE, None, 0),
    ({"registrationCompletion": "INCOMPLETE"}, NOT, NONE, None, 0),
    ({"totalSecondsTracked": 3}, IN, NONE, None, 3),
    ({"totalSecondsTracked": 3.75}, IN, NONE, None, 3.75),
    ({**OPENED}, IN, NONE, None, 0),
    ({**OPENED, "registrationCompletion": "INCOMPLETE"}, IN, NONE, None, 0),
    ({"activityDetails": {"attempts": 1}}, IN, NONE, None, 0),
    ({"activityDetails": None}, NOT, NONE, None, 0),
    ({**OPENED, "registrationCompletion": "COMPLETED"}, DONE, NONE, None, 0),
    ({"registrationCompletion": "COMPLETED"}, DONE, NONE, None, 0),
    ({**OPENED, "registrationSuccess": "PASSED"}, IN, PASS, None, 0),
    ({**OPENED, "registrationSuccess": "FAILED"}, IN, FAIL, None, 0),
    ({"registrationCompletion": "COMPLETED", "registrationSuccess": "PASSED"}, DONE, PASS, None, 0),
    ({"registrationCompletion": "COMPLETED", "registrationSuccess": "FAILED"}, DONE, FAIL, None, 0),
    ({"registrationCompletion": "completed"}, DONE, NONE, None, 0),
    ({"registrationCompletion": "SOMETHING NEW", **OPENED}, IN, NONE, None, 0),
    ({"registrationSuccess": "SOMETHING NEW", **OPENED}, IN, NONE, None, 0),
    ({**OPENED, "score": {"scaled": 0}}, IN, NONE, 0, 0),
    ({**OPENED, "score": {"scaled": 0.0}}, IN, NONE, 0, 0),
    ({**OPENED, "score": {"scaled": 100}}, IN, NONE, 100, 0),
    ({**OPENED, "score": {"scaled": 87.5}}, IN, NONE, 87.5, 0),
    ({**OPENED, "score": {"scaled": "87.5"}}, IN, NONE, 87.5, 0),
    ({**OPENED, "score": {"scaled": None}}, IN, NONE, None, 0),
    ({**OPENED, "score": {}}, IN, NONE, None, 0),
    ({**OPENED, "score": None}, IN, NONE, None, 0),
    ({**OPENED, "score": {"scaled": "NaN"}}, IN, NONE, None, 0),
    ({**OPENED, "score": {"scaled": "none"}}, IN, NONE, None, 0),
    ({"registrationCompletion": "COMPLETED", "score": {"scaled": 59.99}}, DONE, NONE, 59.99, 0),
    ({**COMPLETE, "registrationCompletionAmount": "NaN"}, DONE, NONE, None, 0),
    ({"registrationCompletionAmount": 0.4, **OPENED}, IN, NONE, None, 0),
    ({"totalSecondsTracked": None}, NOT, NONE, None, 0),
    ({"totalSecondsTracked": "12.5"}, IN, NONE, None, 12.5),
    ({"totalSecondsTracked": "NaN"}, NOT, NONE, None, 0),
    ({"firstAccessDate": ""}, NOT, NONE, None, 0),
    ({"firstAccessDate": "not a date"}, NOT, NONE, None, 0),
    ({"firstAccessDate": "2026-03-04T09:50:00+0000"}, IN, NONE, None, 0),
    ({"firstAccessDate": "2026-03-04T09:50:00.123Z"}, IN, NONE, None, 0),
    ({"unknownField": {"deep": [1]}, **OPENED}, IN, NONE, None, 0),
    ({"instance": None, **OPENED}, IN, NONE, None, 0),
    ({"lastAccessDate": "2026-03-04T09:50:00Z"}, NOT, NONE, None, 0),
    ({**COMPLETE, "completedDate": "2026-03-04T09:55:00Z"}, DONE, NONE, None, 0),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "completion", "result", "score", "seconds"), CASES)
def test_every_kind_of_report_has_one_meaning(
    changes: dict[str, Any], completion: str, result: str, score: float | None, seconds: float
) -> None:
    after = progress.following(Progress(), Reading(), Result.parse(payload(**changes)))
    stands = after.standing
    told = (stands.completion, stands.result, stands.score, after.seconds)
    assert told == (completion, result, score, seconds)


@pytest.fixture
def enrollment(app: object) -> Enrollment:
    return make_enrollment(make_course(make_account()))


def report(minute: int, **changes: Any) -> Result:
    changes.setdefault("updated", (T0 + timedelta(minutes=minute)).isoformat())
    launches, history = changes.pop("launches", None), changes.pop("history", None)
    result = Result.parse(payload(**{**OPENED, **changes}))
    if history is None:
        return replace(result, launches=launches)
    entries = tuple(LaunchRecord.parse({"launchHistoryId": name}) for name in history)
    return replace(result, launches=len(entries), history=entries)


COMPLETED = {"registrationCompletion": "COMPLETED", "registrationSuccess": "PASSED"}
FAILED = {"registrationCompletion": "COMPLETED", "registrationSuccess": "FAILED"}


def record(enrollment: Enrollment, *reports: Result) -> list[bool]:
    with acting_for(enrollment.account_id):
        changed = [progress.record(enrollment, one) for one in reports]
        db.session.flush()
    return changed


def test_completed_never_falls_back(enrollment: Enrollment) -> None:
    record(
        enrollment,
        report(1, **COMPLETED, score={"scaled": 90}, completedDate="2026-03-04T10:01:00Z"),
        report(2, registrationCompletion="INCOMPLETE", score={"scaled": 10}),
        report(3, **COMPLETED, completedDate="2026-03-04T10:03:00Z"),
    )
    assert enrollment.completed
    assert enrollment.score == 90
    assert enrollment.completed_at == T0 + timedelta(minutes=1)


def test_an_older_report_is_refused(enrollment: Enrollment) -> None:
    changed = record(
        enrollment,
        report(5, score={"scaled": 50}, totalSecondsTracked=300),
        report(4, score={"scaled": 99}, totalSecondsTracked=200),
    )
    assert changed == [True, False]
    assert (enrollment.score, enrollment.seconds) == (50, 300)


def test_the_same_report_again_changes_nothing(enrollment: Enrollment) -> None:
    assert record(enrollment, *[report(1, **COMPLETED)] * 70) == [True] + [False] * 69
    with acting_for(enrollment.account_id):
        assert len(db.session.scalars(select(Certificate)).all()) == 1


def test_a_pass_is_not_lost_by_failing_later(enrollment: Enrollment) -> None:
    record(
        enrollment,
        report(1, **COMPLETED, score={"scaled": 80}),
        report(2, **FAILED, score={"scaled": 90}),
    )
    assert (enrollment.result, enrollment.score) == (Outcome.PASSED, 80)
    assert enrollment.passed_at == T0 + timedelta(minutes=1)


def test_a_pass_after_failing_stands_from_its_own_day(enrollment: Enrollment) -> None:
    failed_at = "2026-03-04T10:01:00Z"
    record(
        enrollment,
        report(1, **FAILED, score={"scaled": 90}, completedDate=failed_at),
        report(2, **COMPLETED, score={"scaled": 80}, completedDate=failed_at),
    )
    assert (enrollment.result, enrollment.score) == (Outcome.PASSED, 80)
    assert enrollment.completed_at == T0 + timedelta(minutes=1)
    assert enrollment.passed_at == T0 + timedelta(minutes=2)


def test_a_better_score_that_is_not_completed_does_not_count(enrollment: Enrollment) -> None:
    record(
        enrollment,
        report(1, registrationCompletion="INCOMPLETE", score={"scaled": 100}),
        report(2, registrationCompletion="COMPLETED", score={"scaled": 75}),
        report(3, registrationCompletion="INCOMPLETE", score={"scaled": 100}),
    )
    assert (enrollment.completed, enrollment.score) == (True, 75)


def test_a_raw_score_without_a_percentage_is_kept(enrollment: Enrollment) -> None:
    unit = {"id": "i", "children": [], "runtime": {"scoreRaw": "8"}}
    details = {"attempts": 1, "children": [unit]}
    record(enrollment, report(1, registrationCompletion="COMPLETED", activityDetails=details))
    assert (enrollment.score, enrollment.score_raw) == (None, 8)


def test_a_completion_that_arrives_late_is_not_lost(enrollment: Enrollment) -> None:
    incomplete = report(5, registrationCompletion="INCOMPLETE", totalSecondsTracked=300)
    late = report(4, **COMPLETED, score={"scaled": 90}, totalSecondsTracked=200)
    assert record(enrollment, incomplete, late, incomplete) == [True, True, False]
    assert (enrollment.completed, enrollment.result, enrollment.score) == (True, PASS, 90)
    assert enrollment.seconds == 300  # of the newer report


def test_time_and_attempts_go_on_over_a_reset(enrollment: Enrollment) -> None:
    record(
        enrollment,
        report(1, totalSecondsTracked=600, launches=3),
        report(2, totalSecondsTracked=0, launches=0),
        report(3, totalSecondsTracked=60, launches=1),
    )
    assert (enrollment.seconds, enrollment.attempts_made) == (660, 4)


def test_time_and_attempts_go_on_over_a_new_instance(enrollment: Enrollment) -> None:
    record(
        enrollment,
        report(1, totalSecondsTracked=100, launches=2),
        report(2, instance=1, totalSecondsTracked=30, launches=1),
        report(3, instance=1, totalSecondsTracked=50, launches=2),
    )
    assert (enrollment.seconds, enrollment.attempts_made) == (150, 4)


def test_less_time_in_the_same_launch_is_a_correction(enrollment: Enrollment) -> None:
    record(
        enrollment,
        report(1, totalSecondsTracked=90, history=["a"]),
        report(2, totalSecondsTracked=5, history=["a"]),
    )
    assert (enrollment.seconds, enrollment.attempts_made) == (5, 1)


def test_a_reset_shows_in_the_history_though_as_many_launches_followed(
    enrollment: Enrollment,
) -> None:
    record(
        enrollment,
        report(1, totalSecondsTracked=90, history=["a", "b"]),
        report(2, totalSecondsTracked=100, history=["c", "d"]),
        report(3, totalSecondsTracked=110, history=["c", "d", "e"]),
    )
    assert (enrollment.seconds, enrollment.attempts_made) == (200, 5)


def test_a_report_without_the_history_keeps_what_was_known(enrollment: Enrollment) -> None:
    record(
        enrollment,
        report(1, totalSecondsTracked=90, history=["a", "b"]),
        report(2, totalSecondsTracked=95),
        report(3, totalSecondsTracked=99, history=["a", "b"]),
    )
    assert (enrollment.seconds, enrollment.attempts_made) == (99, 2)


def test_who_has_opened_the_course_has_started_it_also_after_a_reset(
    enrollment: Enrollment,
) -> None:
    record(enrollment, report(1, registrationCompletion="INCOMPLETE", history=["a"]))
    wiped = {"firstAccessDate": None, "lastAccessDate": None, "history": []}
    record(enrollment, report(2, registrationCompletion="UNKNOWN", **wiped))
    assert (enrollment.completion, enrollment.attempts_made) == (IN, 1)


def test_progress_is_told_to_the_crm_only_when_something_changed(enrollment: Enrollment) -> None:
    def wanted() -> set[str | None]:
        with acting_for(enrollment.account_id):
            return set(db.session.scalars(select(CrmEffect.wanted_digest)))

    record(enrollment, report(1))
    before = wanted()
    record(enrollment, report(1), report(0, registrationCompletion="INCOMPLETE"))
    assert wanted() == before
    record(enrollment, report(2, **COMPLETED))
    assert wanted() != before


def test_the_day_of_completion_is_the_one_that_scorm_cloud_names(enrollment: Enrollment) -> None:
    """A report may come long after, when somebody opened the course once more."""
    record(enrollment, report(600, **COMPLETED, completedDate="2026-03-04T10:07:00Z"))
    assert enrollment.completed_at == T0 + timedelta(minutes=7)


def test_without_a_day_of_completion_the_reports_own_time_counts(enrollment: Enrollment) -> None:
    record(enrollment, report(9, **COMPLETED))
    assert enrollment.completed_at == T0 + timedelta(minutes=9)


def test_a_reset_is_seen_by_its_launches_alone(enrollment: Enrollment) -> None:
    """Progress deleted there, and then a longer session than all before: no time is missing."""
    record(
        enrollment,
        report(1, totalSecondsTracked=60, launches=3),
        report(2, totalSecondsTracked=100, launches=1),
    )
    assert (enrollment.seconds, enrollment.attempts_made) == (160, 4)
