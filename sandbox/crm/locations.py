"""``/locations``: a location's data and settings, its tags, contact fields and custom values."""

import re

from flask import Blueprint

from sandbox.crm import grants
from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.documents import (
    Doc,
    Documents,
    contact_fields,
    contacts,
    custom_values,
    locations,
    tags,
    without,
)
from sandbox.crm.ids import new_id
from sandbox.crm.refusals import bad_request, not_found
from sandbox.crm.shapes import (
    Shape,
    anything,
    boolean,
    filled,
    list_of,
    number,
    numeral,
    one_of,
    text,
)

bp = Blueprint("locations", __name__)


@bp.get("/locations/search")
@endpoint(
    "locations.readonly",
    token="any",
    query=Shape(
        optional={
            "companyId": filled,
            "skip": numeral,
            "limit": numeral,
            "order": one_of("asc", "desc"),
            "email": text,
        }
    ),
)
def search(call: Call) -> Doc:
    """The agency's locations; a location's own token sees only that one."""
    ids = [call.location] if call.grant.location else grants.all_locations(call.db)
    found = [place for id in ids if (place := locations.get(call.db, id, id))]
    if call.arg("email"):
        found = [place for place in found if place["email"] == call.arg("email").lower()]
    found.sort(key=lambda place: str(place["name"]), reverse=call.arg("order") == "desc")
    skip = call.number("skip", 0)
    page = found[skip : skip + call.number("limit", 10)]
    return {"locations": [without(place, "suspended") for place in page]}


@bp.get("/locations/<location_id>")
@endpoint("locations.readonly", token="any")
def get(call: Call, location_id: str) -> Doc:
    place = locations.get(call.db, location_id, location_id)
    return {"location": without(place or {}, "suspended")}


_NAME = Shape({"name": filled})


@bp.get("/locations/<location_id>/tags")
@endpoint("locations/tags.readonly")
def list_tags(call: Call, location_id: str) -> Doc:
    return {"tags": tags.list(call.db, location_id)}


@bp.post("/locations/<location_id>/tags")
@endpoint("locations/tags.write", body=_NAME)
def create_tag(call: Call, location_id: str) -> Doc:
    name = call.body["name"].strip().lower()
    if tags.first(call.db, location_id, name=name):
        raise bad_request("The tag name is already exist.")
    call.changed()
    return {"tag": tags.add(call.db, location_id, _tag(location_id, name))}


@bp.get("/locations/<location_id>/tags/<tag_id>")
@endpoint("locations/tags.readonly")
def get_tag(call: Call, location_id: str, tag_id: str) -> Doc:
    return {"tag": _known(call, tags, tag_id, "Tag")}


@bp.put("/locations/<location_id>/tags/<tag_id>")
@endpoint("locations/tags.write", body=_NAME)
def update_tag(call: Call, location_id: str, tag_id: str) -> Doc:
    tag = _known(call, tags, tag_id, "Tag")
    call.changed()
    return {"tag": tags.change(call.db, tag, name=call.body["name"].strip().lower())}


@bp.delete("/locations/<location_id>/tags/<tag_id>")
@endpoint("locations/tags.write")
def delete_tag(call: Call, location_id: str, tag_id: str) -> Doc:
    """Take a tag off the location's list; contacts that carry it keep it."""
    return _delete(call, tags, tag_id, "Tag")


_FIELD_OPTIONS = {
    "placeholder": text,
    "acceptedFormat": list_of(text),
    "isMultipleFile": boolean,
    "maxNumberOfFiles": number,
    "textBoxListOptions": list_of(anything),
    "options": list_of(text),
    "position": number,
    "model": one_of("contact", "opportunity"),
}


@bp.get("/locations/<location_id>/customFields")
@endpoint(
    "locations/customFields.readonly",
    query=Shape(optional={"model": one_of("contact", "opportunity", "all")}),
)
def list_fields(call: Call, location_id: str) -> Doc:
    model = call.arg("model", "contact")
    found = contact_fields.list(call.db, location_id)
    return {"customFields": [one for one in found if model in ("all", one["model"])]}


@bp.post("/locations/<location_id>/customFields")
@endpoint(
    "locations/customFields.write", body=Shape({"name": filled, "dataType": filled}, _FIELD_OPTIONS)
)
def create_field(call: Call, location_id: str) -> Answer:
    sent = call.body
    model = sent.get("model", "contact")
    key = f"{model}.{_key(sent['name'])}"
    if contact_fields.first(call.db, location_id, field_key=key):
        raise bad_request(f"A custom field with the key {key} already exists")
    field = {
        "id": new_id(),
        "name": sent["name"],
        "fieldKey": key,
        "dataType": sent["dataType"],
        "placeholder": sent.get("placeholder", ""),
        "position": sent.get("position", 0),
        "picklistOptions": sent.get("options", sent.get("textBoxListOptions", [])),
        "locationId": location_id,
        "model": model,
    }
    call.changed("field_created", None, key)
    return {"customField": contact_fields.add(call.db, location_id, field)}, 201


@bp.get("/locations/<location_id>/customFields/<field_id>")
@endpoint("locations/customFields.readonly")
def get_field(call: Call, location_id: str, field_id: str) -> Doc:
    """A contact field by its id or its key."""
    by_key = contact_fields.first(call.db, location_id, field_key=field_id)
    return {"customField": by_key or _known(call, contact_fields, field_id, "Custom field")}


@bp.put("/locations/<location_id>/customFields/<field_id>")
@endpoint("locations/customFields.write", body=Shape({"name": filled}, _FIELD_OPTIONS))
def update_field(call: Call, location_id: str, field_id: str) -> Doc:
    field = _known(call, contact_fields, field_id, "Custom field")
    names = ("name", "placeholder", "position")
    changes = {name: call.body[name] for name in names if name in call.body}
    options = call.body.get("options", call.body.get("textBoxListOptions"))
    if options is not None:
        changes["picklistOptions"] = options
    call.changed()
    return {"customField": contact_fields.change(call.db, field, **changes)}


@bp.delete("/locations/<location_id>/customFields/<field_id>")
@endpoint("locations/customFields.write")
def delete_field(call: Call, location_id: str, field_id: str) -> Doc:
    for contact in contacts.list(call.db, location_id):
        kept = [one for one in contact["customFields"] if one["id"] != field_id]
        if kept != contact["customFields"]:
            contacts.change(call.db, contact, customFields=kept)
    return _delete(call, contact_fields, field_id, "Custom field")


_VALUE = Shape({"name": filled, "value": text})


@bp.get("/locations/<location_id>/customValues")
@endpoint("locations/customValues.readonly")
def list_values(call: Call, location_id: str) -> Doc:
    return {"customValues": custom_values.list(call.db, location_id)}


@bp.post("/locations/<location_id>/customValues")
@endpoint("locations/customValues.write", body=_VALUE)
def create_value(call: Call, location_id: str) -> Answer:
    if custom_values.first(call.db, location_id, name=call.body["name"]):
        raise bad_request("A custom value with this name already exists")
    merge_tag = f"{{{{ custom_values.{_key(call.body['name'])} }}}}"
    value = {**call.body, "id": new_id(), "fieldKey": merge_tag, "locationId": location_id}
    call.changed()
    return {"customValue": custom_values.add(call.db, location_id, value)}, 201


@bp.get("/locations/<location_id>/customValues/<value_id>")
@endpoint("locations/customValues.readonly")
def get_value(call: Call, location_id: str, value_id: str) -> Doc:
    return {"customValue": _known(call, custom_values, value_id, "Custom value")}


@bp.put("/locations/<location_id>/customValues/<value_id>")
@endpoint("locations/customValues.write", body=_VALUE)
def update_value(call: Call, location_id: str, value_id: str) -> Doc:
    value = _known(call, custom_values, value_id, "Custom value")
    call.changed()
    return {"customValue": custom_values.change(call.db, value, **call.body)}


@bp.delete("/locations/<location_id>/customValues/<value_id>")
@endpoint("locations/customValues.write")
def delete_value(call: Call, location_id: str, value_id: str) -> Doc:
    return _delete(call, custom_values, value_id, "Custom value")


def _known(call: Call, documents: Documents, id: str, noun: str) -> Doc:
    found = documents.get(call.db, call.location, id)
    if found is None:
        raise not_found(f"{noun} with id {id} not found")
    return found


def _delete(call: Call, documents: Documents, id: str, noun: str) -> Doc:
    _known(call, documents, id, noun)
    documents.remove(call.db, call.location, id=id)
    call.changed()
    return call.succeeded()


def _tag(location: str, name: str) -> Doc:
    return {"id": new_id(), "name": name, "locationId": location}


def _key(name: str) -> str:
    """The key the CRM makes of a name: lower case with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
