"""Tags of contacts: adding and removing keep the others, and many contacts at once."""

from flask import Blueprint

from sandbox.crm import contact_book
from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.contacts import known
from sandbox.crm.documents import Doc, contacts
from sandbox.crm.refusals import unprocessable
from sandbox.crm.shapes import Shape, boolean, filled, list_of, text

bp = Blueprint("contact_tags", __name__)

_TAGS = Shape({"tags": list_of(text, at_least=1)})


@bp.post("/contacts/<contact_id>/tags")
@endpoint("contacts.write", body=_TAGS)
def add(call: Call, contact_id: str) -> Answer:
    contact = known(call, contact_id)
    before = set(contact["tags"])
    now = contact_book.add_tags(call.crm, call.db, contact, call.body["tags"])["tags"]
    return {"tags": now, "tagsAdded": [tag for tag in now if tag not in before]}, 201


@bp.delete("/contacts/<contact_id>/tags")
@endpoint("contacts.write", body=_TAGS)
def remove(call: Call, contact_id: str) -> Doc:
    contact = known(call, contact_id)
    now = contact_book.remove_tags(call.crm, call.db, contact, call.body["tags"])["tags"]
    return {"tags": now, "tagsRemoved": [tag for tag in contact["tags"] if tag not in now]}


_BULK = Shape(
    {"contacts": list_of(text, at_least=1), "tags": list_of(text), "locationId": filled},
    {"removeAllTags": boolean},
)


@bp.post("/contacts/bulk/tags/update/<type>")
@endpoint("contacts.write", body=_BULK)
def bulk(call: Call, type: str) -> Answer:
    """Add or remove tags of many contacts; one that is unknown does not hinder the others."""
    if type not in ("add", "remove"):
        raise unprocessable("type must be one of the following values: add, remove")
    if type == "add" and call.body.get("removeAllTags"):
        raise unprocessable("removeAllTags can only be used with type remove")
    responses = [_change(call, id, type) for id in call.body["contacts"]]
    errors = sum(one["type"] == "error" for one in responses)
    return call.succeeded(errorCount=errors, responses=responses), 201


def _change(call: Call, contact_id: str, type: str) -> Doc:
    contact = contacts.get(call.db, call.location, contact_id)
    if contact is None:
        message = f"Contact with id {contact_id} not found"
        return {"contactId": contact_id, "message": message, "type": "error"}
    before = contact["tags"]
    if type == "add":
        after = contact_book.add_tags(call.crm, call.db, contact, call.body["tags"])["tags"]
    else:
        gone = before if call.body.get("removeAllTags") else call.body["tags"]
        after = contact_book.remove_tags(call.crm, call.db, contact, gone)["tags"]
    return {
        "contactId": contact_id,
        "message": "Tags updated",
        "type": "success",
        "oldTags": before,
        "tagsAdded": [tag for tag in after if tag not in before],
        "tagsRemoved": [tag for tag in before if tag not in after],
    }
