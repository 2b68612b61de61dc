"""``/contacts``: look up, create, change and delete people, and find doubles."""

from flask import Blueprint, request

from sandbox.crm import contact_book, contact_search
from sandbox.crm.access import Answer, Call, endpoint
from sandbox.crm.documents import Doc, businesses, contacts, without
from sandbox.crm.refusals import Refusal, bad_request, unprocessable
from sandbox.crm.shapes import (
    Rule,
    Shape,
    anything,
    boolean,
    email,
    filled,
    list_of,
    numeral,
    obj,
    one_of,
    text,
)

bp = Blueprint("contacts", __name__)

_CHANNELS = ("Call", "Email", "SMS", "WhatsApp", "GMB", "FB")
_V3_CHANNELS = {"Call": "call", "Email": "email", "SMS": "sms", "WhatsApp": "whatsApp"} | {
    "GMB": "gmb",
    "FB": "fb",
}


def _custom_fields(value_names: tuple[str, ...]) -> Rule:
    shape = Shape(optional={"id": text, "key": text, **dict.fromkeys(value_names, anything)})

    def rule(name: str, value: object) -> list[str]:
        found = list_of(shape)(name, value)
        entries = value if isinstance(value, list) else []
        for index, entry in enumerate(entries):
            if isinstance(entry, dict) and not (entry.get("id") or entry.get("key")):
                found.append(f"{name}.{index} must have an id or a key")
        return found

    return rule


_UPDATE: dict[str, Rule] = {
    **dict.fromkeys(
        [
            "firstName",
            "lastName",
            "name",
            "phone",
            "address1",
            "city",
            "state",
            "postalCode",
            "website",
            "timezone",
            "source",
            "assignedTo",
        ],
        text,
    ),
    "email": email,
    "dnd": boolean,
    "inboundDndSettings": obj,
    "tags": list_of(text),
    "dateOfBirth": anything,
    "country": text,
}


def _shapes(v3: bool) -> dict[str, Shape]:
    names = ("field_value", "fieldValue") if v3 else ("field_value",)
    channels = tuple(_V3_CHANNELS.values()) if v3 else _CHANNELS
    update: dict[str, Rule] = {
        **_UPDATE,
        "customFields": _custom_fields(names),
        "dndSettings": Shape(optional=dict.fromkeys(channels, obj)),
    }
    create: dict[str, Rule] = {
        **update,
        "gender": one_of("male", "female", "other"),
        "companyName": text,
    }
    return {
        "create": Shape({"locationId": filled}, create),
        "update": Shape(optional=update),
        "upsert": Shape({"locationId": filled}, {**create, "createNewIfDuplicateAllowed": boolean}),
    }


_SHAPES = {True: _shapes(True), False: _shapes(False)}


_NOT_EMPTIED = ("customFields", "dndSettings", "inboundDndSettings")


class _InDialect(Shape):
    """The shape of a contact's input depends on the generation that the caller speaks.

    Null empties a field, except those that are changed entry by entry.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def problems(self, value: object) -> list[str]:
        return _SHAPES[request.headers.get("Version") == "v3"][self._name].problems(value)

    def given(self, value: Doc) -> Doc:
        return {k: one for k, one in value.items() if one is not None or k not in _NOT_EMPTIED}


def known(call: Call, contact_id: str) -> Doc:
    """The contact, or the CRM's 400 for one that this location does not have."""
    found = contacts.get(call.db, call.location, contact_id)
    if found is None:
        raise bad_request(f"Contact with id {contact_id} not found")
    return found


def shown(call: Call, contact: Doc) -> Doc:
    """A contact as an answer shows it: nothing that is unset, names of the caller's dialect."""
    answer = {name: value for name, value in contact.items() if value is not None}
    if call.v3 and "dndSettings" in answer:
        answer["dndSettings"] = {
            _V3_CHANNELS.get(channel, channel): value
            for channel, value in answer["dndSettings"].items()
        }
    return answer


@bp.post("/contacts/search")
@endpoint("contacts.readonly", body=contact_search.BODY)
def search(call: Call) -> Doc:
    rows, total = contact_search.run(call.crm, call.db, call.location, call.body)
    return {"contacts": [shown(call, row) for row in rows], "total": total}


@bp.get("/contacts/search/duplicate")
@endpoint("contacts.readonly", query=Shape({"locationId": filled}, {"email": text, "number": text}))
def duplicate(call: Call) -> Doc:
    found = contact_book.duplicate_of(call.db, call.location, call.arg("email"), call.arg("number"))
    return {"contact": shown(call, found[0]) if found else None}


_LIST = Shape(
    {"locationId": filled},
    {"query": text, "limit": numeral, "startAfter": numeral, "startAfterId": text},
)


@bp.get("/contacts/")
@endpoint("contacts.readonly", query=_LIST)
def list_contacts(call: Call) -> Doc:
    """The older list, newest first, paged by the last row seen."""
    limit = call.number("limit", 20)
    if not 1 <= limit <= 100:
        raise unprocessable("limit must not be greater than 100")
    rows = contact_search.newest(call.crm, call.db, call.location, call.arg("query"))
    start_id = call.arg("startAfterId")
    position = next((at for at, row in enumerate(rows) if row["id"] == start_id), -1)
    page = rows[position + 1 : position + 1 + limit]
    meta: Doc = {"total": len(rows), "currentPage": (position + 1) // limit + 1}
    if page and position + 1 + limit < len(rows):
        after, last = page[-1]["searchAfter"]
        meta |= {"startAfter": after, "startAfterId": last, "nextPage": meta["currentPage"] + 1}
    return {"contacts": [shown(call, row) for row in page], "count": len(rows), "meta": meta}


@bp.get("/contacts/business/<business_id>")
@endpoint(
    "contacts.readonly",
    query=Shape({"locationId": filled}, {"limit": numeral, "skip": numeral, "query": text}),
)
def of_business(call: Call, business_id: str) -> Doc:
    found = contact_search.matching(
        contacts.list(call.db, call.location, business_id=business_id), call.arg("query")
    )
    skip = call.number("skip", 0)
    page = found[skip : skip + call.number("limit", 25)]
    return {"contacts": [shown(call, row) for row in page], "count": len(found)}


@bp.get("/contacts/<contact_id>")
@endpoint("contacts.readonly")
def get(call: Call, contact_id: str) -> Doc:
    return {"contact": shown(call, known(call, contact_id))}


@bp.post("/contacts/")
@endpoint("contacts.write", body=_InDialect("create"))
def create(call: Call) -> Answer:
    if not contact_book.allows_duplicates(call.db, call.location):
        found = contact_book.duplicate_of(
            call.db, call.location, call.body.get("email"), call.body.get("phone")
        )
        if found:
            raise _duplicated(*found)
    return {"contact": shown(call, _create(call))}, 201


@bp.put("/contacts/<contact_id>")
@endpoint("contacts.write", body=_InDialect("update"))
def update(call: Call, contact_id: str) -> Doc:
    contact = known(call, contact_id)
    sent = _input(call)
    if not contact_book.allows_duplicates(call.db, call.location):
        found = contact_book.duplicate_of(
            call.db, call.location, sent.get("email"), sent.get("phone")
        )
        if found and found[0]["id"] != contact_id:
            raise _duplicated(*found)
    changed = contact_book.update(call.crm, call.db, contact, sent)
    return call.succeeded(contact=shown(call, changed))


@bp.post("/contacts/upsert")
@endpoint("contacts.write", body=_InDialect("upsert"))
def upsert(call: Call) -> Doc:
    """Create, or change the one that the location's rule for doubles finds."""
    wants_new = call.body.pop("createNewIfDuplicateAllowed", False)
    found = contact_book.duplicate_of(
        call.db, call.location, call.body.get("email"), call.body.get("phone")
    )
    if found and not (wants_new and contact_book.allows_duplicates(call.db, call.location)):
        sent = without(_input(call), "locationId")
        changed = contact_book.update(call.crm, call.db, found[0], sent)
        return call.succeeded(new=False, contact=shown(call, changed))
    return call.succeeded(new=True, contact=shown(call, _create(call)))


@bp.delete("/contacts/<contact_id>")
@endpoint("contacts.write")
def delete(call: Call, contact_id: str) -> Doc:
    contact_book.delete(call.crm, call.db, known(call, contact_id))
    return call.succeeded()


_BULK_BUSINESS = Shape(
    {"locationId": filled, "ids": list_of(text, at_most=50, at_least=1)}, {"businessId": text}
)


@bp.post("/contacts/bulk/business")
@endpoint("contacts.write", body=_BULK_BUSINESS)
def bulk_business(call: Call) -> Doc:
    """Put contacts into a company of the location, or (null) take them out."""
    business_id = call.body.get("businessId")
    business = businesses.get(call.db, call.location, business_id) if business_id else None
    if business_id and business is None:
        raise bad_request(f"Business with id {business_id} not found")
    name = business["name"] if business else None
    for id in call.body["ids"]:
        contact_book.update(
            call.crm, call.db, known(call, id), {"businessId": business_id, "companyName": name}
        )
    return {"success": True, "ids": call.body["ids"]}


def _create(call: Call) -> Doc:
    source = {"source": "INTEGRATION", "channel": "OAUTH", "sourceId": call.grant.user}
    return contact_book.create(call.crm, call.db, call.location, _input(call), source)


def _input(call: Call) -> Doc:
    """The body with channel names of either dialect in the form that is kept."""
    sent = dict(call.body)
    if call.v3 and "dndSettings" in sent:
        kept = {new: old for old, new in _V3_CHANNELS.items()}
        sent["dndSettings"] = {kept.get(name, name): v for name, v in sent["dndSettings"].items()}
    return sent


def _duplicated(contact: Doc, field: str) -> Refusal:
    return bad_request(
        "This location does not allow duplicated contacts.",
        meta={
            "contactId": contact["id"],
            "contactName": contact["name"],
            "matchingField": field,
        },
    )
