"""Values from outside, as odd as they come."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from app.clients.reading import number, text, texts, when, whole

NEW_YEAR = datetime(2026, 1, 1, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-01T12:30:15Z",
        "2026-01-01T12:30:15.000Z",
        "2026-01-01T12:30:15.0Z",
        "2026-01-01T12:30:15+0000",
        "2026-01-01T12:30:15.000+00:00",
        "2026-01-01T14:30:15+0200",
        "2026-01-01T12:30:15",
        "2026-01-01 12:30:15",
        " 2026-01-01T12:30:15.0000000Z ",
        1767270615000,
        1767270615000.0,
    ],
)
def test_every_spelling_of_a_moment_is_the_same_moment_in_utc(written: Any) -> None:
    assert when(written) == NEW_YEAR
    assert when(written).utcoffset() == timedelta(0)


@pytest.mark.parametrize("written", [None, "", "soon", "NaN", True, {}, [], 10**30, float("nan")])
def test_what_is_no_moment_is_none(written: Any) -> None:
    assert when(written) is None


def test_a_zone_is_turned_into_utc() -> None:
    assert when("2026-01-01T00:00:00-05:00").tzinfo is UTC
    assert when("2026-01-01T00:00:00-05:00") == datetime(
        2026, 1, 1, tzinfo=timezone(timedelta(hours=-5))
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (0, 0.0),
        ("0", 0.0),
        (" 87.5 ", 87.5),
        (-12.5, -12.5),
        ("NaN", None),
        (float("nan"), None),
        ("Infinity", None),
        ("", None),
        (None, None),
        (True, None),
        ({}, None),
        ("8,5", None),
    ],
)
def test_numbers_are_finite_or_none(written: Any, read: float | None) -> None:
    assert number(written) == read


def test_text_is_never_none_and_never_a_structure() -> None:
    assert [text(value) for value in (None, " a ", 7, {"x": 1}, ["x"])] == ["", "a", "7", "", ""]
    assert texts(["a", "", None, " b "]) == ("a", "b")
    assert texts("not a list") == ()
    assert whole("NaN") == 0
