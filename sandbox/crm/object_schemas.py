"""``/objects``: the kinds of things a location keeps, its own (custom objects) and the CRM's.

Creating one declares an agency token in the published interface while a location's token is
accepted in practice; the setting ``schema_needs_agency`` makes the sandbox refuse the latter.
"""

import re
import sqlite3

from flask import Blueprint

from sandbox.crm import webhooks
from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.documents import Doc, field_folders, object_fields, object_schemas
from sandbox.crm.ids import new_hex_id
from sandbox.crm.refusals import bad_request, not_found, unprocessable, wrong_token_kind
from sandbox.crm.shapes import Shape, filled, list_of, one_of, text

bp = Blueprint("object_schemas", __name__)

PREFIX = "custom_objects."
_LABELS = Shape({"singular": filled, "plural": filled})
_PRIMARY = Shape({"key": filled, "name": filled, "dataType": one_of("TEXT", "NUMERICAL")})


@bp.get("/objects/")
@endpoint("objects/schema.readonly", token="any", query=Shape({"locationId": filled}))
def list_schemas(call: Call) -> Doc:
    return {"objects": object_schemas.list(call.db, call.location)}


@bp.get("/objects/<key>")
@endpoint(
    "objects/schema.readonly",
    token="any",
    query=Shape({"locationId": filled}, {"fetchProperties": one_of("true", "false")}),
)
def get(call: Call, key: str) -> Doc:
    schema = known(call, key)
    answer: Doc = {"object": schema, "cache": False}
    if call.arg("fetchProperties") == "true":
        answer["fields"] = object_fields.list(call.db, call.location, object_key=schema["key"])
    return answer


_CREATE = Shape(
    {
        "labels": _LABELS,
        "key": filled,
        "locationId": filled,
        "primaryDisplayPropertyDetails": _PRIMARY,
    },
    {"description": text},
)


@bp.post("/objects/")
@endpoint("objects/schema.write", token="any", body=_CREATE)
def create(call: Call) -> Answer:
    if call.grant.location and call.crm.knobs["schema_needs_agency"]:
        raise wrong_token_kind(call.grant.kind)
    key = full_key(call.body["key"])
    if not re.fullmatch(r"custom_objects\.[a-z][a-z0-9_]*", key):
        raise unprocessable("key must contain only lower case letters, numbers and underscores")
    if object_schemas.first(call.db, call.location, key=key):
        raise bad_request(f"An object with the key {key} already exists")
    primary = call.body["primaryDisplayPropertyDetails"]
    schema = add_schema(
        call.db, call.location, key, call.body["labels"], primary, call.now, new_hex_id()
    )
    schema = object_schemas.change(
        call.db, schema, description=call.body.get("description", ""), creatorId=call.grant.user
    )
    call.changed("schema_created", None, key)
    webhooks.tell(call.crm, call.db, "ObjectSchemaCreate", call.location, schema)
    return {"object": schema}, 201


_UPDATE = Shape(
    {"locationId": filled, "searchableProperties": list_of(text)},
    {"labels": Shape(optional={"singular": filled, "plural": filled}), "description": text},
)


@bp.put("/objects/<key>")
@endpoint("objects/schema.write", token="any", body=_UPDATE)
def update(call: Call, key: str) -> Doc:
    """Change labels, description and the searchable properties (which must be fields of it)."""
    schema = known(call, key)
    fields = object_fields.list(call.db, call.location, object_key=schema["key"])
    names = {field["fieldKey"] for field in fields}
    wanted = [f"{schema['key']}.{bare(name)}" for name in call.body["searchableProperties"]]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise bad_request(f"Invalid searchable properties: {', '.join(unknown)}")
    changed = object_schemas.change(
        call.db,
        schema,
        searchableProperties=wanted,
        labels={**schema["labels"], **call.body.get("labels", {})},
        description=call.body.get("description", schema["description"]),
        dateUpdated=call.now,
        updatedAt=call.now,
    )
    call.changed()
    webhooks.tell(call.crm, call.db, "ObjectSchemaUpdate", call.location, changed)
    return {"object": changed}


def known(call: Call, key: str) -> Doc:
    """The schema under its key or its id, or 404."""
    by_id = object_schemas.get(call.db, call.location, key)
    schema = by_id or object_schemas.first(call.db, call.location, key=key)
    if schema is None:
        raise not_found(f"Object with key {key} not found")
    return schema


def full_key(key: str) -> str:
    """The key with its prefix; the singular form in some of the vendor's texts is taken too."""
    return PREFIX + key.removeprefix(PREFIX).removeprefix("custom_object.")


def bare(field_key: str) -> str:
    """The last part of a field's key, the name a record's property has."""
    return field_key.rpartition(".")[2]


def add_schema(
    db: sqlite3.Connection,
    location: str,
    key: str,
    labels: Doc,
    primary: Doc,
    now: str,
    id: str,
) -> Doc:
    """A schema with its default folder and the field that names its records."""
    primary_key = f"{key}.{bare(primary['key'])}"
    schema = {
        "id": id,
        "standard": not key.startswith(PREFIX),
        "key": key,
        "labels": labels,
        "description": "",
        "locationId": location,
        "primaryDisplayProperty": primary_key,
        "searchableProperties": [primary_key],
        "requiredProperties": [primary_key],
        "type": "USER_DEFINED" if key.startswith(PREFIX) else "SYSTEM_DEFINED",
        "icon": "cube",
        "dateAdded": now,
        "dateUpdated": now,
        "createdAt": now,
        "updatedAt": now,
    }
    object_schemas.add(db, location, schema)
    folder = {"id": f"{id[:12]}{id[12:][::-1]}", "objectKey": key, "locationId": location}
    field_folders.add(db, location, {**folder, "name": f"{labels['singular']} Details"})
    add_field(
        db,
        location,
        {
            "id": f"{id[12:]}{id[:12]}",
            "name": primary["name"],
            "fieldKey": primary_key,
            "objectKey": key,
            "dataType": primary["dataType"],
            "parentId": folder["id"],
            "showInForms": True,
            "standard": not key.startswith(PREFIX),
        },
        now,
    )
    return schema


def add_field(db: sqlite3.Connection, location: str, field: Doc, now: str) -> Doc:
    return object_fields.add(
        db, location, {**field, "locationId": location, "dateAdded": now, "dateUpdated": now}
    )
