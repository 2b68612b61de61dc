"""Judges what the hub wrote to the CRM, by the sandbox CRM's own ledger and nothing else.

Everybody who completed a course has exactly one completion note for it, one Training Record that
tells the truth and is related to the contact, and the tags; nobody else has any of it; each
workflow that waits for an event was started once for it; and no location was asked more than a
hundred times in any ten seconds.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_CALLS, WINDOW_SECONDS = 100, 10.0
HEADING = "Course completed: "  # of a completion note

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Completion:
    """What really happened, as whoever played the course knows it. The score is in per cent."""

    location: str
    contact: str
    course: str
    passed: bool
    score: int

    @property
    def tags(self) -> set[str]:
        result = "scorm_passed" if self.passed else "scorm_failed"
        return {"scorm_completed", result, band(self.score)}


@dataclass(frozen=True)
class Start:
    """An event of ours for which a workflow of the CRM waits: it is to be started once."""

    event: str
    contact: str
    course: str

    def __str__(self) -> str:
        return f"the workflow on “{self.event}” of {self.contact}, “{self.course}”"


def band(score: int) -> str:
    tens = min(score // 10 * 10, 90)
    return {90: "scorm_score_90_100"}.get(
        tens, f"scorm_score_{tens}_{tens + 9}" if tens >= 60 else "scorm_score_0_59"
    )


class Timelines:
    """The CRM as its ledger says it became, effect by effect."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.notes: dict[str, list[str]] = defaultdict(list)
        self.tags: dict[str, set[str]] = defaultdict(set)
        self.tagged: Counter[tuple[str, str]] = Counter()
        self.records: dict[str, dict[str, Any]] = {}
        self.made: Counter[tuple[str, str]] = Counter()
        self.related: Counter[tuple[str, str]] = Counter()
        self.contacts: Counter[tuple[str, str]] = Counter()
        self.started: Counter[Start] = Counter()
        for entry in entries:
            if entry["applied"] and entry["effect"]:
                self.take(entry["location"], **entry["effect"])

    def take(self, location: str, kind: str, contact: str, value: Any) -> None:
        if kind == "note_created":
            self.notes[contact].append(value)
        elif kind == "tag_added":
            self.tags[contact].add(value)
            self.tagged[contact, value] += 1
        elif kind == "tag_removed":
            self.tags[contact].discard(value)
        elif kind in ("record_created", "record_updated"):
            self.records[value["id"]] = value
            if kind == "record_created":
                self.made[value["objectKey"], value["properties"].get("hub_key", "")] += 1
        elif kind == "relation_created":
            for end in ("firstRecordId", "secondRecordId"):
                if value[end] != contact:
                    self.related[contact, value[end]] += 1
        elif kind == "contact_created":
            self.contacts[location, value] += 1
        elif kind == "trigger_fired":
            self.started[Start(value["event"], contact, value["courseTitle"])] += 1

    def records_of(self, contact: str, course: str) -> list[dict[str, Any]]:
        """The Training Records of this course to which the contact is related."""
        found = [
            self.records[id]
            for whose, id in self.related
            if whose == contact and id in self.records
        ]
        return [one["properties"] for one in found if one["properties"].get("course") == course]


def judge(
    entries: Iterable[Entry],
    completions: Iterable[Completion],
    starts: Iterable[Start] | None = None,
) -> list[str]:
    """Every way in which the ledger is wrong, in words; none: VALID.

    `starts` are all starts of workflows that there should be; None: only that none is doubled.
    """
    entries = list(entries)
    lines, completed = Timelines(entries), list(completions)
    return [
        *itertools.chain.from_iterable(missing_or_doubled(one, lines) for one in completed),
        *wrong_tags(completed, lines),
        *invented(completed, lines),
        *wrong_starts(starts, lines),
        *doubled(lines),
        *too_fast(entries),
    ]


def missing_or_doubled(done: Completion, lines: Timelines) -> Iterator[str]:
    who = f"{done.contact} of {done.location}, “{done.course}”"
    heading = HEADING + done.course
    notes = sum(note.splitlines()[0] == heading for note in lines.notes[done.contact])
    if notes != 1:
        yield f"{who}: {notes} completion notes"
    records = lines.records_of(done.contact, done.course)
    if len(records) != 1:
        yield f"{who}: {len(records)} related Training Records"
        return
    result = "passed" if done.passed else "failed"
    for name, wanted in (("status", "completed"), ("result", result), ("score", done.score)):
        if records[0].get(name) != wanted:
            yield f"{who}: the record's {name} is {records[0].get(name)!r}, not {wanted!r}"


def wrong_tags(completed: Iterable[Completion], lines: Timelines) -> Iterator[str]:
    """The tags tell one of the contact's results, whole; with a single course, each came once."""
    by_contact: dict[str, list[Completion]] = defaultdict(list)
    for one in completed:
        by_contact[one.contact].append(one)
    for contact, done in by_contact.items():
        ours = {tag for tag in lines.tags[contact] if is_ours(tag)}
        if ours not in [one.tags for one in done]:
            yield f"{contact}: tagged {sorted(ours)}, not {[sorted(one.tags) for one in done]}"
        if len(done) == 1:
            for tag in done[0].tags:
                if lines.tagged[contact, tag] != 1:
                    yield f"{contact}: {tag} was added {lines.tagged[contact, tag]} times"


def invented(completed: Iterable[Completion], lines: Timelines) -> Iterator[str]:
    """What tells of a completion that never was, as somebody's forgery might."""
    true = {(one.contact, one.course) for one in completed}
    people = {contact for contact, _ in true}
    for contact, tags in lines.tags.items():
        if contact not in people and (ours := sorted(tag for tag in tags if is_ours(tag))):
            yield f"{contact} completed nothing and is tagged {ours}"
    for contact, notes in lines.notes.items():
        for heading in {note.splitlines()[0] for note in notes}:
            course = heading.removeprefix(HEADING)
            if course != heading and (contact, course) not in true:
                yield f"{contact} did not complete “{course}” and has a note that says so"
    for contact, id in lines.related:
        facts = lines.records[id]["properties"] if id in lines.records else {}
        if facts.get("status") == "completed" and (contact, facts.get("course")) not in true:
            yield f"{contact} did not complete “{facts.get('course')}” and has a record of it"


def is_ours(tag: str) -> bool:
    return tag.startswith("scorm_")


def wrong_starts(wanted: Iterable[Start] | None, lines: Timelines) -> Iterator[str]:
    for start, times in lines.started.items():
        if times > 1:
            yield f"{start} was started {times} times"
    if wanted is not None:
        wanted = set(wanted)
        yield from (f"{start} was not started" for start in wanted - lines.started.keys())
        yield from (
            f"{start} was started without reason" for start in lines.started.keys() - wanted
        )


def doubled(lines: Timelines) -> Iterator[str]:
    for (kind, key), times in lines.made.items():
        if times > 1:
            yield f"{kind} of {key} was created {times} times"
    for (contact, record), times in lines.related.items():
        if times > 1:
            yield f"{contact} and record {record} were related {times} times"
    for (location, name), times in lines.contacts.items():
        if times > 1:
            yield f"the contact {name} of {location} was created {times} times"


def too_fast(entries: Iterable[Entry]) -> Iterator[str]:
    calls: dict[str, dict[int, float]] = defaultdict(dict)
    for entry in entries:
        if entry["location"] and not entry["path"].startswith("/oauth/"):
            moment = datetime.fromisoformat(entry["at"]).timestamp()
            calls[entry["location"]].setdefault(entry["call"], moment)
    for location, by_call in calls.items():
        moments = sorted(by_call.values())
        for first, beyond in zip(moments, moments[MOST_CALLS:], strict=False):
            if beyond - first < WINDOW_SECONDS:
                yield f"{location} was asked {MOST_CALLS + 1} times in {beyond - first:.1f} s"
                break
