"""``/businesses``: the companies of a location, to which contacts may belong."""

from flask import Blueprint

from sandbox.crm import contact_book
from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.documents import Doc, businesses, contacts, relations
from sandbox.crm.ids import new_hex_id
from sandbox.crm.refusals import not_found
from sandbox.crm.shapes import Shape, email, filled, numeral, text

bp = Blueprint("businesses", __name__)

_FIELDS = {
    **dict.fromkeys(
        ["phone", "website", "address", "city", "postalCode", "state", "country", "description"],
        text,
    ),
    "email": email,
}


@bp.get("/businesses/")
@endpoint(
    "businesses.readonly",
    query=Shape({"locationId": filled}, {"limit": numeral, "skip": numeral}),
)
def list_businesses(call: Call) -> Doc:
    skip = call.number("skip", 0)
    found = businesses.list(call.db, call.location)
    return {"businesses": found[skip : skip + call.number("limit", 100)]}


@bp.post("/businesses/")
@endpoint("businesses.write", body=Shape({"name": filled, "locationId": filled}, _FIELDS))
def create(call: Call) -> Answer:
    by = {"source": "INTEGRATION", "channel": "OAUTH", "sourceId": call.grant.user}
    by |= {"createdAt": call.now}
    business = {
        **call.body,
        "id": new_hex_id(),
        "createdBy": by,
        "updatedBy": by,
        "createdAt": call.now,
        "updatedAt": call.now,
    }
    call.changed()
    # The misspelt key is the CRM's own.
    return {"success": True, "buiseness": businesses.add(call.db, call.location, business)}, 201


@bp.get("/businesses/<business_id>")
@endpoint("businesses.readonly")
def get(call: Call, business_id: str) -> Doc:
    return {"business": _business(call, business_id)}


@bp.put("/businesses/<business_id>")
@endpoint("businesses.write", body=Shape(optional={"name": filled, **_FIELDS}))
def update(call: Call, business_id: str) -> Doc:
    business = _business(call, business_id)
    changed = businesses.change(call.db, business, **{**call.body, "updatedAt": call.now})
    call.changed()
    return {"success": True, "buiseness": changed}


@bp.delete("/businesses/<business_id>")
@endpoint("businesses.write")
def delete(call: Call, business_id: str) -> Doc:
    """Delete a company; its contacts stay, without it."""
    _business(call, business_id)
    for contact in contacts.list(call.db, call.location, business_id=business_id):
        contact_book.update(call.crm, call.db, contact, {"businessId": None, "companyName": None})
    for end in ("first_id", "second_id"):
        relations.remove(call.db, call.location, **{end: business_id})
    businesses.remove(call.db, call.location, id=business_id)
    call.changed()
    return {"success": True}


def _business(call: Call, business_id: str) -> Doc:
    found = businesses.get(call.db, call.location, business_id)
    if found is None:
        raise not_found(f"Business with id {business_id} not found")
    return found
