"""``/marketplace``: who installed the app, uninstalling, plans, and charges to the wallet."""

import hmac

from flask import Blueprint, Response, request

from sandbox.crm import grants, webhooks
from sandbox.crm.access import Answer, Call, endpoint, read_body, respond
from sandbox.crm.crm_state import crm
from sandbox.crm.documents import AGENCY, Doc, charges, locations
from sandbox.crm.identities import (
    APP_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    COMPANY,
    COMPANY_NAME,
    METER_ID,
    PLANS,
    TRIAL_PLAN,
)
from sandbox.crm.ids import new_hex_id
from sandbox.crm.refusals import (
    WRONG_LOCATION,
    Refusal,
    bad_request,
    not_found,
    unauthorized,
    unprocessable,
)
from sandbox.crm.shapes import Shape, filled, moment, number, numeral, one_of, text

bp = Blueprint("marketplace", __name__)

_UNIT_PRICE = 0.5


@bp.get("/marketplace/app/<app_id>/installations")
@endpoint("marketplace-installer-details.readonly", token="any")
def installer(call: Call, app_id: str) -> Doc:
    """Who installed the app; the agency's own data only for its own token."""
    _check_app(app_id)
    row = grants.installation(call.db, call.grant.location)
    details: Doc = {
        "companyId": COMPANY,
        "companyName": COMPANY_NAME,
        "relationshipNumber": "0-000-001",
        "userId": call.grant.user,
        "marketplaceAppPlanId": row["plan_id"] if row else TRIAL_PLAN,
        "companyEmail": None,
        "companyOwnerFullName": None,
        "companyPlan": None,
        "companyHighLevelPlan": None,
        **webhooks.white_label(call.crm),
    }
    if call.grant.location:
        details["locationId"] = call.grant.location
    else:
        details |= {"companyEmail": "owner@harbour-agency.example", "companyPlan": "sandbox"}
    return {"installationDetails": details}


@bp.delete("/marketplace/app/<app_id>/installations")
@endpoint(
    "oauth.write",
    token="any",
    body=Shape(optional={"companyId": filled, "locationId": filled, "reason": text}),
)
def uninstall(call: Call, app_id: str) -> Doc:
    """Take the app away: a location's token from that location, the agency's from all."""
    _check_app(app_id)
    if call.body.get("companyId", COMPANY) != call.grant.company:
        raise unauthorized(WRONG_LOCATION)
    location = call.grant.location or call.body.get("locationId", AGENCY)
    for gone in grants.uninstall(call.db, call.grant.company, location):
        webhooks.uninstalled(call.crm, call.db, gone)
    call.changed()
    return {"success": True}


@bp.get("/marketplace/app/<app_id>/rebilling-config/location/<location_id>")
@endpoint("oauth.readonly")
def rebilling(call: Call, app_id: str, location_id: str) -> Doc:
    _check_app(app_id)
    subscription = [
        {
            "planId": plan["id"],
            "name": plan["name"],
            "baseAmount": plan["amount"],
            "resellingAmount": plan["amount"],
            "features": plan["features"],
            "paymentType": "recurring",
            "paymentTime": "monthly",
        }
        for plan in PLANS
    ]
    usage = {
        "productType": "usage",
        "productName": "Registrations",
        "usageUnit": "registration",
        "meterId": METER_ID,
        "meterName": "Registrations",
        "priceType": "fixed",
        "fixedPricePerUnit": _UNIT_PRICE,
        "minPricePerUnit": "0",
        "maxPricePerUnit": "0",
        "executionLimitPerCycle": 1000,
    }
    return {"plans": {"subscription": subscription, "usage": [usage]}}


_CHARGE = Shape(
    {
        "appId": filled,
        "meterId": filled,
        "eventId": filled,
        "locationId": filled,
        "companyId": filled,
        "description": filled,
        "units": number,
    },
    {"price": number, "userId": text, "eventTime": moment},
)


@bp.post("/marketplace/billing/charges")
@endpoint("charges.write", body=_CHARGE, version=False)
def charge(call: Call) -> Answer:
    """Charge the location's wallet; the same event twice is two charges."""
    sent = call.body
    if sent["appId"] != APP_ID or sent["companyId"] != call.grant.company:
        raise bad_request("Invalid request body")
    if not call.crm.knobs["has_funds"]:
        raise bad_request("Insufficient funds in the wallet")
    price = sent.get("price", _UNIT_PRICE)
    made = {
        "id": new_hex_id(),
        "eventId": sent["eventId"],
        "meterId": sent["meterId"],
        "appId": APP_ID,
        "entityType": "location",
        "entityId": call.location,
        "currency": "USD",
        "transactionType": "charge",
        "units": sent["units"],
        "pricePerUnit": price,
        "amountCharged": round(price * sent["units"], 4),
        "refunded": False,
        "createdAt": call.now,
        "meta": {
            name: sent.get(name) for name in ("eventId", "description", "eventTime", "userId")
        },
    }
    charges.add(call.db, call.location, made)
    call.changed()
    return {"success": True, "chargeId": made["id"]}, 201


_LIST = Shape(
    optional={
        **dict.fromkeys(("meterId", "eventId", "userId"), text),
        **dict.fromkeys(("startDate", "endDate"), moment),
        **dict.fromkeys(("skip", "limit"), numeral),
    }
)


@bp.get("/marketplace/billing/charges")
@endpoint("charges.readonly", query=_LIST, version=False)
def list_charges(call: Call) -> Doc:
    found = [_charge(one) for one in charges.list(call.db, call.location) if _wanted(call, one)]
    skip, limit = call.number("skip", 0), call.number("limit", 10)
    return {
        "charges": found[skip : skip + limit],
        "count": len(found),
        "pagination": {"skip": skip, "limit": limit},
    }


@bp.get("/marketplace/billing/charges/has-funds")
@endpoint("charges.readonly", version=False)
def has_funds(call: Call) -> Doc:
    return {"hasFunds": call.crm.knobs["has_funds"]}


@bp.get("/marketplace/billing/charges/<charge_id>")
@endpoint("charges.readonly", version=False)
def get_charge(call: Call, charge_id: str) -> Doc:
    return _charge(_known(call, charge_id))


@bp.delete("/marketplace/billing/charges/<charge_id>")
@endpoint("charges.write", version=False)
def refund(call: Call, charge_id: str) -> Doc:
    charges.change(call.db, _known(call, charge_id), refunded=True)
    call.changed()
    return {"success": True}


_BILLING = Shape(
    {
        "clientId": filled,
        "authType": one_of("company", "location"),
        "amount": number,
        "status": one_of("COMPLETED", "FAILED"),
        "paymentType": one_of("one_time", "recurring"),
    },
    dict.fromkeys(("locationId", "companyId", "subscriptionId", "paymentId"), text),
)


@bp.post("/oauth/billing/webhook")
def external_billing() -> Response:
    """The app says that its own checkout was paid (or not) for a location or the agency."""
    here = crm()
    secret = request.headers.get("x-ghl-client-secret", "")
    try:
        with here.store.write() as db:
            known = request.headers.get("x-ghl-client-key") == CLIENT_ID
            if not known or not hmac.compare_digest(secret, CLIENT_SECRET):
                raise unauthorized("Invalid client key or secret")
            sent = read_body()
            problems = _BILLING.problems(sent)
            owner = "locationId" if sent.get("authType") == "location" else "companyId"
            if problems or not sent.get(owner):
                raise unprocessable(*(problems or [f"{owner} should not be empty"]))
            if owner == "locationId" and not locations.get(db, sent[owner], sent[owner]):
                raise bad_request("Location not found")
            here.ledger.identify(sent[owner])
            here.ledger.applied(db)
    except Refusal as refusal:
        return respond(refusal.body(), refusal.status)
    return respond({"success": True}, 200)


def _check_app(app_id: str) -> None:
    if app_id != APP_ID:
        raise not_found("App not found")


def _known(call: Call, charge_id: str) -> Doc:
    found = charges.get(call.db, call.location, charge_id)
    if found is None:
        raise not_found("Charge not found")
    return found


def _charge(kept: Doc) -> Doc:
    return {"chargeId": kept["id"], **{k: v for k, v in kept.items() if k not in ("id", "eventId")}}


def _wanted(call: Call, one: Doc) -> bool:
    return (
        call.arg("meterId", one["meterId"]) == one["meterId"]
        and call.arg("eventId", one["eventId"]) == one["eventId"]
        and call.arg("startDate") <= one["createdAt"]
        and (not call.arg("endDate") or one["createdAt"] <= call.arg("endDate"))
    )
