"""The kinds of rows in the ledger: how each is worked out, what it waits for, how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from app.clients.crm import Crm
from app.models import CrmEffect, EffectKind
from app.sync import companies, contacts, counters, memberships, notes, objects, records, tags
from app.sync.crm_state import Facts


@dataclass(frozen=True)
class Kind:
    """`first` says in words what has to be there before; `pause` how long changes are collected."""

    wanted: Callable[[CrmEffect], Facts | None]
    write: Callable[[CrmEffect, Facts, Crm], None]
    first: Callable[[CrmEffect], str | None] = lambda effect: None
    makes_new: bool = False  # a second write would make a second thing
    pause: Callable[[CrmEffect], timedelta] = lambda effect: timedelta()


def of(effect: CrmEffect) -> Kind:
    return KINDS[EffectKind(effect.kind)]


def needs_contact(effect: CrmEffect) -> str | None:
    assert effect.learner is not None
    return contacts.first(effect.learner)


def needs_contact_fields(effect: CrmEffect) -> str | None:
    return needs_contact(effect) or objects.first(effect.account, "contact_fields")


def needs_note(effect: CrmEffect) -> str | None:
    return needs_contact(effect) or notes.first(effect)


def needs_record(effect: CrmEffect) -> str | None:
    return (
        objects.first(effect.account, objects.RECORD, objects.RECORD_TIE)
        or needs_contact(effect)
        or records.first_for_relation(effect)
    )


def needs_record_object(effect: CrmEffect) -> str | None:
    return objects.first(effect.account, objects.RECORD) or needs_contact(effect)


def needs_summary_object(effect: CrmEffect) -> str | None:
    return objects.first(effect.account, objects.SUMMARY)


def needs_summary(effect: CrmEffect) -> str | None:
    return (
        objects.first(effect.account, objects.SUMMARY, objects.SUMMARY_TIE)
        or needs_contact(effect)
        or memberships.first(effect)
    )


KINDS = {
    EffectKind.CONTACT: Kind(contacts.wanted, contacts.write, makes_new=True),
    EffectKind.TAGS: Kind(tags.wanted, tags.write, needs_contact, pause=tags.pause),
    EffectKind.COUNTERS: Kind(counters.wanted, counters.write, needs_contact_fields),
    EffectKind.RECORD: Kind(records.wanted, records.write, needs_record_object, makes_new=True),
    EffectKind.RELATION: Kind(records.wanted_relation, records.write_relation, needs_record),
    EffectKind.NOTE: Kind(notes.wanted, notes.write, needs_note, makes_new=True),
    EffectKind.SUMMARY: Kind(
        companies.wanted,
        companies.write,
        needs_summary_object,
        makes_new=True,
        pause=companies.pause,
    ),
    EffectKind.MEMBERSHIP: Kind(memberships.wanted, memberships.write, needs_summary),
}
