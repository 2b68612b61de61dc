"""What the CRM should show, worked out from our rows as plain data; nothing here asks or writes.

Tags and counters belong to a contact and so speak of all its courses together: `scorm_completed`
says that at least one is completed, the result tags tell the standing that was reached last. The
Training Record of each enrolment carries the whole truth, and the Company Training Summary adds it
up.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app import template_filters as write
from app.models import Completion, Enrollment, Outcome

COMPLETED, PASSED, FAILED = "scorm_completed", "scorm_passed", "scorm_failed"
BANDS = {
    90: "scorm_score_90_100",
    80: "scorm_score_80_89",
    70: "scorm_score_70_79",
    60: "scorm_score_60_69",
    0: "scorm_score_0_59",
}
OUR_TAGS = frozenset({COMPLETED, PASSED, FAILED, *BANDS.values()})
RESULT_TAGS = {Outcome.PASSED: PASSED, Outcome.FAILED: FAILED}

Facts = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """How one enrolment stands, as far as the CRM is told."""

    course: str
    slug: str
    completion: Completion
    result: Outcome
    score: float | None
    completed_at: datetime | None
    standing_at: datetime | None
    withdrawn: bool = False

    @property
    def completed(self) -> bool:
        return self.completion == Completion.COMPLETED

    @property
    def counts(self) -> bool:
        """A withdrawn enrolment still counts for what was reached in it."""
        return self.completed or not self.withdrawn

    @property
    def has_result(self) -> bool:
        return self.result != Outcome.NONE or (self.completed and self.score is not None)

    @property
    def decided_at(self) -> datetime:
        return self.standing_at or self.completed_at or datetime.min.replace(tzinfo=UTC)


def digest(facts: Facts) -> str:
    """Equal facts, equal digest."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def band(score: float) -> str:
    """The tag of a score in per cent; 89.9 is still in the eighties."""
    whole = math.floor(score)
    return next((tag for bound, tag in BANDS.items() if whole >= bound), BANDS[0])


def course_tag(slug: str) -> str:
    return f"scorm:{slug}:completed"


def latest_result(standings: Iterable[Standing]) -> Standing | None:
    decided = [standing for standing in standings if standing.has_result]
    return max(decided, key=lambda standing: standing.decided_at, default=None)


def wanted_tags(standings: Sequence[Standing], per_course: bool = False) -> frozenset[str]:
    """The tags of ours that a contact should have; all others of ours it should not."""
    done = [standing for standing in standings if standing.completed]
    tags = {COMPLETED} if done else set()
    if latest := latest_result(standings):
        if latest.result in RESULT_TAGS:
            tags.add(RESULT_TAGS[latest.result])
        if latest.score is not None:
            tags.add(band(latest.score))
    if per_course:
        tags |= {course_tag(standing.slug) for standing in done if standing.slug}
    return frozenset(tags)


def stale_tags(present: Iterable[str], wanted: frozenset[str], ours: Iterable[str]) -> set[str]:
    """Which of the present tags must go. `ours`: tags we wrote beyond the fixed names."""
    return (set(present) & (OUR_TAGS | set(ours))) - wanted


def counters(standings: Sequence[Standing], zone: ZoneInfo) -> Facts:
    """Facts for the contact's own fields, by the keys of `objects.CONTACT_FIELDS`."""
    done = [standing for standing in standings if standing.completed]
    latest = latest_result(standings)
    facts = {
        "enrolled": sum(standing.counts for standing in standings),
        "completed": len(done),
        "last_completion": day(max(_completions(done), default=None), zone),
        "last_score": rounded(latest.score) if latest else None,
    }
    return given(facts)


def record(enrollment: Enrollment, zone: ZoneInfo, certificate: str | None) -> Facts:
    """The properties of the Training Record; `certificate` is the address that verifies it."""
    person, title = plain(enrollment.learner.name), plain(enrollment.course.title)
    state = "withdrawn" if enrollment.withdrawn_at and not enrollment.completed else None
    facts = {
        "name": f"{title} – {person}"[:250],
        "hub_key": enrollment.id,
        "learner": person,
        "email": enrollment.learner.email,
        "course": title,
        "status": state or str(enrollment.completion),
        "result": None if enrollment.result == Outcome.NONE else str(enrollment.result),
        "score": rounded(enrollment.score),
        "score_raw": rounded(enrollment.score_raw),
        "minutes": rounded((enrollment.seconds or 0) / 60, 1),
        "attempts": enrollment.attempts_made or 0,
        "enrolled_on": day(enrollment.created_at, zone),
        "first_access_on": day(enrollment.first_access_at, zone),
        "last_access_on": day(enrollment.last_access_at, zone),
        "completed_on": day(enrollment.completed_at, zone),
        "passed_on": day(enrollment.passed_at, zone),
        "certificate": certificate,
    }
    return given(facts)


def summary(
    key: str, company: str, people: int, standings: Sequence[Standing], zone: ZoneInfo
) -> Facts:
    """The properties of a Company Training Summary over all enrolments of its `people`."""
    counted = [standing for standing in standings if standing.counts]
    done = [standing for standing in counted if standing.completed]
    scores = [standing.score for standing in counted if standing.score is not None]
    facts = {
        "name": plain(company)[:250],
        "hub_key": key,
        "learners": people,
        "enrollments": len(counted),
        "completions": len(done),
        "passed": sum(standing.result == Outcome.PASSED for standing in counted),
        "failed": sum(standing.result == Outcome.FAILED for standing in counted),
        "completion_rate": rounded(100 * len(done) / len(counted)) if counted else None,
        "average_score": rounded(sum(scores) / len(scores)) if scores else None,
        "last_completion": day(max(_completions(done), default=None), zone),
    }
    return given(facts)


def note(
    enrollment: Enrollment,
    zone: ZoneInfo,
    reference: str,
    certificate: str | None,
    milestone: str = "completed",
) -> str:
    """The note on a milestone, completed or passed, one fact a line; its last line is how it is
    found again."""
    lines = [
        f"Course {milestone}: {plain(enrollment.course.title)}",
        f"Status: {write.words(Completion(enrollment.completion))}",
        result_line(Outcome(enrollment.result)),
        f"Score: {write.score(enrollment.score, enrollment.score_raw)}",
        f"Completed: {write.date_time(enrollment.completed_at, zone)} ({zone.key})",
    ]
    if enrollment.passed_at:
        lines.append(f"Passed on: {write.date_time(enrollment.passed_at, zone)} ({zone.key})")
    if enrollment.seconds:  # many courses report it only when the session ends
        lines.append(f"Time spent: {write.duration(enrollment.seconds)}")
    if certificate:
        lines.append(f"Certificate: {certificate}")
    return "\n".join([*lines, reference])


def result_line(result: Outcome) -> str:
    return f"Result: {write.words(result)}"


PASSED_LINE = result_line(Outcome.PASSED)


def reference(row_id: str) -> str:
    """The last line of a note, short and unlike anything people type."""
    return f"Ref SH-{row_id[:12].upper()}"


def plain(text: str) -> str:
    """One line, whatever was typed: a title must not be able to add lines of its own."""
    return " ".join(text.split())


def day(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """The date as the CRM's fields take it, where the account lives."""
    return moment.astimezone(zone).date().isoformat() if moment else None


def rounded(value: float | None, places: int = 2) -> float | int | None:
    """A number without noise; whole ones without a point, so that 80.0 and 80 are the same."""
    if value is None:
        return None
    short = round(value, places)
    return int(short) if short == int(short) else short


def given(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}


def _completions(standings: Iterable[Standing]) -> list[datetime]:
    return [standing.completed_at for standing in standings if standing.completed_at]
