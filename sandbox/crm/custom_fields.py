"""``/custom-fields``: the fields of custom objects and of companies, and their folders."""

import re

from flask import Blueprint

from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.documents import Doc, field_folders, object_fields, object_schemas
from sandbox.crm.ids import new_hex_id
from sandbox.crm.object_schemas import add_field, bare, full_key
from sandbox.crm.refusals import bad_request, not_found, unprocessable
from sandbox.crm.shapes import Shape, boolean, filled, list_of, number, one_of, text

bp = Blueprint("custom_fields", __name__)

DATA_TYPES = [
    "TEXT",
    "LARGE_TEXT",
    "NUMERICAL",
    "PHONE",
    "MONETORY",
    "CHECKBOX",
    "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS",
    "DATE",
    "TEXTBOX_LIST",
    "FILE_UPLOAD",
    "RADIO",
    "EMAIL",
]
_WITH_OPTIONS = ("CHECKBOX", "SINGLE_OPTIONS", "MULTIPLE_OPTIONS", "RADIO", "TEXTBOX_LIST")
_FORMATS = (
    ".pdf",
    ".docx",
    ".doc",
    ".jpg",
    ".jpeg",
    ".png",
    ".gif",
    ".csv",
    ".xlsx",
    ".xls",
    "all",
)
_OPTION = Shape({"key": filled, "label": filled}, {"url": text})
_OPTIONAL = {
    "name": text,
    "description": text,
    "placeholder": text,
    "options": list_of(_OPTION),
    "acceptedFormats": one_of(*_FORMATS),
    "maxFileLimit": number,
}


@bp.get("/custom-fields/object-key/<object_key>")
@endpoint("locations/customFields.readonly", query=Shape({"locationId": filled}))
def list_fields(call: Call, object_key: str) -> Doc:
    """The fields and folders of a custom object or of the company object."""
    key = _object_key(call, object_key)
    return {
        "fields": object_fields.list(call.db, call.location, object_key=key),
        "folders": field_folders.list(call.db, call.location, object_key=key),
    }


@bp.get("/custom-fields/<field_id>")
@endpoint("locations/customFields.readonly")
def get(call: Call, field_id: str) -> Doc:
    return {"field": _field(call, field_id)}


_CREATE = Shape(
    {
        "locationId": filled,
        "showInForms": boolean,
        "dataType": one_of(*DATA_TYPES),
        "fieldKey": filled,
        "objectKey": filled,
        "parentId": filled,
    },
    {**_OPTIONAL, "allowCustomOption": boolean},
)


@bp.post("/custom-fields/")
@endpoint("locations/customFields.write", body=_CREATE)
def create(call: Call) -> Answer:
    sent = call.body
    key = _object_key(call, sent["objectKey"])
    folder = field_folders.get(call.db, call.location, sent["parentId"])
    if folder is None or folder["objectKey"] != key:
        raise bad_request(f"Folder with id {sent['parentId']} not found for the object {key}")
    field_key = f"{key}.{bare(sent['fieldKey'])}"
    if not re.fullmatch(r"[a-z0-9_]+", bare(field_key)):
        raise unprocessable(
            "fieldKey must contain only lower case letters, numbers and underscores"
        )
    if object_fields.first(call.db, call.location, field_key=field_key):
        raise bad_request(f"A field with the key {field_key} already exists")
    if sent["dataType"] in _WITH_OPTIONS and not sent.get("options"):
        raise unprocessable(f"options should not be empty for the data type {sent['dataType']}")
    field = {"name": bare(field_key), **sent, "id": new_hex_id()}
    field |= {"objectKey": key, "fieldKey": field_key, "standard": False}
    call.changed("field_created", None, field_key)
    return {"field": add_field(call.db, call.location, field, call.now)}, 201


@bp.put("/custom-fields/<field_id>")
@endpoint(
    "locations/customFields.write",
    body=Shape({"locationId": filled, "showInForms": boolean}, _OPTIONAL),
)
def update(call: Call, field_id: str) -> Doc:
    """Change a field; ``options`` replace the whole list."""
    field = _field(call, field_id)
    call.changed()
    changed = object_fields.change(call.db, field, **{**call.body, "dateUpdated": call.now})
    return {"field": changed}


@bp.delete("/custom-fields/<field_id>")
@endpoint("locations/customFields.write")
def delete(call: Call, field_id: str) -> Doc:
    field = _field(call, field_id)
    schema = object_schemas.first(call.db, call.location, key=field["objectKey"])
    if schema and schema["primaryDisplayProperty"] == field["fieldKey"]:
        raise bad_request("The primary display property of an object cannot be deleted")
    object_fields.remove(call.db, call.location, id=field_id)
    call.changed()
    return call.succeeded(id=field_id, key=field["fieldKey"])


_FOLDER = Shape({"objectKey": filled, "name": filled, "locationId": filled})


@bp.post("/custom-fields/folder")
@endpoint("locations/customFields.write", body=_FOLDER)
def create_folder(call: Call) -> Answer:
    key = _object_key(call, call.body["objectKey"])
    folder = {**call.body, "id": new_hex_id(), "objectKey": key}
    call.changed()
    return field_folders.add(call.db, call.location, folder), 201


@bp.put("/custom-fields/folder/<folder_id>")
@endpoint("locations/customFields.write", body=Shape({"name": filled, "locationId": filled}))
def update_folder(call: Call, folder_id: str) -> Doc:
    call.changed()
    return field_folders.change(call.db, _folder(call, folder_id), name=call.body["name"])


@bp.delete("/custom-fields/folder/<folder_id>")
@endpoint("locations/customFields.write", query=Shape({"locationId": filled}))
def delete_folder(call: Call, folder_id: str) -> Doc:
    folder = _folder(call, folder_id)
    fields = object_fields.list(call.db, call.location, object_key=folder["objectKey"])
    if any(field["parentId"] == folder_id for field in fields):
        raise bad_request("A folder that holds fields cannot be deleted")
    field_folders.remove(call.db, call.location, id=folder_id)
    call.changed()
    return call.succeeded(id=folder_id, key=folder["objectKey"])


def _object_key(call: Call, given: str) -> str:
    """The key of a custom object or ``business``; other objects have no fields here."""
    key = given if given == "business" else full_key(given)
    if not object_schemas.first(call.db, call.location, key=key):
        raise bad_request(f"Object with key {given} not found")
    return key


def _field(call: Call, field_id: str) -> Doc:
    field = object_fields.get(call.db, call.location, field_id)
    if field is None:
        raise not_found(f"Custom field with id {field_id} not found")
    return field


def _folder(call: Call, folder_id: str) -> Doc:
    folder = field_folders.get(call.db, call.location, folder_id)
    if folder is None:
        raise not_found(f"Folder with id {folder_id} not found")
    return folder
