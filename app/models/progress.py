"""How a learner's course goes, as values: frozen, compared as a whole, and set as a whole.

A `Standing` always comes from one report of SCORM Cloud; its parts are never put together from two.
Times are in UTC. The rules by which one follows another stand in `enrollments/standing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Completion(StrEnum):
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class Outcome(StrEnum):
    """The result, kept apart from completion: somebody may complete and fail."""

    NONE = "none"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True)
class Standing:
    """What one report says of a course: how far, with which result and score, reached when.

    `score` is per cent, `score_raw` the package's own number; 0 is a score, None is none.
    """

    completion: Completion = Completion.NOT_STARTED
    result: Outcome = Outcome.NONE
    score: float | None = None
    score_raw: float | None = None
    reached_at: datetime | None = None

    @property
    def completed(self) -> bool:
        return self.completion == Completion.COMPLETED


@dataclass(frozen=True)
class Progress:
    """All that people see of an enrollment's progress. Seconds and attempts are running totals."""

    standing: Standing = Standing()
    completed_at: datetime | None = None  # the first completion
    seconds: float = 0.0
    attempts: int = 0
    first_access_at: datetime | None = None
    last_access_at: datetime | None = None


@dataclass(frozen=True)
class Reading:
    """How the registration was when it was last read, so that the next report can be held against
    it, and what its earlier instances and resets have to be counted with."""

    at: datetime | None = None  # its `updated`
    instance: int = 0
    seconds: float = 0.0
    launches: int = 0
    first_launch: str | None = None  # SCORM Cloud's id of the oldest; a reset begins a new history
    seconds_before: float = 0.0
    attempts_before: int = 0
