"""The end of a chaos run: waiting until nothing is owed any more, and then the last word."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

import requests

from tests.chaos import breaking
from tests.chaos.checker import Completion, Entry, Start, Timelines, judge
from tests.chaos.quiet import parked, unfinished
from tests.chaos.scene import Company
from tests.fixtures.stack import Stack

PATIENCE = 420.0  # seconds after the last trouble: a lease, a reconciler's round, growing gaps
LOOK_EVERY = 2.0
SILENCE = 6.0  # seconds in which nothing more may happen
FIRING = re.compile(r'id="trigger-firing-(\w+)">(.*?)</tr>', re.DOTALL)

# A workflow's start whose answer was lost may have happened: it is never repeated by itself.
FIRED = "trigger_firings"
EVENT = re.compile(r'cell-main">Workflow on “(.*?)”<.*?cell-sub">(.*?) · (.*?)<', re.DOTALL)


def verdict(
    stack: Stack,
    companies: Sequence[Company],
    done: list[Completion],
    starts: list[Start],
    hurried: bool = False,
) -> list[str]:
    """Waits until all is right or patience is over, then looks whether more is written after.

    Both clocks are started once more: what no postback has told is found at once, not in three
    minutes. Hurried: what waits for a minute on purpose is not waited for.
    """
    breaking.roll(stack, *(name for name in breaking.ours(stack) if name.startswith("clock")))
    deadline = time.monotonic() + PATIENCE
    while (problems := look(stack, done, starts, hurried)) and time.monotonic() < deadline:
        for company in companies:
            attend(company)
        time.sleep(LOOK_EVERY)
    if problems:
        return problems
    time.sleep(SILENCE)
    return look(stack, done, starts, hurried)


def look(
    stack: Stack, done: list[Completion], starts: list[Start], hurried: bool = False
) -> list[str]:
    """What is wrong now; work that is still owed counts, and work that waits for a person."""
    entries = stack.sandbox.crm.get("ledger")["entries"]
    return [
        *judge(entries, done, starts),
        *(f"still owed: {number} {table}" for table, number in unfinished(stack, hurried).items()),
        *(f"parked: {number} {table}" for table, number in parked(stack).items() if table != FIRED),
    ]


def attend(company: Company) -> None:
    """What an admin does who looks at the hub: reconnects if asked to, and starts the workflows
    that were given up and, as the CRM shows, have not started. If no page comes, some other time.
    """
    with suppress(requests.RequestException, SystemExit):
        company.heed_banner()
        given_up = starts_given_up(company)
        there = started(company.stack.sandbox.crm.get("ledger")["entries"]) if given_up else set()
        for id, start in given_up:
            if start not in there:
                company.admin.post(f"/activity/trigger-firing/{id}/retry")


def started(entries: Iterable[Entry]) -> set[Start]:
    return set(Timelines(entries).started)


def starts_given_up(company: Company) -> list[tuple[str, Start]]:
    """The starts of workflows that need attention, as the Activity page lists them."""
    page = company.admin.get("/activity", show="attention").text
    rows = FIRING.findall(page)
    by_name = {one.name: one.id for one in company.contacts()} if rows else {}
    found = []
    for id, row in rows:
        event, name, course = map(html.unescape, EVENT.search(row).groups())  # type: ignore[union-attr]
        if name in by_name:
            found.append((id, Start(event.replace(" ", "_"), by_name[name], course)))
    return found
