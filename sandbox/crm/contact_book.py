"""What happens to contacts, whoever does it: an API call or somebody at the sandbox's desktop.

Each change is written with its ledger effects, its webhook events and its place in the search
index, in the caller's transaction.
"""

import re
import sqlite3
from typing import Any

from sandbox.crm import search_index, webhooks
from sandbox.crm.crm_state import Crm
from sandbox.crm.documents import (
    Doc,
    contact_fields,
    contacts,
    locations,
    notes,
    relations,
    tags,
    tasks,
    workflow_entries,
)
from sandbox.crm.ids import new_id

_ABSENT = object()
_KEPT_AS_SENT = [
    "firstName",
    "lastName",
    "gender",
    "address1",
    "city",
    "state",
    "postalCode",
    "website",
    "timezone",
    "dnd",
    "source",
    "dateOfBirth",
    "country",
    "companyName",
    "assignedTo",
    "businessId",
]


def create(crm: Crm, db: sqlite3.Connection, location: str, sent: Doc, source: Doc) -> Doc:
    """A new contact from the CRM's input fields; ``source`` says by whom (``createdBy``)."""
    now = crm.now()
    contact: Doc = {
        "id": new_id(),
        "locationId": location,
        "type": "lead",
        "dnd": False,
        "tags": [],
        "customFields": [],
        "additionalEmails": [],
        "additionalPhones": [],
        "followers": [],
        "dateAdded": now,
        "dateUpdated": now,
        "createdBy": {**source, "timestamp": now},
    }
    contact = _with_input(db, contact, sent)
    contacts.add(db, location, contact)
    _keep_location_tags(db, location, contact["tags"])
    search_index.note(crm, db, "contact", location, contact)
    crm.ledger.applied(
        db, "contact_created", contact["id"], contact.get("email") or contact["name"]
    )
    for tag in contact["tags"]:
        crm.ledger.applied(db, "tag_added", contact["id"], tag)
    webhooks.tell(crm, db, "ContactCreate", location, webhooks.contact_fields(contact))
    return contact


def update(crm: Crm, db: sqlite3.Connection, contact: Doc, sent: Doc) -> Doc:
    """Change the fields sent; ``tags`` replace the whole list. Equal values change nothing."""
    wanted = _with_input(db, contact, sent)
    tags_before, tags_after = contact["tags"], wanted.pop("tags")
    names = sorted(
        name for name in wanted if wanted[name] != contact.get(name, _ABSENT) and name != "tags"
    )
    changed = contact
    if names:
        changed = {**wanted, "tags": tags_before, "dateUpdated": crm.now()}
        _save(crm, db, changed)
        crm.ledger.applied(db, "contact_updated", contact["id"], names)
        fields = webhooks.contact_fields(changed)
        webhooks.tell(crm, db, "ContactUpdate", contact["locationId"], fields)
        if "dnd" in names:
            webhooks.tell(crm, db, "ContactDndUpdate", contact["locationId"], fields)
    if "tags" in sent:
        changed = set_tags(crm, db, changed, tags_after)
    return changed


def set_tags(crm: Crm, db: sqlite3.Connection, contact: Doc, wanted: list[str]) -> Doc:
    """Make these the contact's tags; one effect per tag that really comes or goes."""
    before = contact["tags"]
    after = list(dict.fromkeys(tag_name(tag) for tag in wanted if tag_name(tag)))
    if after == before:
        return contact
    changed = {**contact, "tags": after, "dateUpdated": crm.now()}
    _save(crm, db, changed)
    _keep_location_tags(db, contact["locationId"], after)
    for tag in after:
        if tag not in before:
            crm.ledger.applied(db, "tag_added", contact["id"], tag)
    for tag in before:
        if tag not in after:
            crm.ledger.applied(db, "tag_removed", contact["id"], tag)
    fields = webhooks.contact_fields(changed)
    webhooks.tell(crm, db, "ContactTagUpdate", contact["locationId"], fields)
    return changed


def add_tags(crm: Crm, db: sqlite3.Connection, contact: Doc, wanted: list[str]) -> Doc:
    return set_tags(crm, db, contact, [*contact["tags"], *wanted])


def remove_tags(crm: Crm, db: sqlite3.Connection, contact: Doc, unwanted: list[str]) -> Doc:
    gone = {tag_name(tag) for tag in unwanted}
    return set_tags(crm, db, contact, [tag for tag in contact["tags"] if tag not in gone])


def delete(crm: Crm, db: sqlite3.Connection, contact: Doc) -> None:
    """Remove a contact with its notes, tasks and relations."""
    location, id = contact["locationId"], contact["id"]
    contacts.remove(db, location, id=id)
    for belongings in (notes, tasks, workflow_entries):
        belongings.remove(db, location, contact_id=id)
    relations.remove(db, location, first_id=id)
    relations.remove(db, location, second_id=id)
    search_index.forget(crm, db, "contact", location, id)
    crm.ledger.applied(db)
    webhooks.tell(crm, db, "ContactDelete", location, webhooks.contact_fields(contact))


def write_note(crm: Crm, db: sqlite3.Connection, contact: Doc, sent: Doc) -> Doc:
    """A new note on a contact's timeline."""
    note = {
        "id": new_id(),
        "contactId": contact["id"],
        "locationId": contact["locationId"],
        "dateAdded": crm.now(),
        "pinned": False,
        **sent,
    }
    notes.add(db, contact["locationId"], note)
    crm.ledger.applied(db, "note_created", contact["id"], note["body"])
    webhooks.tell(crm, db, "NoteCreate", contact["locationId"], webhooks.note_fields(note))
    return note


def duplicate_of(
    db: sqlite3.Connection, location: str, email: str | None, phone: str | None
) -> tuple[Doc, str] | None:
    """The contact that these would double and the field they share, in the location's order."""
    place = locations.get(db, location, location) or {}
    order = place.get("settings", {}).get("contactUniqueIdentifiers", ["email", "phone"])
    for field in order:
        value = (email or "").strip().lower() if field == "email" else plain_phone(phone)
        found = contacts.first(db, location, **{field: value}) if value else None
        if found:
            return found, field
    return None


def allows_duplicates(db: sqlite3.Connection, location: str) -> bool:
    place = locations.get(db, location, location) or {}
    return bool(place.get("settings", {}).get("allowDuplicateContact"))


def tag_name(tag: str) -> str:
    """Tags are kept in lower case, without spaces around them."""
    return tag.strip().lower()


def plain_phone(phone: str | None) -> str:
    """A phone number with nothing but a leading plus and digits."""
    text = (phone or "").strip()
    return ("+" if text.startswith("+") else "") + re.sub(r"\D", "", text)


def _with_input(db: sqlite3.Connection, contact: Doc, sent: Doc) -> Doc:
    """The contact as it would be with these input fields; derived fields follow."""
    changed = {**contact, **{name: sent[name] for name in _KEPT_AS_SENT if name in sent}}
    if "name" in sent and not {"firstName", "lastName"} & sent.keys():
        first, _, last = (sent["name"] or "").strip().partition(" ")
        changed |= {"firstName": first, "lastName": last.strip()}
    if "email" in sent:
        email = (sent["email"] or "").strip()
        changed |= {"email": email or None, "emailLowerCase": email.lower() or None}
    if "phone" in sent:
        changed["phone"] = plain_phone(sent["phone"]) or None
    for name in ("dndSettings", "inboundDndSettings"):
        if name in sent:
            changed[name] = {**changed.get(name, {}), **sent[name]}
    if "tags" in sent:
        changed["tags"] = list(dict.fromkeys(tag_name(tag) for tag in sent["tags"] or []))
    if "customFields" in sent:
        changed["customFields"] = _with_fields(db, changed, sent["customFields"])
    return {**changed, **_names(changed)}


def _names(contact: Doc) -> Doc:
    first, last = contact.get("firstName") or "", contact.get("lastName") or ""
    full = f"{first} {last}".strip()
    return {
        "name": full,
        "contactName": full,
        "firstNameLowerCase": first.lower(),
        "lastNameLowerCase": last.lower(),
        "fullNameLowerCase": full.lower(),
    }


def _with_fields(db: sqlite3.Connection, contact: Doc, sent: list[Doc]) -> list[dict[str, Any]]:
    """Custom field values by field id; a field the location does not have is ignored."""
    known = {field["id"]: field for field in contact_fields.list(db, contact["locationId"])}
    by_key = {field["fieldKey"].removeprefix("contact."): id for id, field in known.items()}
    values = {entry["id"]: entry["value"] for entry in contact["customFields"]}
    for entry in sent:
        id = entry.get("id") or by_key.get(str(entry.get("key", "")).removeprefix("contact."))
        if id in known:
            values[id] = entry.get("field_value", entry.get("fieldValue"))
    return [{"id": id, "value": value} for id, value in values.items() if value is not None]


def _save(crm: Crm, db: sqlite3.Connection, contact: Doc) -> None:
    contacts.change(db, contact)
    search_index.note(crm, db, "contact", contact["locationId"], contact)


def _keep_location_tags(db: sqlite3.Connection, location: str, names: list[str]) -> None:
    """A tag used on a contact appears in the location's list."""
    for name in names:
        if not tags.first(db, location, name=name):
            tags.add(db, location, {"id": new_id(), "name": name, "locationId": location})
