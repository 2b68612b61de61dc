"""How dates, durations, scores and states are written for people, everywhere the same."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup, escape

from app.models import Completion, CourseStatus, Outcome

NOTHING = "–"
COMPLETION_WORDS = {
    Completion.NOT_STARTED: "Not Started",
    Completion.IN_PROGRESS: "In Progress",
    Completion.COMPLETED: "Completed",
}
OUTCOME_WORDS = {Outcome.NONE: NOTHING, Outcome.PASSED: "Passed", Outcome.FAILED: "Failed"}
COURSE_WORDS = {
    CourseStatus.UPLOADING: "Processing",
    CourseStatus.PROCESSING: "Processing",
    CourseStatus.READY: "Ready",
    CourseStatus.ERROR: "Error",
}


def date(moment: datetime | None, zone: ZoneInfo) -> str:
    """`4 Mar 2026`, in the account's zone; a dash for none."""
    if moment is None:
        return NOTHING
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b %Y}"


def date_time(moment: datetime | None, zone: ZoneInfo) -> str:
    """`4 Mar 2026, 14:05`, in the account's zone; a dash for none."""
    if moment is None:
        return NOTHING
    return f"{date(moment, zone)}, {moment.astimezone(zone):%H:%M}"


def duration(seconds: float | None) -> str:
    """`1 h 05 min`, `12 min`, `40 s`; a dash for nothing."""
    if not seconds:
        return NOTHING
    if seconds < 60:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def number(value: float | None) -> str:
    """Up to two decimals, without trailing zeros; 0 is a number, None is a dash."""
    if value is None:
        return NOTHING
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(value: float | None) -> str:
    return NOTHING if value is None else f"{number(value)}%"


def score(percentage: float | None, raw: float | None) -> str:
    """`80%`, or where there is no percentage `8 (raw)`; a dash for no score at all."""
    if percentage is None and raw is not None:
        return f"{number(raw)} (raw)"
    return percent(percentage)


def size(count: int) -> str:
    """Bytes in MB of 1,048,576, as the upload limit counts them."""
    return f"{number(count / 1_048_576)} MB" if count >= 104_858 else f"{-(-count // 1024)} KB"


def words(state: Completion | Outcome | CourseStatus | str) -> str:
    """The word that screens and files show for a state."""
    for table in (COMPLETION_WORDS, OUTCOME_WORDS, COURSE_WORDS):
        if state in table:
            return table[state]  # type: ignore[index]
    return str(state)


def breakable(address: str) -> Markup:
    """An e-mail address that may go on in the next line after its @ and dots, not inside a word."""
    return Markup(re.sub(r"([@.])(?=\w)", r"\1<wbr>", str(escape(address))))


def init_app(app: Flask) -> None:
    for function in (date, date_time, duration, number, percent, score, size, words, breakable):
        app.template_filter(function.__name__)(function)
