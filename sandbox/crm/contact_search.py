"""Contact search: free text, filters with groups, sorting, and both ways of paging.

Strict like the CRM: each field has its operators, `contains` takes no special characters, and no
more than ten thousand rows can be paged through by number.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.crm import search_index
from sandbox.crm.crm_state import Crm, Db
from sandbox.crm.documents import Doc
from sandbox.crm.refusals import bad_request, unprocessable
from sandbox.crm.shapes import Shape, anything, filled, list_of, one_of, text, whole

_EQUAL = {"eq", "not_eq"}
_EXIST = {"exists", "not_exists"}
_CONTAIN = {"contains", "not_contains"}
_ALL_BUT_RANGE = _EQUAL | _EXIST | _CONTAIN
_TEXT_FIELDS = [
    "phone",
    "firstNameLowerCase",
    "lastNameLowerCase",
    "address",
    "city",
    "state",
    "postalCode",
    "companyName",
    "businessName",
    "source",
    "tags",
]
_CHOICE_FIELDS = [
    "country",
    "timezone",
    "type",
    "dnd",
    "assignedTo",
    "followers",
    "validEmail",
    "activeWorkflows",
    "finishedWorkflows",
]
_DATE_FIELDS = ("dateAdded", "dateUpdated", "dateOfBirth", "lastAppointment")
OPERATORS: dict[str, set[str]] = {
    "id": _EQUAL,
    "email": _EQUAL | _EXIST,
    "website": _EQUAL | _EXIST,
    **dict.fromkeys(_TEXT_FIELDS, _ALL_BUT_RANGE),
    **dict.fromkeys(_CHOICE_FIELDS, _EQUAL | _EXIST),
    **dict.fromkeys(_DATE_FIELDS, {"range"} | _EXIST),
}
_STORED_AS = {"address": "address1", "email": "emailLowerCase", "businessName": "companyName"}
_MAX_ROWS = 10_000


def _query(name: str, value: Any) -> list[str]:
    if isinstance(value, str) and len(value) > 75:
        return [f"{name} must be shorter than or equal to 75 characters"]
    return text(name, value)


BODY = Shape(
    {"locationId": filled, "pageLimit": whole(1, 500)},
    {
        "page": whole(1),
        "searchAfter": list_of(anything),
        "filters": list_of(anything),
        "sort": list_of(Shape({"field": filled, "direction": one_of("asc", "desc")}), at_most=2),
        "query": _query,
    },
)


def run(crm: Crm, db: Db, location: str, body: Doc) -> tuple[list[Doc], int]:
    """The rows of the page asked for, and how many match in all."""
    after, page, limit = body.get("searchAfter"), body.get("page"), int(body["pageLimit"])
    if after and page:
        raise bad_request("page and searchAfter cannot be used together")
    if (page or 1) * limit > _MAX_ROWS:
        raise bad_request(f"page * pageLimit must not be greater than {_MAX_ROWS}")
    problems = _problems(body.get("filters", []))
    if problems:
        raise unprocessable(*problems)
    rows = matching(search_index.documents(crm, db, "contact", location), body.get("query", ""))
    rows = [row for row in rows if all(_passes(row, one) for one in body.get("filters", []))]
    ordered = [_row(row) for row in _sorted(rows, body.get("sort", []))]
    return _page(ordered, after, page or 1, limit), len(rows)


def newest(crm: Crm, db: Db, location: str, query: str) -> list[Doc]:
    """All that match a free text, newest first."""
    rows = matching(search_index.documents(crm, db, "contact", location), query)
    return [_row(row) for row in _sorted(rows, [])]


def matching(rows: list[Doc], query: str) -> list[Doc]:
    """The contacts in whose name, address or number every word of ``query`` occurs."""
    words = plain(query).split()
    return [row for row in rows if all(word in _words_of(row) for word in words)]


def plain(text: str) -> str:
    """Lower case without accents, so that "zoe" finds "Zoë"."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _words_of(row: Doc) -> str:
    parts = (row.get(name) or "" for name in ("name", "email", "phone", "companyName"))
    return plain(" ".join(parts))


def _row(contact: Doc) -> Doc:
    return {
        **contact,
        "searchAfter": [_milliseconds(contact["dateAdded"]), contact["id"]],
        "opportunities": [],
    }


def _page(rows: list[Doc], after: list[Any] | None, page: int, limit: int) -> list[Doc]:
    if not after:
        return rows[(page - 1) * limit : page * limit]
    position = next((at for at, row in enumerate(rows) if row["id"] == after[-1]), None)
    return rows[position + 1 : position + 1 + limit] if position is not None else []


def _sorted(rows: list[Doc], sort: list[Doc]) -> list[Doc]:
    """By the wanted fields, else newest first; equal rows keep their order."""
    ordered = sorted(
        rows, key=lambda row: (_milliseconds(row["dateAdded"]), row["id"]), reverse=True
    )
    for one in reversed(sort):
        ordered = sorted(
            ordered,
            key=lambda row: plain(str(_value(row, one["field"]) or "")),
            reverse=one["direction"] == "desc",
        )
    return ordered


def _problems(filters: list[Any], path: str = "filters") -> list[str]:
    found = []
    for index, one in enumerate(filters):
        here = f"{path}.{index}"
        if not isinstance(one, dict):
            found.append(f"{here} must be an object")
        elif "group" in one:
            found += _group_problems(one, here)
        else:
            found += _filter_problems(one, here)
    return found


def _group_problems(group: Doc, here: str) -> list[str]:
    found = Shape({"group": one_of("AND", "OR"), "filters": list_of(anything)})(here, group)
    return found or _problems(group["filters"], f"{here}.filters")


def _filter_problems(one: Doc, here: str) -> list[str]:
    found = Shape({"field": filled, "operator": filled}, {"value": anything})(here, one)
    if found:
        return found
    field, operator, value = one["field"], one["operator"], one.get("value")
    allowed = OPERATORS.get(field)
    if field.startswith("customFields."):
        allowed = _ALL_BUT_RANGE | {"range"}
    if allowed is None:
        return [f"{here}.field {field} is not supported"]
    if operator not in allowed:
        return [f"{here}.operator {operator} is not supported for the field {field}"]
    if operator in _EXIST:
        return [f"{here}.value should not exist"] if value is not None else []
    if operator == "range":
        known = isinstance(value, dict) and value and value.keys() <= {"gt", "gte", "lt", "lte"}
        return [] if known else [f"{here}.value must be an object with gt, gte, lt or lte"]
    if value is None:
        return [f"{here}.value should not be empty"]
    if operator in _CONTAIN and not _is_plain_text(value):
        return [f"{here}.value must not contain special characters and have 75 at most"]
    return []


def _is_plain_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 75 and not re.search(r"[^\w\s-]", value)


def _passes(row: Doc, one: Doc) -> bool:
    if "group" in one:
        results = [_passes(row, inner) for inner in one["filters"]]
        return any(results) if one["group"] == "OR" else all(results)
    return _OPERATORS[one["operator"]](_value(row, one["field"]), one.get("value"))


def _value(row: Doc, field: str) -> Any:
    if field.startswith("customFields."):
        id = field.removeprefix("customFields.")
        return next((one["value"] for one in row["customFields"] if one["id"] == id), None)
    return row.get(_STORED_AS.get(field, field))


def _texts(value: Any) -> list[str]:
    """A value as the texts to compare: the parts of a list, booleans as JSON writes them."""
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() for one in values if one not in (None, "")]


def _equals(value: Any, wanted: Any) -> bool:
    return bool(set(_texts(value)) & set(_texts(wanted)))


def _contains(value: Any, wanted: str) -> bool:
    return any(wanted.lower() in one for one in _texts(value))


def _in_range(value: Any, wanted: Doc) -> bool:
    if value in (None, ""):
        return False
    mine = _comparable(value)
    tests: dict[str, Callable[[float, float], bool]] = {
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
    }
    return all(tests[name](mine, _comparable(limit)) for name, limit in wanted.items())


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _equals,
    "not_eq": lambda value, wanted: not _equals(value, wanted),
    "contains": _contains,
    "not_contains": lambda value, wanted: not _contains(value, wanted),
    "exists": lambda value, wanted: bool(_texts(value)),
    "not_exists": lambda value, wanted: not _texts(value),
    "range": _in_range,
}


def _comparable(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(_milliseconds(str(value)))
    except ValueError as error:
        raise unprocessable("the limits of a range are numbers or ISO 8601 dates") from error


def _milliseconds(moment: str) -> int:
    read = datetime.fromisoformat(moment)
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
