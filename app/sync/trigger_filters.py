"""Filters that somebody has set on our trigger in a workflow: by course and by score.

The CRM hands them over and leaves them to us. What cannot be understood is refused when the
workflow is saved, and never matches: a workflow that starts for the wrong people is worse than one
that does not start. Filters on other fields are the CRM's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.clients.reading import number, text, texts

Filter = Mapping[str, Any]

COURSE, SCORE = "course", "score"
ANY_OF = {"eq", "==", "=", "is", "equals", "in", "any-of", "is-any-of", "contains"}
NONE_OF = {"ne", "neq", "!=", "not", "is-not", "not-equals", "nin", "not-in", "none-of",
           "is-none-of"}  # fmt: skip
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    **dict.fromkeys(("gte", ">=", "greater-than-or-equal-to"), lambda score, bound: score >= bound),
    **dict.fromkeys(("lte", "<=", "less-than-or-equal-to"), lambda score, bound: score <= bound),
    **dict.fromkeys(("gt", ">", "greater-than"), lambda score, bound: score > bound),
    **dict.fromkeys(("lt", "<", "less-than"), lambda score, bound: score < bound),
    **dict.fromkeys(ANY_OF - {"contains", "in"}, lambda score, bound: score == bound),
    **dict.fromkeys(NONE_OF, lambda score, bound: score != bound),
}


def trouble(filters: Iterable[Filter]) -> str | None:
    """What of the filters cannot be understood, as a sentence; None if all is well."""
    for one in filters:
        field, operator = text(one.get("field")), operator_of(one)
        if field == COURSE and operator not in ANY_OF | NONE_OF:
            return f"The course cannot be filtered by “{text(one.get('operator'))}”."
        if field == SCORE and (operator not in COMPARISONS or bound_of(one) is None):
            return "The score can be filtered by a comparison with a number only."
    return None


def matches(filters: Iterable[Filter], course_id: str, score: float | None) -> bool:
    """Whether an event of this course with this score, in per cent, passes all filters."""
    return all(matches_one(one, course_id, score) for one in filters)


def matches_one(one: Filter, course_id: str, score: float | None) -> bool:
    field, operator = text(one.get("field")), operator_of(one)
    if field == COURSE:
        chosen = values_of(one)
        if operator in NONE_OF:
            return course_id not in chosen
        return operator in ANY_OF and (not chosen or course_id in chosen)
    if field == SCORE:
        bound, compare = bound_of(one), COMPARISONS.get(operator)
        if bound is None or compare is None or score is None:
            return False
        return compare(score, bound)
    return True


def operator_of(one: Filter) -> str:
    """In one spelling: `Greater_Than` and `greater than` are the same."""
    return "-".join(text(one.get("operator")).lower().replace("_", " ").split()) or "eq"


def values_of(one: Filter) -> set[str]:
    value = one.get("value")
    return set(texts(value)) if isinstance(value, list) else {text(value)} - {""}


def bound_of(one: Filter) -> float | None:
    value = one.get("value")
    return number(value[0] if isinstance(value, list) and value else value)
