"""Notes on a contact's timeline."""

from flask import Blueprint

from sandbox.crm import contact_book, webhooks
from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.contacts import known
from sandbox.crm.documents import Doc, notes
from sandbox.crm.refusals import not_found
from sandbox.crm.shapes import Shape, boolean, filled, text

bp = Blueprint("notes", __name__)

_MORE = {"userId": text, "title": text, "color": text, "pinned": boolean}


@bp.get("/contacts/<contact_id>/notes")
@endpoint("contacts.readonly")
def list_notes(call: Call, contact_id: str) -> Doc:
    """All notes of a contact, the newest first."""
    known(call, contact_id)
    return {"notes": notes.list(call.db, call.location, contact_id=contact_id)[::-1]}


@bp.post("/contacts/<contact_id>/notes")
@endpoint("contacts.write", body=Shape({"body": filled}, _MORE))
def create(call: Call, contact_id: str) -> Answer:
    contact = known(call, contact_id)
    return {"note": contact_book.write_note(call.crm, call.db, contact, call.body)}, 201


@bp.get("/contacts/<contact_id>/notes/<note_id>")
@endpoint("contacts.readonly")
def get(call: Call, contact_id: str, note_id: str) -> Doc:
    return {"note": _note(call, contact_id, note_id)}


@bp.put("/contacts/<contact_id>/notes/<note_id>")
@endpoint("contacts.write", body=Shape(optional={"body": filled, **_MORE}))
def update(call: Call, contact_id: str, note_id: str) -> Doc:
    note = _note(call, contact_id, note_id)
    changed = notes.change(call.db, note, **call.body)
    if changed != note:
        call.changed("note_updated", contact_id, changed["body"])
        fields = webhooks.note_fields(changed)
        webhooks.tell(call.crm, call.db, "NoteUpdate", call.location, fields)
    return {"note": changed}


@bp.delete("/contacts/<contact_id>/notes/<note_id>")
@endpoint("contacts.write")
def delete(call: Call, contact_id: str, note_id: str) -> Doc:
    note = _note(call, contact_id, note_id)
    notes.remove(call.db, call.location, id=note_id)
    call.changed()
    webhooks.tell(call.crm, call.db, "NoteDelete", call.location, webhooks.note_fields(note))
    return call.succeeded()


def _note(call: Call, contact_id: str, note_id: str) -> Doc:
    known(call, contact_id)
    note = notes.get(call.db, call.location, note_id)
    if note is None or note["contactId"] != contact_id:
        raise not_found(f"Note with id {note_id} not found")
    return note
