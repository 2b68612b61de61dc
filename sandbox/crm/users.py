"""``/users`` and ``/companies``: the people who work in the CRM, and the agency itself."""

from flask import Blueprint

from sandbox.crm.access import Call, endpoint
from sandbox.crm.documents import AGENCY, Doc, users
from sandbox.crm.identities import COMPANY
from sandbox.crm.people import company
from sandbox.crm.refusals import WRONG_LOCATION, not_found, unauthorized
from sandbox.crm.shapes import Shape, filled, numeral, one_of, text

bp = Blueprint("users", __name__)

_SEARCH = Shape(
    {"companyId": filled},
    {
        "query": text,
        "skip": numeral,
        "limit": numeral,
        "locationId": filled,
        "type": one_of("account", "agency"),
        "role": one_of("admin", "user"),
        "ids": text,
        "sort": text,
        "sortDirection": one_of("asc", "desc"),
        "enabled2waySync": text,
    },
)


@bp.get("/users/search")
@endpoint("users.readonly", token="any", query=_SEARCH)
def search(call: Call) -> Doc:
    if call.arg("companyId") != call.grant.company:
        raise unauthorized(WRONG_LOCATION)
    found = [user for user in users.list(call.db, AGENCY) if _wanted(call, user)]
    skip = call.number("skip", 0)
    return {"users": found[skip : skip + call.number("limit", 25)], "count": len(found)}


@bp.get("/users/")
@endpoint("users.readonly", query=Shape({"locationId": filled}))
def list_users(call: Call) -> Doc:
    """The older list: users of the token's location."""
    return {
        "users": [user for user in users.list(call.db, AGENCY) if works_in(user, call.location)]
    }


@bp.get("/users/<user_id>")
@endpoint("users.readonly", token="any")
def get(call: Call, user_id: str) -> Doc:
    user = users.get(call.db, AGENCY, user_id)
    if user is None or not _visible(call, user):
        raise not_found(f"User with id {user_id} not found")
    return user


@bp.get("/companies/<company_id>")
@endpoint("companies.readonly", token="company")
def get_company(call: Call, company_id: str) -> Doc:
    if company_id != COMPANY:
        raise not_found("Company not found")
    return {"company": company(call.crm.agency_url)}


def works_in(user: Doc, location: str) -> bool:
    return location in user["roles"]["locationIds"]


def _visible(call: Call, user: Doc) -> bool:
    """A location sees its own users and those of the agency above it."""
    location = call.grant.location
    return not location or user["roles"]["type"] == "agency" or works_in(user, location)


def _wanted(call: Call, user: Doc) -> bool:
    roles = user["roles"]
    tests = (
        _visible(call, user),
        not call.arg("locationId") or works_in(user, call.arg("locationId")),
        call.arg("type", roles["type"]) == roles["type"],
        call.arg("role", roles["role"]) == roles["role"],
        not call.arg("ids") or user["id"] in call.arg("ids").split(","),
        call.arg("query").lower() in f"{user['name']} {user['email']}".lower(),
    )
    return all(tests)
