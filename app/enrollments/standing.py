"""The rules of the standing: which of a learner's results is shown, certified and told to the CRM.

| present       | reported      | then stands                                                    |
| ------------- | ------------- | -------------------------------------------------------------- |
| not completed | not completed | the newer report; In Progress once either says so              |
| not completed | completed     | the reported one, however old: no completion is ever lost      |
| completed     | not completed | the present one: Completed never falls back                    |
| completed     | completed     | the better one: Passed before Failed before no result, then    |
|               |               | the higher percentage, or raw score where neither has a        |
|               |               | percentage; of two that are equal, the one reached first       |

A standing is taken whole from its report. So the order in which completed reports arrive, and how
often, makes no difference.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

from app.models.progress import Completion, Outcome, Standing

RANKS = {Outcome.PASSED: 2, Outcome.FAILED: 1, Outcome.NONE: 0}
FOREVER = datetime.max.replace(tzinfo=UTC)


def following(present: Standing, reported: Standing, newer: bool) -> Standing:
    """The standing after a report; `newer` than the one that was recorded last, or the same."""
    if reported.completed:
        return better(present, reported) if present.completed else reported
    if present.completed:
        return present
    if not newer:
        return started(present) if reported.completion == Completion.IN_PROGRESS else present
    if present.completion == Completion.IN_PROGRESS:
        reported = started(reported)
    return earlier(present, reported) if alike(present, reported) else reported


def started(standing: Standing) -> Standing:
    """As In Progress: who has opened a course has started it, whatever was reset since."""
    return replace(standing, completion=Completion.IN_PROGRESS)


def better(one: Standing, other: Standing) -> Standing:
    """Of two completed standings the one that counts."""
    if merit(one) == merit(other):
        return earlier(one, other)
    return max(one, other, key=merit)


def merit(standing: Standing) -> tuple[int, float, float]:
    """What a completed standing is worth, to compare it with another by."""
    score = -math.inf if standing.score is None else standing.score
    raw_counts = standing.score is None and standing.score_raw is not None
    raw = standing.score_raw if raw_counts and standing.score_raw is not None else -math.inf
    return RANKS[standing.result], score, raw


def earlier(one: Standing, other: Standing) -> Standing:
    """The one reached first; at the same moment, the one that tells more."""
    return min(one, other, key=_age)


def alike(one: Standing, other: Standing) -> bool:
    """They differ in their moment at most."""
    return replace(one, reached_at=None) == replace(other, reached_at=None)


def _age(standing: Standing) -> tuple[datetime, bool, float]:
    raw = standing.score_raw
    return standing.reached_at or FOREVER, raw is None, -(raw or 0.0)
