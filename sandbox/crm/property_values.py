"""Which values a field of a custom object takes, by its data type."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sandbox.crm.documents import Doc


def problem(name: str, field: Doc, value: Any) -> str | None:
    """The sentence that is wrong about a value, or None."""
    kind = field["dataType"]
    if kind in ("SINGLE_OPTIONS", "RADIO"):
        return _option(name, field, [value])
    if kind in ("MULTIPLE_OPTIONS", "CHECKBOX"):
        if not isinstance(value, list):
            return f"{name} must be an array of option keys"
        return _option(name, field, value)
    fits, sentence = _TYPES[kind]
    return None if fits(value) else f"{name} {sentence}"


def _option(name: str, field: Doc, values: list[Any]) -> str | None:
    if field.get("allowCustomOption"):
        return None
    keys = [option["key"] for option in field.get("options", [])]
    if all(value in keys for value in values):
        return None
    return f"{name} must be one of the following values: {', '.join(keys)}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_money(value: Any) -> bool:
    return isinstance(value, dict) and "currency" in value and _is_number(value.get("value"))


def _is_date(value: Any) -> bool:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_files(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) and "url" in one for one in value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | dict)


_TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("TEXT", "LARGE_TEXT", "PHONE", "EMAIL"), (_is_text, "must be a string")),
    "NUMERICAL": (_is_number, "must be a number"),
    "MONETORY": (_is_money, "must be an object with currency and value"),
    "DATE": (_is_date, "must be a date in the form YYYY-MM-DD"),
    "FILE_UPLOAD": (_is_files, "must be an array of objects with url"),
    "TEXTBOX_LIST": (_is_texts, "must be an array"),
}
