"""Reading query parameters and bodies the way SCORM Cloud does.

Booleans in any case, lists with commas, ISO dates with or without milliseconds and zone; whatever
does not fit is refused with 400.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import request

from sandbox.clock import iso
from sandbox.scorm_cloud.errors import ApiError

LONGEST_ID = 255
INVALID = "Bad request, likely due to invalid query"

Args = Mapping[str, str]


def flag(args: Args, name: str) -> bool:
    """A boolean parameter, false when absent."""
    text = args.get(name, "false").lower()
    if text not in ("true", "false"):
        raise ApiError(400, f"{INVALID}: {name} must be true or false.")
    return text == "true"


def moment(args: Args, name: str) -> str | None:
    """A date parameter as the stand-in stores times; a date without zone is UTC."""
    text = args.get(name)
    if not text:
        return None
    try:
        # A `+` that was not encoded arrives as a blank.
        parsed = datetime.fromisoformat(text.strip().replace(" ", "+" if "T" in text else "T"))
    except ValueError as error:
        raise ApiError(400, f"{INVALID}: {name} is not a date.") from error
    return iso(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def check_dates(args: Args) -> None:
    """Refuse a wrong ``since`` or ``until`` where the list has nothing to apply it to."""
    for name in ("since", "until"):
        moment(args, name)


def words(args: Args, name: str) -> list[str]:
    """A list parameter, separated by commas."""
    return [word for word in args.get(name, "").split(",") if word]


def choice(args: Args, name: str, allowed: Mapping[str, str], default: str) -> str:
    """One of the allowed words (in any case), as what it stands for."""
    text = (args.get(name) or default).lower()
    if text not in allowed:
        raise ApiError(400, f"{INVALID}: [{args.get(name)}] is not a value of {name}.")
    return allowed[text]


def body() -> dict[str, Any]:
    """The JSON object sent; an empty one when nothing was sent."""
    if not request.get_data():
        return {}
    sent = request.get_json(force=True, silent=True)
    if not isinstance(sent, dict):
        raise ApiError(400, "Bad request: the body must be a JSON object.")
    return sent


def identifier(value: Any, name: str) -> str:
    """An id chosen by the caller: required, a text of at most 255 characters."""
    if not isinstance(value, str) or not value:
        raise ApiError(400, f"Bad request: {name} is required.")
    if len(value) > LONGEST_ID:
        raise ApiError(400, f"Bad request: {name} is longer than {LONGEST_ID} characters.")
    return value


def texts(sent: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts in a body, empty when absent, without repeats."""
    values = sent.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ApiError(400, f"Bad request: {name} must be a list of strings.")
    return list(dict.fromkeys(values))
