"""Webhooks as the hub would get them: signed, repeated until taken, and misdelivered on request."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.sandbox.crm.conftest import Crm, Receiver
from tests.waiting import eventually

PLACE = "demo-location"


def public_key(crm: Crm) -> Ed25519PublicKey:
    text = requests.get(f"{crm.url}/sandbox/webhook-key", timeout=30).text
    key = load_der_public_key(base64.b64decode(text))
    assert isinstance(key, Ed25519PublicKey)
    return key


def zoe(api: Any) -> str:
    body = {"locationId": PLACE, "pageLimit": 1, "query": "Zoë"}
    return str(api("POST", "/contacts/search", json=body)["contacts"][0]["id"])


def test_an_install_is_told_and_signed_over_its_bytes(crm: Crm, receiver: Receiver) -> None:
    crm.tokens()
    (event,) = receiver.wait_for("INSTALL")
    assert event["locationId"] == PLACE
    assert (event["installType"], event["companyId"]) == ("Location", "demo-company")
    assert event["whitelabelDetails"]["domain"] == f"agency.localhost:{crm.ports.crm}"
    assert {"appId", "versionId", "timestamp", "webhookId", "planId"} <= event.keys()
    headers, body = receiver.got[0]
    assert headers["path"] == "/api/webhooks/crm"
    assert headers["Host"] == f"hub.localhost:{crm.ports.hub}"
    signature = base64.b64decode(headers["X-GHL-Signature"])
    public_key(crm).verify(signature, body)
    with pytest.raises(InvalidSignature):
        public_key(crm).verify(signature, body + b" ")


def test_an_agency_install_is_told_for_itself_and_for_each_location(
    crm: Crm, receiver: Receiver
) -> None:
    crm.tokens("demo-company")
    events = receiver.wait_for("INSTALL", 3)
    assert [event.get("locationId") for event in events].count(None) == 1
    assert {event["installType"] for event in events} == {"Company", "Location"}
    crm.controls.post("uninstall", company="demo-company")
    gone = receiver.wait_for("UNINSTALL", 3)
    assert [event for event in gone if event.get("companyId") == "demo-company"]


def test_own_writes_come_back_as_echoes(crm: Crm, receiver: Receiver) -> None:
    api = crm.api()
    id = zoe(api)
    api("POST", f"/contacts/{id}/tags", json={"tags": ["scorm_enrolled"]})
    api("POST", f"/contacts/{id}/notes", json={"body": "Enrolled"})
    api("PUT", f"/contacts/{id}", json={"city": "Lund"})
    (tags,) = receiver.wait_for("ContactTagUpdate")
    assert tags["tags"] == ["customer", "scorm_enrolled"]
    assert tags["locationId"] == PLACE
    (note,) = receiver.wait_for("NoteCreate")
    assert (note["contactId"], note["body"]) == (id, "Enrolled")
    assert receiver.wait_for("ContactUpdate")[0]["city"] == "Lund"


def test_a_location_without_the_app_says_nothing(crm: Crm, receiver: Receiver) -> None:
    people = f"{crm.url}/v2/location/{PLACE}/contacts"
    id = zoe(crm.api("demo-location"))
    crm.controls.post("uninstall", location=PLACE)
    requests.post(f"{people}/{id}/tags", data={"add": "unheard"}, timeout=30)
    crm.controls.post("event", type="ContactCreate", location=PLACE, fields={"id": "last"})
    receiver.wait_for("ContactCreate")
    assert not receiver.events("ContactTagUpdate")


def test_a_change_at_the_desktop_is_told_too(crm: Crm, receiver: Receiver) -> None:
    id = zoe(crm.api())
    people = f"{crm.url}/v2/location/{PLACE}/contacts"
    requests.post(f"{people}/{id}/tags", data={"add": "By Hand"}, timeout=30)
    assert "by hand" in receiver.wait_for("ContactTagUpdate")[0]["tags"]
    assert not crm.controls.effects("tag_added")  # the ledger is for API calls


def test_a_refused_webhook_comes_again_with_the_same_ids(crm: Crm, receiver: Receiver) -> None:
    receiver.statuses = [500, 429, 302]
    crm.tokens()
    events = receiver.wait_for("INSTALL", 4)
    assert len({event["webhookId"] for event in events}) == 1
    assert len({headers["deliveryId"] for headers, _ in receiver.got}) == 1
    (delivery,) = eventually(
        lambda: [
            one for one in crm.controls.get("deliveries")["deliveries"] if one["state"] != "pending"
        ]
    )
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 429, 302, 200]


def test_it_gives_up_after_twelve_repeats(crm: Crm, receiver: Receiver) -> None:
    crm.controls.put("settings", webhook_time_scale=0.0001)
    receiver.statuses = [503] * 20
    crm.tokens()
    eventually(lambda: crm.controls.get("deliveries")["counts"].get("failed"))
    assert len(receiver.events("INSTALL")) == 13


def test_duplicates_drops_and_silence_on_request(crm: Crm, receiver: Receiver) -> None:
    crm.controls.faults(webhooks={"duplicate": 1})
    crm.tokens()
    first, second = receiver.wait_for("INSTALL", 2)
    assert first == second
    crm.controls.faults(webhooks={"drop": 1})
    crm.controls.post("event", type="ContactCreate", location=PLACE, fields={})
    assert crm.controls.get("deliveries")["counts"]["dropped"] == 1
    crm.controls.faults(webhooks={"off": True})
    answer = crm.controls.post("event", type="ContactCreate", location=PLACE, fields={})
    assert answer["webhookId"] is None


def test_a_plan_change_names_both_plans(crm: Crm, receiver: Receiver) -> None:
    crm.tokens()
    crm.controls.post("plan", location=PLACE, plan="sandbox-live")
    (event,) = receiver.wait_for("PLAN_CHANGE")
    assert (event["currentPlanId"], event["newPlanId"]) == ("sandbox-trial", "sandbox-live")
    assert crm.tokens()["planId"] == "sandbox-live"


def test_a_webhook_and_its_change_stand_or_fall_together(crm: Crm, receiver: Receiver) -> None:
    api = crm.api()
    id = zoe(api)
    body = {"locationId": PLACE, "ids": [id, "nobody"], "businessId": None}
    api("POST", "/contacts/bulk/business", 400, json=body)
    crm.controls.post("event", type="ContactCreate", location=PLACE, fields={})
    receiver.wait_for("ContactCreate")
    assert not receiver.events("ContactUpdate")
    assert "businessId" in api("GET", f"/contacts/{id}")["contact"]


def test_records_and_relations_are_told(crm: Crm, receiver: Receiver) -> None:
    api = crm.api()
    body = {
        "locationId": PLACE,
        "labels": {"singular": "Thing", "plural": "Things"},
        "key": "thing",
        "primaryDisplayPropertyDetails": {"key": "name", "name": "Name", "dataType": "TEXT"},
    }
    api("POST", "/objects/", json=body)
    made = api(
        "POST",
        "/objects/custom_objects.thing/records",
        json={"locationId": PLACE, "properties": {"name": "A"}},
    )
    (event,) = receiver.wait_for("RecordCreate")
    assert event["id"] == made["record"]["id"]
    assert event["properties"] == [{"key": "name", "valueString": "A"}]
    receiver.wait_for("ObjectSchemaCreate")


def test_the_body_is_json_in_unicode(crm: Crm, receiver: Receiver) -> None:
    fields = {"name": "Zoë Ångström"}
    crm.controls.post("event", type="ContactCreate", location=PLACE, fields=fields)
    receiver.wait_for("ContactCreate")
    assert json.loads(receiver.got[-1][1])["name"] == "Zoë Ångström"
    assert "Zoë".encode() in receiver.got[-1][1]


def test_a_forgery_carries_a_signature_that_is_not_ours(crm: Crm, receiver: Receiver) -> None:
    crm.controls.post("event", type="UNINSTALL", location=PLACE, fields={}, forged=True)
    receiver.wait_for("UNINSTALL")
    headers, body = receiver.got[-1]
    with pytest.raises(InvalidSignature):
        public_key(crm).verify(base64.b64decode(headers["X-GHL-Signature"]), body)
