"""The CRM's own controls beside the shared ones.

POST authorize              a code, as choosing a location or the agency by hand gives it
POST uninstall, plan        what somebody does in the marketplace, with its webhook
POST open-location          a further location of the agency; with the app, if the agency has it
POST revoke                 the tokens of a location or of the agency end, refresh tokens too
POST suspend                a location becomes inactive, or active again
POST user-access            what a user may enter changes, or the user is removed
POST location-settings      such as allowDuplicateContact
POST event                  a webhook by hand, or a forgery of one
POST trigger-subscription   a workflow uses the app's trigger
POST action                 a workflow reaches the app's action
POST user-context           the sealed user data of the frame
GET  webhook-key            the public key of the webhooks, base64 of its DER encoding
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from sandbox.controls import controls_blueprint, json_body
from sandbox.crm import app_calls, grants, identities, people, webhooks
from sandbox.crm.crm_state import Crm
from sandbox.crm.desktop import set_plan
from sandbox.crm.documents import AGENCY, Doc, contacts, locations, records, users
from sandbox.crm.signed_in import current_user, everybody
from sandbox.crm.user_context import seal, user_context

_NEW_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def make_controls(crm: Crm) -> Blueprint:
    """The controls of one sandbox CRM, under ``/sandbox/``."""
    controls = controls_blueprint(
        "Sandbox CRM",
        crm.store,
        crm.clock,
        crm.faults,
        crm.ledger,
        crm.deliveries,
        crm.knobs,
        overview=lambda: _overview(crm),
        start_over=crm.pace.forget,
    )

    @controls.post("/authorize")
    def authorize() -> ResponseReturnValue:
        """What choosing a location (or the agency) by hand gives: a code."""
        asked = json_body()
        location = _place(crm, asked)
        with crm.store.write() as db:
            user = asked.get("user") or _installer(crm, location)["id"]
            target = str(asked.get("redirect_uri") or f"{crm.hub_url}/oauth/callback")
            scope = str(asked.get("scope") or identities.SCOPES)
            code = grants.make_code(crm, db, location, scope, user, target)
        return jsonify(code=code)

    @controls.get("/webhook-key")
    def webhook_key() -> ResponseReturnValue:
        return Response(crm.signing_key.public, mimetype="text/plain")

    @controls.post("/user-context")
    def sealed_user() -> ResponseReturnValue:
        """The payload that the frame's page would get for a user in a location."""
        asked = json_body()
        location = str(asked.get("location", ""))
        with crm.store.read() as db:
            user = users.get(db, AGENCY, str(asked.get("user", "")))
        chosen = user or _installer(crm, location)
        return jsonify(payload=seal(user_context(chosen, location)), user=chosen["id"])

    @controls.post("/open-location")
    def open_location() -> ResponseReturnValue:
        """A further location: ``{"location": its id, "name"}``. Nobody is in it yet."""
        asked = json_body()
        id = str(asked.get("location", ""))
        if not _NEW_ID.fullmatch(id):
            raise ValueError("location is an id of letters, digits and dashes.")
        with crm.store.write() as db:
            if id in grants.all_locations(db):
                raise ValueError(f"There is a location {id} already.")
            people.open_location(db, id, str(asked.get("name") or id))
            joined = grants.join(crm, db, id)
            if joined:
                webhooks.joined(crm, db, id)
        return jsonify(location=id, installed=joined)

    @controls.post("/revoke")
    def revoke() -> ResponseReturnValue:
        location = _place(crm, json_body())
        with crm.store.write() as db:
            return jsonify(revoked=grants.revoke(db, identities.COMPANY, location))

    @controls.post("/suspend")
    def suspend() -> ResponseReturnValue:
        """Suspend a location, or with ``"suspended": false`` make it active again."""
        asked = json_body()
        suspended = asked.get("suspended", True) is True
        _change_location(crm, asked, suspended=suspended)
        return jsonify(suspended=suspended)

    @controls.post("/user-access")
    def user_access() -> ResponseReturnValue:
        """``{"user", "locationIds"}``, or ``{"user", "removed": true}``."""
        asked = json_body()
        with crm.store.write() as db:
            user = users.get(db, AGENCY, str(asked.get("user", "")))
            if user is None:
                raise ValueError("user is the id of a user.")
            if asked.get("removed") is True:
                users.remove(db, AGENCY, id=user["id"])
            elif isinstance(places := asked.get("locationIds"), list):
                users.change(db, user, roles={**user["roles"], "locationIds": places})
        return jsonify(user=user["id"])

    @controls.post("/location-settings")
    def location_settings() -> ResponseReturnValue:
        """Change a location's own settings, such as ``allowDuplicateContact``."""
        asked = json_body()
        settings = asked.get("settings")
        if not isinstance(settings, dict):
            raise ValueError("settings is an object.")
        place = _known_location(crm, asked)
        _change_location(crm, asked, settings={**place["settings"], **settings})
        return jsonify(_known_location(crm, asked)["settings"])

    @controls.post("/uninstall")
    def uninstall() -> ResponseReturnValue:
        location = _place(crm, json_body())
        with crm.store.write() as db:
            gone = grants.uninstall(db, identities.COMPANY, location)
            for one in gone:
                webhooks.uninstalled(crm, db, one)
        return jsonify(uninstalled=gone)

    @controls.post("/plan")
    def plan() -> ResponseReturnValue:
        asked = json_body()
        location, wanted = _place(crm, asked), str(asked.get("plan", identities.LIVE_PLAN))
        if not set_plan(crm, location, wanted, _installer(crm, location)["id"]):
            raise ValueError("The app is not installed there.")
        return jsonify(plan=wanted)

    @controls.post("/event")
    def event() -> ResponseReturnValue:
        """Send one event by hand: ``{"type", "location", "fields", "forged"}``."""
        asked = json_body()
        fields = asked.get("fields", {})
        if not isinstance(asked.get("type"), str) or not isinstance(fields, dict):
            raise ValueError("type is the event's name and fields an object.")
        with crm.store.write() as db:
            webhook_id = webhooks.send(
                crm,
                db,
                asked["type"],
                str(asked.get("location", "")),
                fields,
                forge=asked.get("forged") is True,
            )
        return jsonify(webhookId=webhook_id)

    @controls.post("/trigger-subscription")
    def trigger_subscription() -> ResponseReturnValue:
        """A user used the app's trigger: ``{"location", "key", "url", "eventType", "filters"}``."""
        asked = _app_call(json_body())
        if asked.get("eventType", "CREATED") not in app_calls.EVENTS:
            raise ValueError(f"eventType is one of {', '.join(app_calls.EVENTS)}.")
        with crm.store.write() as db:
            return jsonify(app_calls.subscribe(crm, db, _place(crm, asked), asked))

    @controls.post("/action")
    def action() -> ResponseReturnValue:
        """A workflow reached the app's action: ``{"location", "key", "url", "contact"}``."""
        asked = _app_call(json_body())
        with crm.store.write() as db:
            return jsonify(app_calls.act(crm, db, _place(crm, asked), asked))

    return controls


def _app_call(asked: dict[str, Any]) -> dict[str, Any]:
    if not (isinstance(asked.get("key"), str) and isinstance(asked.get("url"), str)):
        raise ValueError("key and url are texts.")
    if not isinstance(asked.get("headers", {}), dict):
        raise ValueError("headers is an object.")
    return asked


def _overview(crm: Crm) -> Mapping[str, Any]:
    with crm.store.read() as db:
        places = grants.all_locations(db)
        counts = {
            id: {
                "contacts": contacts.count(db, id),
                "records": records.count(db, id),
                "installed": grants.installation(db, id) is not None,
            }
            for id in places
        }
        staff = [
            {"id": user["id"], "name": user["name"], **user["roles"]}
            for user in users.list(db, AGENCY)
        ]
    return {
        "identities": {
            "client_id": identities.CLIENT_ID,
            "client_secret": identities.CLIENT_SECRET,
            "shared_secret": identities.SHARED_SECRET,
            "app_id": identities.APP_ID,
            "company": identities.COMPANY,
            "locations": places,
            "plans": [plan["id"] for plan in identities.PLANS],
            "webhook_public_key": crm.signing_key.public,
        },
        "counts": counts,
        "users": staff,
        "webhook_target": f"{crm.hub_url}/api/webhooks/crm",
    }


def _place(crm: Crm, asked: Mapping[str, Any]) -> str:
    """The location asked for, or nothing for the agency; ValueError for anything else."""
    if asked.get("location"):
        return str(_known_location(crm, asked)["id"])
    if asked.get("company") == identities.COMPANY:
        return AGENCY
    raise ValueError(f'Name a "location" or "company": "{identities.COMPANY}".')


def _known_location(crm: Crm, asked: Mapping[str, Any]) -> Doc:
    id = str(asked.get("location", ""))
    with crm.store.read() as db:
        found = locations.get(db, id, id)
    if found is None:
        raise ValueError(f"There is no location {id}.")
    return found


def _change_location(crm: Crm, asked: Mapping[str, Any], **changes: Any) -> None:
    with crm.store.write() as db:
        locations.change(db, _known_location(crm, asked), **changes)


def _installer(crm: Crm, location: str) -> Doc:
    """The agency's user for the agency, a location's first admin for a location."""
    if location:
        return current_user(crm, location)
    return next(user for user in everybody(crm) if user["roles"]["type"] == "agency")
