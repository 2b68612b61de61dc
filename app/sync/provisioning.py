"""Provision Now: makes sure that the account's CRM has our custom objects, their fields, what ties
contacts to them, and our fields on contacts.

Everything is looked for before it is made, so pressing it twice, or again after a failure half-way,
makes nothing double. What was found or made is kept on the account, see `objects`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import connections
from app.clients.crm import Association, Crm, ObjectSchema, OutsideError
from app.models import Account, now
from app.sync.crm_state import Facts
from app.sync.schemas import (
    CONTACT,
    CONTACT_FIELDS,
    HUB_KEY,
    NAME,
    OBJECTS,
    TIES,
    ObjectSpec,
    TieSpec,
)


def ensure(account: Account) -> bool:
    """Finds or makes everything. True if all is there; False if something must be made by hand.

    Raises OutsideError or Hold; what was reached until then is kept on the account. About 36 calls
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
        present = crm.associations()
        for tie in TIES:
            if ours := found[tie.of.kind]:
                found[tie.kind] = _ensure_tie(tie, ours["key"], present, crm)
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


def _ensure_tie(spec: TieSpec, ours: str, present: list[Association], crm: Crm) -> Facts:
    association = next((one for one in present if _ties(one, ours)), None)
    association = association or crm.create_association(
        spec.key, first=(CONTACT, spec.label), second=(ours, spec.of.singular)
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
