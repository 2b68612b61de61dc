"""From what content reported to what a registration shows: completion, success, score, seconds.

Pure functions over the ``cmi`` objects that the player commits, in their SCORM 1.2 form (with
``core``) and their 2004 form. All values in them are texts. The rules:

- SCORM 1.2 has one status: passed, failed and completed all mean that the item was completed. A
  score decides success where the manifest has a mastery score and the content did not say. Its raw
  score is one of 0 to 100, or of its minimum to its maximum, so it is a percentage too.
- SCORM 2004 has a scaled score for that: a raw score alone makes no percentage.
- An item that was finished without ever setting a status counts as completed: that is the LMS's
  job by both standards.
- Of several items: completed when all are; failed when one is; passed when all are completed and
  at least one passed; the score is the average of the scores there are; times are added.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Cmi = Mapping[str, Any]

_TIME_12 = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_TIME_2004 = re.compile(
    r"P(?:(?P<y>\d+)Y)?(?:(?P<mo>\d+)M)?(?:(?P<d>\d+)D)?"
    r"(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = {"y": 31557600, "mo": 2629800, "d": 86400, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Result:
    """Completion UNKNOWN|COMPLETED|INCOMPLETE, success UNKNOWN|PASSED|FAILED, score 0–100."""

    completion: str = "UNKNOWN"
    success: str = "UNKNOWN"
    score: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Reported:
    """The stored state of one item, and the mastery score of its manifest entry."""

    cmi: Cmi
    final: bool
    mastery_score: float | None = None


def item_result(item: Reported) -> Result:
    """What one item's runtime state means."""
    seconds = item_seconds(item.cmi, item.final)
    if is_scorm_12(item.cmi):
        return _result_12(item, seconds)
    return _result_2004(item, seconds)


def of_items(items: Iterable[Result], expected: int) -> Result:
    """The registration's result from its items; ``expected`` is how many the course has."""
    known = list(items)
    if not known:
        return Result()
    scores = [item.score for item in known if item.score is not None]
    complete = len(known) >= expected and all(item.completion == "COMPLETED" for item in known)
    return Result(
        "COMPLETED" if complete else "INCOMPLETE",
        _success_of(known, complete),
        round(sum(scores) / len(scores), 4) if scores else None,
        sum(item.seconds for item in known),
    )


def is_scorm_12(cmi: Cmi) -> bool:
    return "core" in cmi


def item_seconds(cmi: Cmi, final: bool) -> float:
    """Seconds spent in the item. Only the last commit of a session has added its own time."""
    source: Cmi = cmi.get("core") or {} if is_scorm_12(cmi) else cmi
    total = parse_seconds(source.get("total_time"))
    return total if final else total + parse_seconds(source.get("session_time"))


def parse_seconds(text: Any) -> float:
    """Seconds in a SCORM 1.2 (``0000:01:02.5``) or 2004 (``PT1M2.5S``) time; 0 if it is neither."""
    if not isinstance(text, str):
        return 0.0
    old = _TIME_12.fullmatch(text)
    if old:
        hours, minutes, seconds = (float(part) for part in old.groups())
        return hours * 3600 + minutes * 60 + seconds
    new = _TIME_2004.fullmatch(text)
    if not new:
        return 0.0
    return sum(float(new[unit]) * size for unit, size in _SECONDS.items() if new[unit])


def _result_12(item: Reported, seconds: float) -> Result:
    core: Cmi = item.cmi.get("core") or {}
    status = str(core.get("lesson_status") or "").lower()
    raw = number((core.get("score") or {}).get("raw"))
    mastery = item.mastery_score
    if status in ("", "not attempted"):
        status = "completed" if item.final else "incomplete"
    success = {"passed": "PASSED", "failed": "FAILED"}.get(status, "UNKNOWN")
    if success == "UNKNOWN" and status == "completed" and mastery is not None and raw is not None:
        success = "PASSED" if raw >= mastery else "FAILED"
    completion = "COMPLETED" if status in ("passed", "failed", "completed") else "INCOMPLETE"
    return Result(completion, success, _percentage(core.get("score") or {}), seconds)


def _result_2004(item: Reported, seconds: float) -> Result:
    status = str(item.cmi.get("completion_status") or "").lower()
    success = str(item.cmi.get("success_status") or "").lower()
    completion = "COMPLETED" if status == "completed" else "INCOMPLETE"
    if status in ("", "unknown", "not attempted") and item.final:
        completion = "COMPLETED"
    scaled = number((item.cmi.get("score") or {}).get("scaled"))
    return Result(
        completion,
        {"passed": "PASSED", "failed": "FAILED"}.get(success, "UNKNOWN"),
        scaled * 100 if scaled is not None else None,
        seconds,
    )


def _percentage(score: Cmi) -> float | None:
    """A raw score of SCORM 1.2 as a percentage: within its minimum and maximum, else as it is."""
    raw, low, high = (number(score.get(name)) for name in ("raw", "min", "max"))
    if raw is None:
        return None
    if low is not None and high is not None and low <= raw <= high:
        return (raw - low) / (high - low) * 100 if low < high else 100.0
    return raw if 0 <= raw <= 100 else None


def _success_of(items: Sequence[Result], complete: bool) -> str:
    if any(item.success == "FAILED" for item in items):
        return "FAILED"
    if complete and any(item.success == "PASSED" for item in items):
        return "PASSED"
    return "UNKNOWN"


def number(text: Any) -> float | None:
    """The number in a text, None when there is none."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def is_suspended(cmi: Cmi) -> bool:
    """Whether the item was left to be resumed, so that the next session goes on with it."""
    source: Cmi = cmi.get("core") or {} if is_scorm_12(cmi) else cmi
    return str(source.get("exit") or "").lower() == "suspend"


def started_at(cmi: Cmi, final: bool) -> float:
    """The total time in seconds that the session which committed ``cmi`` began with."""
    source: Cmi = cmi.get("core") or {} if is_scorm_12(cmi) else cmi
    total = parse_seconds(source.get("total_time"))
    return max(0.0, total - parse_seconds(source.get("session_time"))) if final else total
