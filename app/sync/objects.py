"""Our custom objects, their associations and our contact fields, as they are in an account's CRM.

What Provision Now has found or made is kept in `account.crm_objects`; here it is read, nobody is
asked. Where the CRM does not let us make an object, the state says what to do by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.models import Account, EffectKind
from app.sync import ledger
from app.sync.crm_state import Facts
from app.sync.schemas import (
    CONTACT_FIELDS,
    HUB_KEY,
    NAME,
    OBJECTS,
    RECORD,
    RECORD_TIE,
    SUMMARY,
    SUMMARY_TIE,
    TIES,
    ObjectSpec,
)

AWAITED = "Waits for the custom objects. Press Provision Now in Settings → Custom Objects."


@dataclass(frozen=True)
class Kept:
    """One of our objects as it is in this account's CRM."""

    id: str
    key: str
    primary: str = NAME  # objects made by hand may name their first property otherwise
    fields: Mapping[str, str] = field(default_factory=dict)  # our key -> the CRM's id

    def their_names(self, facts: Facts) -> Facts:
        return {self.primary if name == NAME else name: value for name, value in facts.items()}

    def our_names(self, properties: Mapping[str, Any]) -> Facts:
        """What of a record is ours; fields that somebody added are left alone."""
        renamed = {NAME if name == self.primary else name: v for name, v in properties.items()}
        return {name: v for name, v in renamed.items() if name == NAME or name in self.fields}


@dataclass(frozen=True)
class Tie:
    """The association of contacts with one of our objects."""

    id: str
    contact_first: bool = True

    def in_order(self, contact_id: str, record_id: str) -> tuple[str, str]:
        """Both ends as the association has them in the CRM."""
        return (contact_id, record_id) if self.contact_first else (record_id, contact_id)


@dataclass(frozen=True)
class Part:
    """One line of the settings page: something that should be in the CRM."""

    name: str
    exists: bool


@dataclass(frozen=True)
class State:
    """`status`: missing, working, ready, by_hand or trouble; `sentence` says what is the matter."""

    status: str
    parts: tuple[Part, ...]
    sentence: str = ""
    by_hand: tuple[ObjectSpec, ...] = ()  # to be made in the CRM by a person

    @property
    def ready(self) -> bool:
        return self.status == "ready"


def ready(account: Account, kind: str) -> bool:
    """Whether records of this object, or ties, can be written; `contact_fields` for the contact's
    own."""
    if kind == "contact_fields":
        return contact_fields(account).keys() >= {spec.key for spec in CONTACT_FIELDS}
    if kind in (RECORD_TIE, SUMMARY_TIE):
        return kind in account.crm_objects
    spec = next(spec for spec in OBJECTS if spec.kind == kind)
    found = account.crm_objects.get(kind, {})
    return bool(found.get("fields", {}).keys() >= {one.key for one in spec.fields})


def first(account: Account, *kinds: str) -> str | None:
    """What keeps a write waiting, in words."""
    return None if all(ready(account, kind) for kind in kinds) else AWAITED


def kept(account: Account, kind: str) -> Kept:
    return Kept(**account.crm_objects[kind])


def tie(account: Account, kind: str) -> Tie:
    return Tie(**account.crm_objects[kind])


def ties(account: Account) -> list[Tie]:
    """Those that are there."""
    return [tie(account, spec.kind) for spec in TIES if ready(account, spec.kind)]


def contact_fields(account: Account) -> dict[str, str]:
    """Our key of each contact field -> the CRM's id of it."""
    return account.crm_objects.get("contact_fields", {})


def lost(account: Account, kind: str) -> None:
    """The CRM says that an object of ours is not there any more."""
    account.crm_objects = {name: v for name, v in account.crm_objects.items() if name != kind}


def state(account: Account) -> State:
    """What exists and what is the matter, for the settings page. Asks nobody."""
    parts = tuple(_parts(account))
    row = ledger.find(account.id, EffectKind.OBJECTS, account.id)
    if all(part.exists for part in parts):
        return State("ready", parts)
    by_hand = tuple(s for s in OBJECTS if s.kind in account.crm_objects.get("by_hand", []))
    if row is not None and row.owes_work and not row.last_error:
        return State("working", parts)
    if by_hand:
        names = " and ".join(spec.singular for spec in by_hand)
        sentence = f"The CRM does not let us create {names}. Create it by hand, then check again."
        return State("by_hand", parts, sentence, by_hand)
    if row is not None and row.last_error:
        return State("trouble", parts, row.last_error)
    return State("missing", parts)


def _parts(account: Account) -> Iterator[Part]:
    for spec in OBJECTS:
        yield Part(spec.singular, ready(account, spec.kind))
    for one in TIES:
        yield Part(one.name, ready(account, one.kind))
    yield Part("Course counters on contacts", ready(account, "contact_fields"))


__all__ = [
    "HUB_KEY",
    "RECORD",
    "RECORD_TIE",
    "SUMMARY",
    "SUMMARY_TIE",
    "Kept",
    "Part",
    "State",
    "Tie",
]
