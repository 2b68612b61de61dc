"""What SCORM Cloud says about courses, imports, registrations and launches, in our words.

The same registration object comes from a look-up, from a list and as the body of a postback; it is
read here and nowhere else. Completion and success are two separate facts; a score of 0 is a score,
and no score is None.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from app.clients.reading import mapping, mappings, number, text, texts, when, whole, word

COMPLETIONS = ("UNKNOWN", "INCOMPLETE", "COMPLETED")
SUCCESSES = ("UNKNOWN", "PASSED", "FAILED")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Result:
    """How far a learner has come on a course, as one registration shows it.

    `score` is a percentage, `seconds` the time tracked. `raw_score` needs the runtime details and
    exactly one scored module. `attempts` counts SCORM attempts; `launches` is None unless they were
    asked for, then `history` lists them, the oldest first. An answer without `updated` counts as
    older than everything.
    """

    registration_id: str
    instance: int = 0
    updated: datetime = LONG_AGO
    completion: str = "UNKNOWN"
    success: str = "UNKNOWN"
    score: float | None = None
    raw_score: float | None = None
    seconds: float = 0.0
    first_access: datetime | None = None
    last_access: datetime | None = None
    completed_at: datetime | None = None
    created: datetime | None = None
    attempts: int = 0
    launches: int | None = None
    history: tuple["LaunchRecord", ...] = ()
    course_id: str = ""
    course_title: str = ""
    course_version: int = 0
    learner_id: str = ""

    @classmethod
    def parse(cls, answer: Any) -> Self:
        """Read a registration. Raises ValueError when it is not one (no id)."""
        found = mapping(answer)
        if not text(found.get("id")):
            raise ValueError("this is not a registration: it has no id")
        course = mapping(found.get("course"))
        activity = mapping(found.get("activityDetails"))
        return cls(
            registration_id=text(found["id"]),
            instance=whole(found.get("instance")),
            updated=when(found.get("updated")) or LONG_AGO,
            completion=word(found.get("registrationCompletion"), COMPLETIONS),
            success=word(found.get("registrationSuccess"), SUCCESSES),
            score=scaled(found.get("score")),
            raw_score=single_raw_score(activity),
            seconds=max(0.0, number(found.get("totalSecondsTracked")) or 0.0),
            first_access=when(found.get("firstAccessDate")),
            last_access=when(found.get("lastAccessDate")),
            completed_at=when(found.get("completedDate")),
            created=when(found.get("createdDate")),
            attempts=whole(activity.get("attempts")),
            course_id=text(course.get("id")),
            course_title=text(course.get("title")),
            course_version=whole(course.get("version")),
            learner_id=text(mapping(found.get("learner")).get("id")),
        )


@dataclass(frozen=True)
class LaunchRecord:
    """One opening of a course by its learner."""

    id: str
    instance: int
    launched_at: datetime | None
    exited_at: datetime | None
    updated_at: datetime | None
    completion: str
    success: str
    score: float | None
    seconds: float

    @property
    def ended_at(self) -> datetime | None:
        """When it was left; of one that is going on, or was never left, when it last reported."""
        return self.exited_at or self.updated_at

    @property
    def standing(self) -> tuple[int, str, str, float | None]:
        """How the registration stood at its end: instance, completion, success, score."""
        return self.instance, self.completion, self.success, self.score

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(
            id=text(answer.get("launchHistoryId")),
            instance=whole(answer.get("instance")),
            launched_at=when(answer.get("launchTime")),
            exited_at=when(answer.get("exitTime")),
            updated_at=when(answer.get("lastRuntimeUpdate")),
            completion=word(answer.get("completionStatus"), COMPLETIONS),
            success=word(answer.get("successStatus"), SUCCESSES),
            score=scaled(answer.get("score")),
            seconds=max(0.0, number(answer.get("totalSecondsTracked")) or 0.0),
        )


@dataclass(frozen=True)
class CloudCourse:
    """A course as SCORM Cloud keeps it. Versions count from 0."""

    id: str
    title: str
    version: int
    standard: str
    created: datetime | None = None
    updated: datetime | None = None
    tags: tuple[str, ...] = ()
    registrations: int | None = None

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        counted = answer.get("registrationCount")
        return cls(
            id=text(answer.get("id")),
            title=text(answer.get("title")),
            version=whole(answer.get("version")),
            standard=text(answer.get("courseLearningStandard")) or "UNKNOWN",
            created=when(answer.get("created")),
            updated=when(answer.get("updated")),
            tags=texts(answer.get("tags")),
            registrations=whole(counted) if counted is not None else None,
        )


@dataclass(frozen=True)
class ImportJob:
    """How an import goes: RUNNING, COMPLETE (then with its course) or ERROR (not always with a
    message).
    """

    id: str
    status: str
    message: str = ""
    warnings: tuple[str, ...] = ()
    course: CloudCourse | None = None

    @property
    def is_running(self) -> bool:
        return self.status == "RUNNING"

    @property
    def failed(self) -> bool:
        return self.status == "ERROR"

    @classmethod
    def parse(cls, job_id: str, answer: dict[str, Any]) -> Self:
        imported = mapping(answer.get("importResult"))
        course = mapping(imported.get("course"))
        return cls(
            id=text(answer.get("jobId")) or job_id,
            status=word(answer.get("status"), ("RUNNING", "COMPLETE", "ERROR")),
            message=text(answer.get("message")),
            warnings=texts(imported.get("parserWarnings")),
            course=CloudCourse.parse(course) if course else None,
        )


@dataclass(frozen=True)
class AccountInfo:
    """Whose SCORM Cloud account it is and how much of it is used. A limit of None is not known."""

    company: str
    email: str
    kind: str
    registration_limit: int | None
    limit_is_strict: bool
    registrations_this_month: int
    registrations: int
    courses: int

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        usage = mapping(answer.get("usage"))
        limit = number(answer.get("regLimit"))
        return cls(
            company=text(answer.get("company")),
            email=text(answer.get("email")),
            kind=text(answer.get("accountType")),
            registration_limit=None if limit is None else int(limit),
            limit_is_strict=answer.get("strictLimit") is True,
            registrations_this_month=whole(usage.get("regCount")),
            registrations=whole(usage.get("totalRegistrations")),
            courses=whole(usage.get("totalCourses")),
        )


@dataclass(frozen=True)
class PostbackSettings:
    """What an application has configured; the password, which could be read back, is left out."""

    url: str
    user: str
    auth_type: str
    results_format: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        found = {
            text(item.get("id")): text(item.get("effectiveValue"))
            for item in mappings(answer.get("settingItems"))
        }
        return cls(
            url=found.get("ApiRollupRegistrationPostBackUrl", ""),
            user=found.get("ApiRollupRegistrationAuthUser", ""),
            auth_type=found.get("ApiRollupRegistrationAuthType", ""),
            results_format=found.get("ApiRollupRegistrationFormat", ""),
        )


def scaled(score: Any) -> float | None:
    """The percentage in a score object; None when there is no score."""
    return number(mapping(score).get("scaled"))


def single_raw_score(root: dict[str, Any]) -> float | None:
    """The raw score of the only scored module; None when there are several, or none."""
    scored = [unit for unit in modules(root) if has_score(unit)]
    return raw_score(scored[0]) if len(scored) == 1 else None


def modules(activity: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The leaves of an activity tree: the units that learners really open."""
    waiting = [activity]
    while waiting:
        unit = waiting.pop()
        children = list(mappings(unit.get("children")))
        waiting += children
        if not children:
            yield unit


def has_score(unit: dict[str, Any]) -> bool:
    return scaled(unit.get("score")) is not None or raw_score(unit) is not None


def raw_score(unit: dict[str, Any]) -> float | None:
    return number(mapping(unit.get("runtime")).get("scoreRaw"))
