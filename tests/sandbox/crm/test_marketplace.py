"""The marketplace's side: installer, plans, charges, menus, triggers, users and values."""

from __future__ import annotations

from typing import Any

import requests

from tests.sandbox.crm.conftest import CLIENT, Api, Crm

PLACE = "demo-location"
CHARGE = {
    "appId": "sandboxapp",
    "meterId": "sandbox-registrations",
    "eventId": "registration-1",
    "locationId": PLACE,
    "companyId": "demo-company",
    "description": "One registration",
    "units": 2,
}


def test_charges_are_kept_found_and_given_back(crm: Crm, api: Api) -> None:
    api = api.speaking(None)  # charges declare no Version
    made = api("POST", "/marketplace/billing/charges", 201, json=CHARGE)
    query = {"eventId": "registration-1"}
    (kept,) = api("GET", "/marketplace/billing/charges", params=query)["charges"]
    assert kept["chargeId"] == made["chargeId"]
    assert (kept["units"], kept["amountCharged"]) == (2, 1.0)
    assert not api("GET", "/marketplace/billing/charges", params={"eventId": "x"})["count"]
    path = f"/marketplace/billing/charges/{made['chargeId']}"
    assert api("DELETE", path)["success"]
    assert api("GET", path)["refunded"]
    missing = api("GET", "/marketplace/billing/charges/none", 404)
    assert missing["message"] == "Charge not found"


def test_an_empty_wallet_refuses_charges(crm: Crm, api: Api) -> None:
    crm.controls.put("settings", has_funds=False)
    assert api("GET", "/marketplace/billing/charges/has-funds")["hasFunds"] is False
    api("POST", "/marketplace/billing/charges", 400, json=CHARGE)


def test_the_installer_and_the_plans(crm: Crm, api: Api) -> None:
    details = api("GET", "/marketplace/app/sandboxapp/installations")["installationDetails"]
    assert details["locationId"] == PLACE
    assert details["isWhitelabelCompany"]
    assert details["companyEmail"] is None
    agency = crm.api("demo-company")
    owner = agency("GET", "/marketplace/app/sandboxapp/installations")["installationDetails"]
    assert owner["companyEmail"]
    plans = api("GET", f"/marketplace/app/sandboxapp/rebilling-config/location/{PLACE}")["plans"]
    assert [plan["planId"] for plan in plans["subscription"]] == ["sandbox-trial", "sandbox-live"]
    api("GET", "/marketplace/app/other/installations", 404)


def test_external_billing_needs_the_clients_keys(crm: Crm) -> None:
    body: dict[str, Any] = {
        "clientId": CLIENT["client_id"],
        "authType": "location",
        "locationId": PLACE,
        "amount": 49,
        "status": "COMPLETED",
        "paymentType": "recurring",
    }
    url = f"{crm.url}/oauth/billing/webhook"
    assert requests.post(url, json=body, timeout=30).status_code == 401
    keys = {
        "x-ghl-client-key": CLIENT["client_id"],
        "x-ghl-client-secret": CLIENT["client_secret"],
    }
    assert requests.post(url, json=body, headers=keys, timeout=30).json()["success"]
    wrong = {**body, "status": "DONE"}
    assert requests.post(url, json=wrong, headers=keys, timeout=30).status_code == 422


def test_a_trigger_fires_with_a_token_only(crm: Crm, api: Api) -> None:
    path = "/workflows-marketplace/triggers/execute/a/b"
    payload = {"contactId": "c1", "course": "Fire Safety", "score": 92}
    assert requests.post(crm.url + path, json=payload, timeout=30).status_code == 401
    assert api("POST", path, json=payload)["success"]
    (effect,) = crm.controls.effects("trigger_fired")
    assert effect == {"kind": "trigger_fired", "contact": "c1", "value": payload}


def test_a_trigger_in_a_workflow_is_announced_to_the_app(crm: Crm, receiver: Any) -> None:
    answer = crm.controls.post(
        "trigger-subscription",
        location=PLACE,
        key="course_completed",
        url=f"{crm.ports.hub_url}/triggers",
        headers={"X-Own": "secret"},
    )
    with receiver.arrived:
        assert receiver.arrived.wait_for(lambda: receiver.got, timeout=60)
    headers, body = receiver.got[0]
    assert (headers["path"], headers["X-Own"]) == ("/triggers", "secret")
    assert answer["targetUrl"].encode() in body
    target = answer["targetUrl"].replace(f"crm.localhost:{crm.ports.crm}", crm.url[7:])
    path = target.removeprefix(crm.url)
    assert crm.api()("POST", path, json={"contactId": "c1"})["success"]


def test_menu_links_belong_to_the_agency(crm: Crm, api: Api) -> None:
    agency = crm.api("demo-company")
    body = {
        "title": "Training",
        "url": "https://hub.example",
        "icon": {"name": "book", "fontFamily": "fas"},
        "showOnCompany": False,
        "showOnLocation": True,
        "showToAllLocations": False,
        "openMode": "iframe",
        "locations": [PLACE],
        "userRole": "all",
    }
    made = agency("POST", "/custom-menus/", 201, json=body)["customMenu"]
    agency("POST", "/custom-menus/", 422, json={**body, "icon": {"name": "book"}})
    listed = agency("GET", "/custom-menus/", params={"locationId": PLACE})
    assert (listed["totalLinks"], listed["customMenus"][0]["id"]) == (1, made["id"])
    assert not agency("GET", "/custom-menus/", params={"locationId": "second-location"})[
        "totalLinks"
    ]
    changed = agency("PUT", f"/custom-menus/{made['id']}", json={"title": "Courses"})
    assert changed["customMenu"]["title"] == "Courses"
    assert agency("DELETE", f"/custom-menus/{made['id']}")["deletedMenuId"] == made["id"]
    api("GET", "/custom-menus/", 401)


def test_users_of_a_location_and_of_the_agency(crm: Crm, api: Api) -> None:
    query = {"companyId": "demo-company"}
    mine = api("GET", "/users/search", params={**query, "locationId": PLACE})
    assert {user["name"] for user in mine["users"]} == {
        "Dana Whitfield",
        "Marek Nowak",
        "Ifeoma Eze",
    }
    everybody = crm.api("demo-company")("GET", "/users/search", params=query)
    assert everybody["count"] == 7
    agency = next(user for user in everybody["users"] if user["roles"]["type"] == "agency")
    assert api("GET", f"/users/{agency['id']}")["name"] == "Robin Harbour"
    stranger = next(user for user in everybody["users"] if user["name"] == "Sven Lindqvist")
    api("GET", f"/users/{stranger['id']}", 404)
    assert crm.api("demo-company")("GET", "/companies/demo-company")["company"]["domain"]


def test_custom_values_and_tags_of_a_location(api: Api) -> None:
    body = {"name": "Course link", "value": "https://hub.example/c"}
    made = api("POST", f"/locations/{PLACE}/customValues", 201, json=body)["customValue"]
    assert made["fieldKey"] == "{{ custom_values.course_link }}"
    path = f"/locations/{PLACE}/customValues/{made['id']}"
    assert api("PUT", path, json={**body, "value": "new"})["customValue"]["value"] == "new"
    assert api("DELETE", path)["succeded"]
    api("GET", path, 404)
    tag = api("POST", f"/locations/{PLACE}/tags", 200, json={"name": " Certified "})["tag"]
    assert tag["name"] == "certified"
    api("POST", f"/locations/{PLACE}/tags", 400, json={"name": "CERTIFIED"})
    assert api("DELETE", f"/locations/{PLACE}/tags/{tag['id']}")["succeded"]
    assert (
        len(api("GET", "/locations/search", params={"companyId": "demo-company"})["locations"]) == 1
    )
