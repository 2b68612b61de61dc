"""The token endpoints, in both dialects: names with underscores, and camelCase for ``v3``.

``POST /oauth/token`` takes a form or JSON, a code or a refresh token. An agency's token is swapped
for one of a location at ``/oauth/locationToken`` (``v3``: ``/oauth/location-token``).
"""

import hmac
import math
from typing import Any

from flask import Blueprint, Response, request

from sandbox.crm import grants, webhooks
from sandbox.crm.access import Call, check_version, endpoint, read_body, respond
from sandbox.crm.crm_state import crm
from sandbox.crm.documents import Doc, locations
from sandbox.crm.grants import Grant
from sandbox.crm.identities import APP_ID, CLIENT_ID, CLIENT_SECRET, TRIAL_PLAN, VERSION_ID
from sandbox.crm.refusals import (
    SUSPENDED,
    WRONG_LOCATION,
    Refusal,
    bad_request,
    unauthorized,
    unprocessable,
)
from sandbox.crm.shapes import Shape, numeral, text

bp = Blueprint("oauth", __name__)

_CAMEL = {
    "access_token": "accessToken",
    "token_type": "tokenType",
    "expires_in": "expiresIn",
    "refresh_token": "refreshToken",
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "grant_type": "grantType",
    "user_type": "userType",
    "redirect_uri": "redirectUri",
    "company_id": "companyId",
    "location_id": "locationId",
}
_TOKEN_NAMES = ("client_id", "client_secret", "grant_type", "code", "refresh_token", "user_type")


@bp.post("/oauth/token")
def token() -> Response:
    """Swap a code or a refresh token for a pair of tokens."""
    here = crm()
    try:
        with here.store.write() as db:
            check_version(required=False)
            asked = _fields(*_TOKEN_NAMES, "redirect_uri")
            _check_client(asked)
            if asked.get("grant_type") == "authorization_code":
                grant = grants.redeem(here, db, asked.get("code", ""), asked.get("redirect_uri"))
                here.ledger.identify(grant.location or grant.company)
                for location in grants.install(here, db, grant):
                    webhooks.installed(here, db, grant, location)
            else:
                grant = grants.refresh(here, db, asked.get("refresh_token", ""))
                here.ledger.identify(grant.location or grant.company)
            here.ledger.applied(db)
            answer = _tokens(grant)
            if not grant.location:
                answer |= {
                    "approvedLocations": grants.all_locations(db),
                    "isBulkInstallation": True,
                    "installToFutureLocations": True,
                    "approveAllLocations": True,
                }
    except Refusal as refusal:
        return respond(refusal.body(), refusal.status)
    return respond(_dialect(answer), 200)


@bp.post("/oauth/reconnect")
def reconnect() -> Response:
    return respond(bad_request("API endpoint has been removed").body(), 400)


@bp.post("/oauth/locationToken")
@endpoint("oauth.write", token="company")
def location_token(call: Call) -> Doc:
    return _location_token(call)


@bp.post("/oauth/location-token")
@endpoint("oauth.write", token="company", v3_only=True)
def location_token_v3(call: Call) -> Doc:
    return _location_token(call)


def _location_token(call: Call) -> Doc:
    """A location's own pair of tokens, for an agency that installed the app there."""
    asked = _fields("company_id", "location_id")
    missing = [_CAMEL[name] for name in ("company_id", "location_id") if not asked.get(name)]
    if missing:
        raise unprocessable(*(f"{name} should not be empty" for name in missing))
    location = asked["location_id"]
    if asked["company_id"] != call.grant.company or not grants.installation(call.db, location):
        raise unauthorized(WRONG_LOCATION)
    if grants.is_suspended(call.db, location):
        raise bad_request(SUSPENDED)
    grant = grants.issue(
        call.crm, call.db, call.grant.company, location, call.grant.scope, call.grant.user
    )
    call.changed()
    return _dialect({**_tokens(grant), "appId": APP_ID, "versionId": VERSION_ID})


_INSTALLED = dict.fromkeys(
    ("query", "isInstalled", "versionId", "onTrial", "planId", "locationId"), text
)


@bp.get("/oauth/installedLocations")
@endpoint(
    "oauth.readonly",
    token="company",
    query=Shape(
        {"companyId": text, "appId": text}, {"skip": numeral, "limit": numeral, **_INSTALLED}
    ),
)
def installed_locations(call: Call) -> Doc:
    found = _installed(call)
    skip = call.number("skip", 0)
    return {
        "locations": found[skip : skip + call.number("limit", 20)],
        "count": len(found),
        "installToFutureLocations": True,
    }


@bp.get("/oauth/installed-locations")
@endpoint(
    "oauth.readonly",
    token="company",
    v3_only=True,
    query=Shape(
        {"companyId": text, "appId": text}, {"pageSize": numeral, "pageToken": text, **_INSTALLED}
    ),
)
def installed_locations_v3(call: Call) -> Doc:
    found = _installed(call)
    size = min(max(call.number("pageSize", 20), 1), 100)
    start = int(call.arg("pageToken") or 0) if call.arg("pageToken", "0").isdigit() else 0
    page = found[start : start + size]
    more = start + size < len(found)
    pagination: dict[str, Any] = {
        "totalRecords": len(found),
        "hasNextPage": more,
        "hasPrevPage": start > 0,
        "currentPageSize": len(page),
    }
    if more:
        pagination["nextPageToken"] = str(start + size)
    if start:
        pagination["prevPageToken"] = str(max(0, start - size))
    return {
        "items": page,
        "pagination": pagination,
        "metadata": {"filterApplied": {}, "sortApplied": {}},
        "installToFutureLocations": True,
    }


def _installed(call: Call) -> list[Doc]:
    if call.arg("companyId") != call.grant.company:
        raise unauthorized(WRONG_LOCATION)
    found = []
    for id in grants.all_locations(call.db):
        place = locations.get(call.db, id, id) or {}
        row = grants.installation(call.db, id)
        entry = {
            "_id": id,
            "name": place["name"],
            "address": place["address"],
            "isInstalled": row is not None,
        }
        if row:
            entry |= {"versionId": VERSION_ID, "installedAt": row["installed_at"]}
        wanted = call.arg("isInstalled")
        if wanted and entry["isInstalled"] != (wanted == "true"):
            continue
        if (
            call.arg("locationId", id) != id
            or call.arg("query").lower() not in entry["name"].lower()
        ):
            continue
        found.append(entry)
    return found


def _fields(*names: str) -> dict[str, str]:
    """The named inputs of a form or a JSON body, under either dialect's names."""
    sent = read_body() if request.is_json else request.form.to_dict()
    found = {}
    for name in names:
        value = sent.get(name, sent.get(_CAMEL.get(name, name)))
        if value is not None:
            found[name] = str(value)
    return found


def _check_client(asked: dict[str, str]) -> None:
    missing = [name for name in ("client_id", "client_secret", "grant_type") if not asked.get(name)]
    if missing:
        raise unprocessable(*(f"{name} should not be empty" for name in missing))
    known = asked["client_id"] == CLIENT_ID
    if not known or not hmac.compare_digest(asked["client_secret"], CLIENT_SECRET):
        message = "Invalid client: client is invalid"
        raise Refusal(401, message, error="invalid_client", error_description=message)
    if asked["grant_type"] not in ("authorization_code", "refresh_token"):
        raise unprocessable(
            "grant_type must be one of the following values: authorization_code, refresh_token"
        )
    if asked.get("user_type") not in (None, "", "Location", "Company"):
        raise unprocessable("user_type must be one of the following values: Company, Location")


def _tokens(grant: Grant) -> Doc:
    here = crm()
    tokens = {
        "access_token": grant.access,
        "token_type": "Bearer",
        "expires_in": max(0, math.ceil(grant.expires_at - here.clock.timestamp())),
        "refresh_token": grant.refresh,
        "scope": grant.scope,
        "userType": grant.kind,
        "companyId": grant.company,
        "userId": grant.user,
        "isBulkInstallation": False,
        "planId": TRIAL_PLAN,
    }
    with here.store.read() as db:
        row = grants.installation(db, grant.location)
    if row:
        tokens["planId"] = row["plan_id"]
    if grant.location:
        tokens["locationId"] = grant.location
    return tokens


def _dialect(answer: Doc) -> Doc:
    if request.headers.get("Version") != "v3":
        return answer
    return {_CAMEL.get(name, name): value for name, value in answer.items()}
