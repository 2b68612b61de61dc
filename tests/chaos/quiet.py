"""Waiting until nothing is owed any more, so that a verdict is a last word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import create_engine, text

from config import database
from tests.fixtures.stack import Stack
from tests.waiting import eventually

OWING = (
    "webhook_events",
    "courses",
    "enrollments",
    "crm_effects",
    "sync_runs",
    "trigger_firings",
    "drift_checks",
)


# A company's summary that was just written is brought up to date when a minute is over.
ON_PURPOSE = "kind = 'summary' AND last_error IS NULL"


def wait_until_quiet(stack: Stack, seconds: float = 120) -> None:
    """Returns when no row owes work and no message is on its way; fails with what still waits."""
    left: dict[str, Any] = {}

    def quiet() -> bool:
        nonlocal left
        left = unfinished(stack)
        return not left

    try:
        eventually(quiet, seconds)
    except AssertionError:
        raise AssertionError(f"after {seconds:g} seconds still owed: {left}") from None


def unfinished(stack: Stack, hurried: bool = False) -> dict[str, Any]:
    """What is still to be done; hurried: without that which waits for a minute on purpose."""
    found = {table: number for table, number in owed(stack, hurried).items() if number}
    for name, system in (("postbacks", stack.sandbox.cloud), ("crm webhooks", stack.sandbox.crm)):
        pending = system.get("deliveries", limit=1)["counts"].get("pending", 0)
        if pending:
            found[name] = pending
    return found


def owed(stack: Stack, hurried: bool = False) -> dict[str, int]:
    found = count(stack, "due_at IS NOT NULL")
    if hurried:
        waiting = count(stack, f"due_at IS NOT NULL AND {ON_PURPOSE}", ["crm_effects"])
        found["crm_effects"] -= waiting["crm_effects"]
    return found


def parked(stack: Stack) -> dict[str, int]:
    """Work that waits for a person; there must be none of it where trouble was only passing."""
    return {
        table: number for table, number in count(stack, "parked_at IS NOT NULL").items() if number
    }


def count(stack: Stack, condition: str, tables: Sequence[str] = OWING) -> dict[str, int]:
    engine = create_engine(database(stack.env["DATABASE_URL"]))
    try:
        with engine.connect() as connection:
            return {
                table: connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {condition}"))
                or 0
                for table in tables
            }
    finally:
        engine.dispose()
