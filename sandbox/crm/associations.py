"""``/associations``: which kinds of things may be linked, and the links themselves.

A relation's first record belongs to the association's first object; a contact's id is its record
id. Asking twice for the same relation is refused.
"""

from flask import Blueprint, request

from sandbox.crm import webhooks
from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.documents import (
    Doc,
    associations,
    businesses,
    contacts,
    object_schemas,
    records,
    relations,
)
from sandbox.crm.ids import new_hex_id
from sandbox.crm.refusals import bad_request, not_found
from sandbox.crm.shapes import Shape, filled, numeral, text

bp = Blueprint("associations", __name__)

_LABELS = {"firstObjectLabel": filled, "secondObjectLabel": filled}
_CREATE = Shape(
    {
        "locationId": filled,
        "key": filled,
        "firstObjectKey": filled,
        "secondObjectKey": filled,
        **_LABELS,
    }
)
_PAGE = Shape({"locationId": filled, "skip": numeral, "limit": numeral})


@bp.get("/associations/")
@endpoint("associations.readonly", query=_PAGE)
def list_associations(call: Call) -> Doc:
    found = associations.list(call.db, call.location)
    return {"associations": _page(call, found), "total": len(found)}


@bp.post("/associations/")
@endpoint("associations.write", body=_CREATE)
def create(call: Call) -> Answer:
    sent = call.body
    for name in ("firstObjectKey", "secondObjectKey"):
        if not object_schemas.first(call.db, call.location, key=sent[name]):
            raise bad_request(f"Object with key {sent[name]} not found")
    if associations.first(call.db, call.location, key=sent["key"]):
        raise bad_request(f"An association with the key {sent['key']} already exists")
    association = {
        **sent,
        "id": new_hex_id(),
        "associationType": "USER_DEFINED",
        "firstObjectToSecondObjectCardinality": "MANY_TO_MANY",
        "secondObjectToFirstObjectCardinality": "MANY_TO_MANY",
    }
    associations.add(call.db, call.location, association)
    call.changed("association_created", None, sent["key"])
    webhooks.tell(call.crm, call.db, "AssociationCreate", call.location, association)
    return association, 201


@bp.get("/associations/key/<key_name>")
@endpoint("associations.readonly", query=Shape({"locationId": filled}))
def by_key(call: Call, key_name: str) -> Doc:
    found = associations.first(call.db, call.location, key=key_name)
    if found is None:
        raise not_found(f"Association with key {key_name} not found")
    return found


@bp.get("/associations/objectKey/<object_key>")
@endpoint("associations.readonly", query=Shape(optional={"locationId": filled}))
def by_object(call: Call, object_key: str) -> Doc:
    found = [
        one
        for one in associations.list(call.db, call.location)
        if object_key in (one["firstObjectKey"], one["secondObjectKey"])
    ]
    return {"associations": found, "total": len(found)}


@bp.get("/associations/<association_id>")
@endpoint("associations.readonly")
def get(call: Call, association_id: str) -> Doc:
    return _association(call, association_id)


@bp.put("/associations/<association_id>")
@endpoint("associations.write", body=Shape(_LABELS))
def update(call: Call, association_id: str) -> Doc:
    changed = associations.change(call.db, _association(call, association_id), **call.body)
    call.changed()
    webhooks.tell(call.crm, call.db, "AssociationUpdate", call.location, changed)
    return changed


@bp.delete("/associations/<association_id>")
@endpoint("associations.write")
def delete(call: Call, association_id: str) -> Doc:
    association = _association(call, association_id)
    relations.remove(call.db, call.location, association_id=association_id)
    associations.remove(call.db, call.location, id=association_id)
    call.changed()
    webhooks.tell(call.crm, call.db, "AssociationDelete", call.location, association)
    return {"deleted": True, "id": association_id, "message": "Association deleted"}


_RELATION = Shape(
    {
        "locationId": filled,
        "associationId": filled,
        "firstRecordId": filled,
        "secondRecordId": filled,
    }
)


@bp.post("/associations/relations")
@endpoint("associations/relation.write", body=_RELATION)
def relate(call: Call) -> Answer:
    association = _association(call, call.body["associationId"])
    first, second = call.body["firstRecordId"], call.body["secondRecordId"]
    _check_record(call, association["firstObjectKey"], first)
    _check_record(call, association["secondObjectKey"], second)
    if _related(call, association["id"], first, second):
        raise bad_request(
            "Cannot create duplicate relation of object Ids for given association "
            f"{association['id']}"
        )
    relation = {
        "id": new_hex_id(),
        "associationId": association["id"],
        "firstObjectKey": association["firstObjectKey"],
        "firstRecordId": first,
        "secondObjectKey": association["secondObjectKey"],
        "secondRecordId": second,
        "locationId": call.location,
    }
    relations.add(call.db, call.location, relation)
    call.changed("relation_created", _contact_of(relation), relation)
    webhooks.tell(call.crm, call.db, "RelationCreate", call.location, relation)
    return relation, 201


@bp.get("/associations/relations/<record_id>")
@endpoint(
    "associations/relation.readonly",
    query=Shape(
        {"locationId": filled, "skip": numeral, "limit": numeral}, {"associationIds": text}
    ),
)
def of_record(call: Call, record_id: str) -> Doc:
    """The relations at either end of which the record stands."""
    wanted = request.args.getlist("associationIds")
    found = [
        *relations.list(call.db, call.location, first_id=record_id),
        *relations.list(call.db, call.location, second_id=record_id),
    ]
    found = [one for one in found if not wanted or one["associationId"] in wanted]
    return {"relations": _page(call, found), "total": len(found)}


@bp.delete("/associations/relations/<relation_id>")
@endpoint("associations/relation.write", query=Shape({"locationId": filled}))
def unrelate(call: Call, relation_id: str) -> Doc:
    relation = relations.get(call.db, call.location, relation_id)
    if relation is None:
        raise not_found(f"Relation with id {relation_id} not found")
    relations.remove(call.db, call.location, id=relation_id)
    call.changed()
    webhooks.tell(call.crm, call.db, "RelationDelete", call.location, relation)
    return {**relation, "deleted": True, "message": "Relation deleted"}


def _page(call: Call, found: list[Doc]) -> list[Doc]:
    skip = call.number("skip", 0)
    return found[skip : skip + call.number("limit", 100)]


def _association(call: Call, association_id: str) -> Doc:
    found = associations.get(call.db, call.location, association_id)
    if found is None:
        raise not_found(f"Association with id {association_id} not found")
    return found


def _check_record(call: Call, object_key: str, id: str) -> None:
    if object_key == "contact":
        found = contacts.get(call.db, call.location, id)
    elif object_key == "business":
        found = businesses.get(call.db, call.location, id)
    else:
        found = records.get(call.db, call.location, id)
        found = found if found and found["objectKey"] == object_key else None
    if found is None:
        raise bad_request(f"Record {id} does not exist for the object {object_key}")


def _related(call: Call, association_id: str, first: str, second: str) -> bool:
    pairs = {
        (one["firstRecordId"], one["secondRecordId"])
        for one in relations.list(call.db, call.location, association_id=association_id)
        if {one["firstRecordId"], one["secondRecordId"]} == {first, second}
    }
    return bool(pairs)


def _contact_of(relation: Doc) -> str | None:
    for end in ("first", "second"):
        if relation[f"{end}ObjectKey"] == "contact":
            return str(relation[f"{end}RecordId"])
    return None
