"""Makes sure that the account's CRM has our custom objects, their fields, the association between
contacts and records, and our fields on contacts.

Everything is looked for before it is made, so pressing Provision Now twice, or again after a
failure half-way, makes nothing double. What was found or made is kept in `account.crm_objects`;
where the CRM does not let us make an object, the account's state says what to do by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app import connections
from app.clients.crm import Association, Crm, ObjectSchema, OutsideError
from app.models import Account, EffectKind, now
from app.sync import ledger
from app.sync.crm_state import Facts
from app.sync.schemas import (
    ASSOCIATION_KEY,
    CONTACT,
    CONTACT_FIELDS,
    HUB_KEY,
    NAME,
    OBJECTS,
    RECORD,
    SUMMARY,
    TRAINING_RECORD,
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
class KeptAssociation:
    id: str
    contact_first: bool = True


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
    """Whether records of this object can be written; `contact_fields` for the contact's own."""
    if kind == "contact_fields":
        return contact_fields(account).keys() >= {spec.key for spec in CONTACT_FIELDS}
    if kind == "association":
        return "association" in account.crm_objects
    spec = next(spec for spec in OBJECTS if spec.kind == kind)
    found = account.crm_objects.get(kind, {})
    return bool(found.get("fields", {}).keys() >= {one.key for one in spec.fields})


def first(account: Account, *kinds: str) -> str | None:
    """What keeps a write waiting, in words."""
    return None if all(ready(account, kind) for kind in kinds) else AWAITED


def kept(account: Account, kind: str) -> Kept:
    return Kept(**account.crm_objects[kind])


def association(account: Account) -> KeptAssociation:
    return KeptAssociation(**account.crm_objects["association"])


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
    yield Part("Link between contacts and Training Records", ready(account, "association"))
    yield Part("Course counters on contacts", ready(account, "contact_fields"))


def ensure(account: Account) -> bool:
    """Finds or makes everything. True if all is there; False if something must be made by hand.

    Raises OutsideError or Hold; what was reached until then is kept on the account. About 35 calls
    the first time, 6 when all is there.
    """
    crm = connections.crm(account)
    agency = connections.company_crm(account)
    found: dict[str, Any] = {}
    try:
        schemas = {schema.key: schema for schema in crm.objects()}
        for spec in OBJECTS:
            schema = _found(spec, schemas) or _create(spec, crm, agency)
            found[spec.kind] = _ensure_object(spec, schema, crm) if schema else None
        if found[RECORD]:
            found["association"] = _ensure_association(found[RECORD]["key"], crm)
        found["contact_fields"] = _ensure_contact_fields(crm)
    finally:  # only now, so that no row is changed while the network is waited for
        _keep(account, found)
    return all(found.values())


def _keep(account: Account, found: Facts) -> None:
    by_hand = [name for name, facts in found.items() if facts is None]
    facts = {**account.crm_objects, **found, "by_hand": by_hand, "checked_at": now().isoformat()}
    account.crm_objects = {name: value for name, value in facts.items() if value is not None}


def _found(spec: ObjectSpec, known: Mapping[str, ObjectSchema]) -> ObjectSchema | None:
    """By its key, or by its name where somebody made it by hand and the CRM chose the key."""
    by_name = (one for one in known.values() if one.singular.casefold() == spec.singular.casefold())
    return known.get(spec.key) or next(by_name, None)


def _create(spec: ObjectSpec, crm: Crm, agency: Crm | None) -> ObjectSchema | None:
    """With the location's token, else with the company's; None if neither may."""
    for client in filter(None, (crm, agency)):
        try:
            return _create_with(client, spec)
        except OutsideError as error:
            if not error.is_forbidden:
                raise
    return None


def _create_with(crm: Crm, spec: ObjectSpec) -> ObjectSchema:
    return crm.create_object(
        spec.key,
        singular=spec.singular,
        plural=spec.plural,
        primary_property=NAME,
        primary_name="Name",
        description=spec.description,
    )


def _ensure_object(spec: ObjectSpec, schema: ObjectSchema, crm: Crm) -> Facts:
    fields = _ensure_fields(spec, schema, crm)
    if HUB_KEY not in schema.searchable:
        crm.make_searchable(schema.key, sorted(schema.searchable | {HUB_KEY}))
    primary = schema.primary_property or NAME
    return {"id": schema.id, "key": schema.key, "primary": primary, "fields": fields}


def _ensure_fields(spec: ObjectSpec, schema: ObjectSchema, crm: Crm) -> dict[str, str]:
    present, folders = crm.object_fields(schema.key)
    ids = {one.key: one.id for one in present}
    folder = folders[0] if folders else crm.create_field_folder(schema.key, "Details")
    for one in spec.fields:
        if one.key not in ids:
            made = crm.create_object_field(
                schema.key, one.key, one.name, one.data_type, folder.id, one.options
            )
            ids[one.key] = made.id
    return {one.key: ids[one.key] for one in spec.fields}


def _ensure_association(ours: str, crm: Crm) -> Facts:
    association = next((one for one in crm.associations() if _ties(one, ours)), None)
    association = association or crm.create_association(
        ASSOCIATION_KEY, first=(CONTACT, "Learner"), second=(ours, TRAINING_RECORD.singular)
    )
    return {"id": association.id, "contact_first": association.first_object == CONTACT}


def _ties(association: Association, object_key: str) -> bool:
    return {association.first_object, association.second_object} == {CONTACT, object_key}


def _ensure_contact_fields(crm: Crm) -> Facts:
    ids = {one.name.casefold(): one.id for one in crm.contact_fields()}
    for spec in CONTACT_FIELDS:
        if spec.name.casefold() not in ids:
            ids[spec.name.casefold()] = crm.create_contact_field(spec.name, spec.data_type).id
    return {spec.key: ids[spec.name.casefold()] for spec in CONTACT_FIELDS}


__all__ = ["HUB_KEY", "RECORD", "SUMMARY", "Kept", "Part", "State", "ensure", "state"]
