"""What a package said of itself in detail: its modules and, on request, questions and objectives.

Read live for whoever looks at one learner, never stored: answers of a quiz are nobody else's
business, and nothing of ours depends on them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from app.clients.reading import mapping, mappings, number, text, texts, whole, word
from app.clients.scorm_results import COMPLETIONS, SUCCESSES, Result, raw_score, scaled

_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")


@dataclass(frozen=True)
class Interaction:
    """One question as the package recorded it. `result` is the package's own word."""

    id: str
    kind: str
    question: str
    answer: str
    correct_answers: tuple[str, ...]
    result: str
    weighting: str
    latency: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        return cls(
            id=text(answer.get("id")),
            kind=text(answer.get("type")),
            question=text(answer.get("description")),
            answer=text(answer.get("learnerResponse")),
            correct_answers=texts(answer.get("correctResponses")),
            result=text(answer.get("result")).lower(),
            weighting=text(answer.get("weighting")),
            latency=text(answer.get("latency")),
        )


@dataclass(frozen=True)
class Objective:
    """A learning objective; `score` is the package's own number, on whatever scale."""

    id: str
    completion: str
    success: str
    score: float | None
    description: str

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        score = number(answer.get("scoreRaw"))
        return cls(
            id=text(answer.get("id")),
            completion=text(answer.get("completionStatus")).lower(),
            success=text(
                answer.get("successStatus") or answer.get("runtimeObjectiveSuccessStatus")
            ).lower(),
            score=score if score is not None else number(answer.get("scoreScaled")),
            description=text(answer.get("description")),
        )


@dataclass(frozen=True)
class Module:
    """A unit that learners really open: a leaf of the activity tree. `seconds` of time tracked."""

    id: str
    title: str
    attempts: int
    completion: str
    success: str
    score: float | None
    raw_score: float | None
    seconds: float
    suspended: bool
    interactions: tuple[Interaction, ...] = ()
    objectives: tuple[Objective, ...] = ()

    @property
    def completed(self) -> bool:
        return self.completion == "COMPLETED"

    @property
    def opened(self) -> bool:
        return self.attempts > 0 or self.seconds > 0 or self.completion != "UNKNOWN"

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        runtime = mapping(answer.get("runtime"))
        return cls(
            id=text(answer.get("id")),
            title=text(answer.get("title")) or text(answer.get("id")),
            attempts=whole(answer.get("attempts")),
            completion=word(answer.get("activityCompletion"), COMPLETIONS),
            success=word(answer.get("activitySuccess"), SUCCESSES),
            score=scaled(answer.get("score")),
            raw_score=raw_score(answer),
            seconds=clock_seconds(answer.get("timeTracked")),
            suspended=answer.get("suspended") is True,
            interactions=tuple(
                map(Interaction.parse, mappings(runtime.get("runtimeInteractions")))
            ),
            objectives=tuple(map(Objective.parse, mappings(runtime.get("runtimeObjectives")))),
        )


@dataclass(frozen=True)
class Report:
    """A registration with all its modules, in the order of the course."""

    result: Result
    modules: tuple[Module, ...]

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Self:
        """Raises ValueError when it is not a registration."""
        root = mapping(answer.get("activityDetails"))
        return cls(Result.parse(answer), tuple(map(Module.parse, leaves(root))) if root else ())


def leaves(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The leaves of an activity tree in the order of the course, however deep it is."""
    waiting = [root]
    while waiting:
        unit = waiting.pop()
        children = list(mappings(unit.get("children")))
        if not children:
            yield unit
        waiting += reversed(children)


def clock_seconds(value: Any) -> float:
    """`0000:12:14.20` in seconds; 0 for anything else."""
    found = _CLOCK.fullmatch(text(value))
    if found is None:
        return 0.0
    hours, minutes, seconds = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
