"""Reading what the outside systems answer, without trusting its types.

Numbers come as numbers, as text or as the word "NaN"; dates with and without milliseconds, with
`Z`, `+0000` or no zone, or as milliseconds since 1970; anything may be null or missing. Each
function here takes whatever came and gives a clean value or None, so that the clients' parsers stay
a list of fields.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any


def when(value: Any) -> datetime | None:
    """A point in time, always with its zone; UTC where none was given."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
        moment = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def number(value: Any) -> float | None:
    """A finite number; zero is a number, NaN and infinity are not."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> int:
    """A whole number, 0 where there is none."""
    found = number(value)
    return int(found) if found is not None else 0


def text(value: Any) -> str:
    """Text without surrounding spaces, empty where there is none."""
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def word(value: Any, known: tuple[str, ...]) -> str:
    """One of the known words, in capitals; the first of them stands for everything else."""
    found = text(value).upper()
    return found if found in known else known[0]


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a list, skipping whatever else stands in it."""
    return (
        (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
    )


def texts(value: Any) -> tuple[str, ...]:
    """The non-empty texts of a list."""
    return tuple(filter(None, map(text, value))) if isinstance(value, list) else ()
