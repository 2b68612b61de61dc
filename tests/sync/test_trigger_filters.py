"""Filters of workflows, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from app.sync.trigger_filters import matches, trouble


def by_course(operator: str, value: Any) -> dict[str, Any]:
    return {"field": "course", "operator": operator, "value": value}


def by_score(operator: str, value: Any) -> dict[str, Any]:
    return {"field": "score", "operator": operator, "value": value}


TABLE = [
    ([], 50.0, True),
    ([by_course("eq", "c")], None, True),
    ([by_course("eq", "d")], None, False),
    ([by_course("is", ["d", "c"])], None, True),
    ([by_course("Is Any Of", [])], None, True),
    ([by_course("!=", "c")], None, False),
    ([by_course("is_not", "d")], None, True),
    ([by_course("none-of", ["c", "d"])], None, False),
    ([by_course("starts with", "c")], None, False),
    ([by_course("", "c")], None, True),
    ([by_score(">=", 80)], 80.0, True),
    ([by_score("gt", "80")], 80.0, False),
    ([by_score("greater_than", "80")], 80.5, True),
    ([by_score("lt", 60)], 59.99, True),
    ([by_score("<=", 60)], 60.0, True),
    ([by_score("eq", ["0"])], 0.0, True),
    ([by_score("ne", 0)], 0.0, False),
    ([by_score(">=", 0)], None, False),
    ([by_score(">=", "high")], 99.0, False),
    ([by_score("in", 90)], 90.0, False),
    ([by_course("eq", "c"), by_score("gte", 80)], 90.0, True),
    ([by_course("eq", "c"), by_score("gte", 80)], 70.0, False),
    ([{"field": "contact.tag", "operator": "is", "value": "vip"}], None, True),
]


@pytest.mark.parametrize(("filters", "score", "passes"), TABLE)
def test_filters(filters: list[dict[str, Any]], score: float | None, passes: bool) -> None:
    assert matches(filters, "c", score) is passes


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (by_course("starts with", "c"), "“starts with”"),
        (by_score("in", 90), "comparison"),
        (by_score(">=", "high"), "comparison"),
        (by_score(">=", None), "comparison"),
    ],
)
def test_what_cannot_be_understood_is_said(one: dict[str, Any], words: str) -> None:
    found = trouble([one])
    assert found
    assert words in found


def test_what_is_understood_is_fine() -> None:
    assert trouble([by_course("eq", "c"), by_score(">=", "80"), {"field": "x"}]) is None
