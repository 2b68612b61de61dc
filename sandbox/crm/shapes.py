"""What a request may contain: strict, like the CRM, and listing every violation at once.

A rule takes the name and the value and answers with the sentences that are wrong about it. A
`Shape` is a rule too, so bodies nest.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Rule = Callable[[str, Any], list[str]]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")


class Shape:
    """An object with required and optional properties and no others."""

    def __init__(
        self, required: Mapping[str, Rule] | None = None, optional: Mapping[str, Rule] | None = None
    ) -> None:
        self.required = dict(required or {})
        self.rules = {**self.required, **(optional or {})}

    def __call__(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, dict):
            return [f"{name} must be an object" if name else "body must be an object"]
        path = f"{name}." if name else ""
        found = [f"{path}property {key} should not exist" for key in value if key not in self.rules]
        for key, rule in self.rules.items():
            if value.get(key) is not None:
                found += rule(f"{path}{key}", value[key])
            elif key in self.required:
                found += [f"{path}{key} should not be empty", *rule(f"{path}{key}", None)]
        return found

    def problems(self, value: Any) -> list[str]:
        return self("", value)

    def given(self, value: dict[str, Any]) -> dict[str, Any]:
        """What of an accepted object counts: a property that is null is one that was not sent."""
        return {key: one for key, one in value.items() if one is not None}


def text(name: str, value: Any) -> list[str]:
    return [] if isinstance(value, str) else [f"{name} must be a string"]


def filled(name: str, value: Any) -> list[str]:
    if isinstance(value, str) and not value.strip():
        return [f"{name} should not be empty"]
    return text(name, value)


def number(name: str, value: Any) -> list[str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return []
    return [f"{name} must be a number conforming to the specified constraints"]


def boolean(name: str, value: Any) -> list[str]:
    return [] if isinstance(value, bool) else [f"{name} must be a boolean value"]


def obj(name: str, value: Any) -> list[str]:
    return [] if isinstance(value, dict) else [f"{name} must be an object"]


def anything(name: str, value: Any) -> list[str]:
    return []


def email(name: str, value: Any) -> list[str]:
    if isinstance(value, str) and (not value or _EMAIL.fullmatch(value)):
        return []
    return [f"{name} must be an email"]


def moment(name: str, value: Any) -> list[str]:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return [f"{name} must be a valid ISO 8601 date string"]
    return []


def numeral(name: str, value: Any) -> list[str]:
    """A number in a query string."""
    if isinstance(value, str) and re.fullmatch(r"\d+", value):
        return []
    return [f"{name} must be a number string"]


def one_of(*allowed: str) -> Rule:
    def rule(name: str, value: Any) -> list[str]:
        if value in allowed:
            return []
        return [f"{name} must be one of the following values: {', '.join(allowed)}"]

    return rule


def whole(low: int, high: int | None = None) -> Rule:
    def rule(name: str, value: Any) -> list[str]:
        found = number(name, value)
        if not found and value != int(value):
            found.append(f"{name} must be an integer number")
        if not found and value < low:
            found.append(f"{name} must not be less than {low}")
        if not found and high is not None and value > high:
            found.append(f"{name} must not be greater than {high}")
        return found

    return rule


def list_of(rule: Rule, at_most: int | None = None, at_least: int = 0) -> Rule:
    def check(name: str, value: Any) -> list[str]:
        if not isinstance(value, list):
            return [f"{name} must be an array"]
        found = []
        if at_most is not None and len(value) > at_most:
            found.append(f"{name} must contain no more than {at_most} elements")
        if len(value) < at_least:
            found.append(f"{name} should not be empty")
        for index, item in enumerate(value):
            if rule is text:
                if not isinstance(item, str):
                    found.append(f"each value in {name} must be a string")
            else:
                found += rule(f"{name}.{index}", item)
        return found

    return check
