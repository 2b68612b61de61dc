"""Custom objects and their records as a person sees them, and what is related to what."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from sandbox.crm.crm_state import crm
from sandbox.crm.desktop import in_location
from sandbox.crm.documents import (
    Doc,
    associations,
    contacts,
    object_fields,
    object_schemas,
    records,
    relations,
)
from sandbox.crm.object_schemas import bare

bp = Blueprint("object_pages", __name__, url_prefix="/v2/location/<location>/objects")


@bp.get("")
@in_location
def objects(location: str) -> ResponseReturnValue:
    """The location's custom objects with how many records each has."""
    with crm().store.read() as db:
        found = [
            {**schema, "count": len(records.list(db, location, object_key=schema["key"]))}
            for schema in object_schemas.list(db, location)
            if not schema["standard"]
        ]
        links = associations.list(db, location)
    return render_template("crm/objects.html", objects=found, associations=links)


@bp.get("/<key>")
@in_location
def object_records(location: str, key: str) -> ResponseReturnValue:
    with crm().store.read() as db:
        schema = object_schemas.first(db, location, key=key)
        if schema is None:
            abort(404)
        return render_template(
            "crm/records.html",
            schema=schema,
            fields=fields_of(location, key),
            records=records.list(db, location, object_key=key)[::-1],
        )


@bp.get("/<key>/<id>")
@in_location
def record(location: str, key: str, id: str) -> ResponseReturnValue:
    with crm().store.read() as db:
        found = records.get(db, location, id)
        if found is None or found["objectKey"] != key:
            abort(404)
        return render_template(
            "crm/record.html",
            record=found,
            schema=object_schemas.first(db, location, key=key),
            fields=fields_of(location, key),
            related=related(location, id),
        )


def related(location: str, id: str) -> list[Doc]:
    """What stands at the other end of a thing's relations, with its field names and values."""
    found = []
    with crm().store.read() as db:
        for mine, other in (("first", "second"), ("second", "first")):
            for one in relations.list(db, location, **{f"{mine}_id": id}):
                link = associations.get(db, location, one["associationId"]) or {}
                key, other_id = one[f"{other}ObjectKey"], one[f"{other}RecordId"]
                found.append(
                    {
                        "key": key,
                        "id": other_id,
                        "label": link.get(f"{other}ObjectLabel", key),
                        "contact": contacts.get(db, location, other_id),
                        "record": records.get(db, location, other_id),
                        "fields": fields_of(location, key),
                    }
                )
    return found


def fields_of(location: str, key: str) -> list[Doc]:
    """The fields of an object with their bare names."""
    with crm().store.read() as db:
        return [
            {**field, "bare": bare(field["fieldKey"])}
            for field in object_fields.list(db, location, object_key=key)
        ]
