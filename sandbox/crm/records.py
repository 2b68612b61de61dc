"""``/objects/{key}/records``: the records of custom objects.

Property keys are bare (``progress``), values are checked by the field's type. There is no unique
key: two records alike are two records. Answers carry both spellings seen in the field.
"""

import sqlite3

from flask import Blueprint, request

from sandbox.crm import search_index, webhooks
from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.contact_search import plain
from sandbox.crm.crm_state import Crm
from sandbox.crm.documents import Doc, contacts, object_fields, records, relations
from sandbox.crm.ids import new_hex_id
from sandbox.crm.object_schemas import bare, known
from sandbox.crm.property_values import problem
from sandbox.crm.refusals import bad_request, not_found, unprocessable
from sandbox.crm.shapes import Shape, anything, filled, list_of, obj, text, whole

bp = Blueprint("records", __name__)

_PEOPLE = {"owner": list_of(text, at_most=1), "followers": list_of(text, at_most=10)}


@bp.post("/objects/<schema_key>/records")
@endpoint("objects/record.write", body=Shape({"locationId": filled, "properties": obj}, _PEOPLE))
def create(call: Call, schema_key: str) -> Answer:
    schema = _recordable(call, schema_key)
    properties = _checked(call, schema, call.body["properties"])
    required = bare(schema["primaryDisplayProperty"])
    if properties.get(required) in (None, ""):
        raise unprocessable(f"properties.{required} should not be empty")
    by = {
        "source": "INTEGRATION",
        "channel": "OAUTH",
        "sourceId": call.grant.user,
        "createdAt": call.now,
    }
    record = {
        "id": new_hex_id(),
        "locationId": call.location,
        "objectId": schema["id"],
        "objectKey": schema["key"],
        "owners": call.body.get("owner", []),
        "followers": call.body.get("followers", []),
        "properties": properties,
        "createdAt": call.now,
        "updatedAt": call.now,
        "createdBy": by,
        "lastUpdatedBy": by,
    }
    records.add(call.db, call.location, record)
    search_index.note(call.crm, call.db, "record", call.location, record)
    call.changed("record_created", None, _effect(record))
    fields = webhooks.record_fields(record)
    webhooks.tell(call.crm, call.db, "RecordCreate", call.location, fields)
    return {"record": shown(call.db, record)}, 201


@bp.get("/objects/<schema_key>/records/<record_id>")
@endpoint("objects/record.readonly", query=Shape(optional={"locationId": filled}))
def get(call: Call, schema_key: str, record_id: str) -> Doc:
    return {"record": shown(call.db, _record(call, schema_key, record_id))}


@bp.put("/objects/<schema_key>/records/<record_id>")
@endpoint(
    "objects/record.write",
    query=Shape({"locationId": filled}),
    body=Shape(optional={"locationId": filled, "properties": obj, **_PEOPLE}),
)
def update(call: Call, schema_key: str, record_id: str) -> Doc:
    """Change the properties sent; null empties one."""
    record = _record(call, schema_key, record_id)
    sent = _checked(call, _recordable(call, schema_key), call.body.get("properties", {}))
    properties = {**record["properties"], **sent}
    wanted = {
        "properties": {name: value for name, value in properties.items() if value is not None},
        "owners": call.body.get("owner", record["owners"]),
        "followers": call.body.get("followers", record["followers"]),
    }
    if any(record[name] != value for name, value in wanted.items()):
        record = records.change(call.db, record, **wanted, updatedAt=call.now)
        search_index.note(call.crm, call.db, "record", call.location, record)
        call.changed("record_updated", _contact_of(call.db, record), _effect(record))
        fields = webhooks.record_fields(record)
        webhooks.tell(call.crm, call.db, "RecordUpdate", call.location, fields)
    return {"record": shown(call.db, record)}


@bp.delete("/objects/<schema_key>/records/<record_id>")
@endpoint("objects/record.write")
def delete(call: Call, schema_key: str, record_id: str) -> Doc:
    record = _record(call, schema_key, record_id)
    remove(call.crm, call.db, record)
    return {"id": record_id, "success": True}


def remove(crm: Crm, db: sqlite3.Connection, record: Doc) -> None:
    """Delete a record with its relations."""
    location, id = record["locationId"], record["id"]
    records.remove(db, location, id=id)
    relations.remove(db, location, first_id=id)
    relations.remove(db, location, second_id=id)
    search_index.forget(crm, db, "record", location, id)
    crm.ledger.applied(db)
    webhooks.tell(crm, db, "RecordDelete", location, webhooks.record_fields(record))


_SEARCH = Shape(
    {"locationId": filled, "page": whole(1), "pageLimit": whole(1, 500)},
    {"query": text, "searchAfter": list_of(anything)},
)


@bp.post("/objects/<schema_key>/records/search")
@endpoint("objects/record.readonly", body=_SEARCH)
def search(call: Call, schema_key: str) -> Doc:
    """``query`` is ``field:value`` over searchable properties, or words found in any of them."""
    schema = _recordable(call, schema_key)
    searchable = {bare(name) for name in schema["searchableProperties"]}
    rows = [
        row
        for row in search_index.documents(call.crm, call.db, "record", call.location)
        if row["objectKey"] == schema["key"] and _matches(row, call.body.get("query"), searchable)
    ]
    page, limit = int(call.body["page"]), int(call.body["pageLimit"])
    start = (page - 1) * limit
    after = call.body.get("searchAfter")
    if after:
        start = next((at + 1 for at, row in enumerate(rows) if row["id"] == after[-1]), len(rows))
    found = rows[start : start + limit]
    return {"records": [_row(call.db, row) for row in found], "total": len(rows)}


def shown(db: sqlite3.Connection, record: Doc) -> Doc:
    """A record with both spellings of its people and dates, and its relations."""
    return {
        **record,
        "owner": record["owners"],
        "follower": record["followers"],
        "dateAdded": record["createdAt"],
        "dateUpdated": record["updatedAt"],
        "relations": _relations(db, record),
    }


def _row(db: sqlite3.Connection, record: Doc) -> Doc:
    return {**shown(db, record), "searchAfter": [record["createdAt"], record["id"]]}


def _relations(db: sqlite3.Connection, record: Doc) -> list[Doc]:
    found = []
    for mine, other in (("first", "second"), ("second", "first")):
        for one in relations.list(db, record["locationId"], **{f"{mine}_id": record["id"]}):
            found.append(
                {
                    "associationId": one["associationId"],
                    "relationId": one["id"],
                    "objectKey": one[f"{other}ObjectKey"],
                    "recordId": one[f"{other}RecordId"],
                }
            )
    return found


def _contact_of(db: sqlite3.Connection, record: Doc) -> str | None:
    """The contact a record is related to, for the ledger."""
    ids = [one["recordId"] for one in _relations(db, record) if one["objectKey"] == "contact"]
    return ids[0] if ids and contacts.get(db, record["locationId"], ids[0]) else None


def _effect(record: Doc) -> Doc:
    return {name: record[name] for name in ("objectKey", "id", "properties")}


def _matches(record: Doc, query: str | None, searchable: set[str]) -> bool:
    if not query or not query.strip():
        return True
    field, colon, value = query.partition(":")
    values = record["properties"]
    if colon and field.strip() in searchable:
        wanted = plain(value.strip())
        held = plain(str(values.get(field.strip(), "")))
        return bool(wanted) and (held == wanted or wanted in held.split())
    if colon and field.strip() in values:
        return False  # a property, but not a searchable one
    held = plain(" ".join(str(values.get(name, "")) for name in searchable))
    return all(word in held for word in plain(query).split())


def _recordable(call: Call, schema_key: str) -> Doc:
    schema = known(call, schema_key)
    if schema["standard"]:
        raise bad_request(f"Records of the object {schema['key']} are not available here")
    return schema


def _record(call: Call, schema_key: str, record_id: str) -> Doc:
    schema = _recordable(call, schema_key)
    record = records.get(call.db, call.location, record_id)
    if record is None or record["objectKey"] != schema["key"]:
        raise not_found(f"Record with id {record_id} not found")
    return record


def _checked(call: Call, schema: Doc, properties: Doc) -> Doc:
    """The properties, if each is a field of the object and fits its type."""
    fields = {
        bare(field["fieldKey"]): field
        for field in object_fields.list(call.db, call.location, object_key=schema["key"])
    }
    problems = []
    for name, value in properties.items():
        if name not in fields:
            problems.append(f"property {name} should not exist")
        elif value is not None:
            found = problem(f"properties.{name}", fields[name], value)
            problems += [found] if found else []
    if problems:
        raise unprocessable(*problems)
    return {k: v for k, v in properties.items() if v is not None or request.method == "PUT"}
