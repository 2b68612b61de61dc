"""How SCORM Cloud's reports become an enrolment's facts: a table of payloads, then sequences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.clients.scorm_cloud import Result
from app.enrollments import progress
from app.extensions import db
from app.models import Certificate, Completion, CrmEffect, Enrollment, Outcome, acting_for
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
    fresh = Enrollment(completion=NOT, result=NONE, seconds=0.0, attempts_made=0)
    facts = progress.visible_facts(fresh, Result.parse(payload(**changes)))
    told = (facts["completion"], facts["result"], facts["score"], facts["seconds"])
    assert told == (completion, result, score, seconds)


@pytest.fixture
def enrollment(app: object) -> Enrollment:
    return make_enrollment(make_course(make_account()))


def report(minute: int, **changes: Any) -> Result:
    changes.setdefault("updated", (T0 + timedelta(minutes=minute)).isoformat())
    launches = changes.pop("launches", None)
    result = Result.parse(payload(**{**OPENED, **changes}))
    if launches is None:
        return result
    return Result(**{**result.__dict__, "launches": launches})


COMPLETED = {"registrationCompletion": "COMPLETED", "registrationSuccess": "PASSED"}


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


def test_the_last_result_counts_and_the_best_score(enrollment: Enrollment) -> None:
    record(
        enrollment,
        report(1, **COMPLETED, score={"scaled": 80}),
        report(
            2,
            registrationCompletion="COMPLETED",
            registrationSuccess="FAILED",
            score={"scaled": 40},
        ),
    )
    assert (enrollment.result, enrollment.score) == (Outcome.FAILED, 80)


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


def test_progress_is_told_to_the_crm_only_when_something_changed(enrollment: Enrollment) -> None:
    def wanted() -> set[str | None]:
        with acting_for(enrollment.account_id):
            return set(db.session.scalars(select(CrmEffect.wanted_digest)))

    record(enrollment, report(1))
    before = wanted()
    record(enrollment, report(1), report(0, **COMPLETED))
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
