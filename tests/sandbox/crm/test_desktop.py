"""The pages for people: labelled, escaped, complete, and the frame that says who is signed in."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import requests
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox.crm.user_context import seal
from tests.sandbox.crm.conftest import Api, Crm

PLACE = "demo-location"


def page(crm: Crm, path: str = "", **more: Any) -> str:
    answer = requests.get(f"{crm.url}/v2/location/{PLACE}{path}", timeout=30, **more)
    assert answer.status_code == 200, answer.text[:500]
    assert "Sandbox CRM" in answer.text
    return answer.text


def opened(payload: str, secret: str) -> dict[str, Any]:
    """Decrypt as the hub must, written down here a second time."""
    raw = base64.b64decode(payload, validate=True)
    assert raw[:8] == b"Salted__"
    password, salt = secret.encode(), raw[8:16]
    d1 = hashlib.md5(password + salt, usedforsecurity=False).digest()
    d2 = hashlib.md5(d1 + password + salt, usedforsecurity=False).digest()
    d3 = hashlib.md5(d2 + password + salt, usedforsecurity=False).digest()
    decryptor = Cipher(algorithms.AES(d1 + d2), modes.CBC(d3)).decryptor()
    text = decryptor.update(raw[16:]) + decryptor.finalize()
    found: dict[str, Any] = json.loads(text[: -text[-1]])
    return found


def test_the_sealed_context_is_what_the_vendors_library_makes() -> None:
    known = (
        "U2FsdGVkX1+7xBo3CWMOLdpsL8OcLHAikabOsIhRivv7D78eHvCqHe7wqO0X/8XDQ2QA6Rp4tYqSKs0hlizwnrvy"
        "GVEYuid5FimFoZ+vIPc="
    )
    context = {"userId": "u1", "activeLocation": "loc1", "userName": "Zoë"}
    assert opened(known, "shared-secret-1") == context
    assert seal(context, "shared-secret-1", base64.b64decode(known)[8:16]) == known


def test_the_frames_page_knows_who_is_signed_in(crm: Crm) -> None:
    text = page(crm, "/app")
    assert f"{crm.ports.hub_url}/embed?location_id={PLACE}" in text
    assert 'allow="clipboard-write"' in text
    url = f"{crm.url}/v2/location/{PLACE}/user-context"
    context = opened(requests.get(url, timeout=30).json()["payload"], "sandbox-shared-secret")
    assert context["activeLocation"] == PLACE
    assert (context["userName"], context["type"], context["role"]) == (
        "Ifeoma Eze",
        "location",
        "admin",
    )
    assert set(context) == {
        "userId",
        "companyId",
        "role",
        "type",
        "userName",
        "email",
        "activeLocation",
    }


def test_switching_the_user_changes_the_context(crm: Crm) -> None:
    people = crm.controls.get("")["users"]
    browser = requests.Session()
    for user in people:
        form = {"user": user["id"], "location": PLACE}
        browser.post(f"{crm.url}/v2/user", data=form, timeout=30)
        answer = browser.get(f"{crm.url}/v2/location/{PLACE}/user-context", timeout=30)
        context = opened(answer.json()["payload"], "sandbox-shared-secret")
        everywhere = user["type"] == "agency" and not user["restrictSubAccount"]
        may_enter = everywhere or PLACE in user["locationIds"]
        assert (context["userId"] == user["id"]) == may_enter
        if everywhere:
            assert (context["type"], context["activeLocation"]) == ("agency", PLACE)


def test_above_all_locations_the_context_names_none(crm: Crm) -> None:
    people = {user["name"]: user for user in crm.controls.get("")["users"]}
    text = requests.get(f"{crm.url}/v2/agency/app", timeout=30).text
    assert f'src="{crm.ports.hub_url}/embed?location_id="' in text
    for name, seen in (
        ("Robin Harbour", "Robin Harbour"),
        ("Noor Haddad", "Noor Haddad"),
        ("Dana Whitfield", "Robin Harbour"),  # not the agency's: somebody else sits down there
    ):
        cookies = {"sandbox_user": people[name]["id"]}
        url = f"{crm.url}/v2/agency/user-context"
        answer = requests.get(url, cookies=cookies, timeout=30)
        context = opened(answer.json()["payload"], "sandbox-shared-secret")
        assert "activeLocation" not in context
        assert (context["userName"], context["type"]) == (seen, "agency")
        assert context["companyId"] == "demo-company"


def test_the_agencys_view_lists_its_locations(crm: Crm) -> None:
    crm.tokens()
    text = requests.get(f"{crm.url}/v2/agency", timeout=30).text
    assert "Sandbox CRM" in text
    rows = [row for row in text.split("<tr>")[1:] if "/contacts" in row]
    assert ["not installed" in row for row in rows] == [False, True]
    browser = requests.Session()
    owner = next(one for one in crm.controls.get("")["users"] if one["name"] == "Noor Haddad")
    form = {"user": owner["id"], "location": ""}
    answer = browser.post(f"{crm.url}/v2/user", data=form, timeout=30)
    assert answer.url == f"{crm.url}/v2/agency/app"


def test_what_a_user_may_enter_can_be_changed(crm: Crm, api: Api) -> None:
    people = {user["name"]: user["id"] for user in crm.controls.get("")["users"]}
    dana = people["Dana Whitfield"]
    assert api("GET", f"/users/{dana}")["roles"]["locationIds"] == [PLACE]
    crm.controls.post("user-access", user=dana, locationIds=["second-location"])
    api("GET", f"/users/{dana}", 404)
    agency = crm.api("demo-company")
    assert agency("GET", f"/users/{dana}")["roles"]["locationIds"] == ["second-location"]
    crm.controls.post("user-access", user=dana, removed=True)
    agency("GET", f"/users/{dana}", 404)


def test_contacts_are_listed_searched_and_shown(crm: Crm, api: Api) -> None:
    assert "Zoë Ångström" in page(crm, "/contacts")
    found = page(crm, "/contacts", params={"query": "zoe"})
    assert "Zoë Ångström" in found
    assert "Oliver Smith" not in found
    body = {"locationId": PLACE, "pageLimit": 1, "query": "Zoë"}
    id = api("POST", "/contacts/search", json=body)["contacts"][0]["id"]
    api("POST", f"/contacts/{id}/tags", json={"tags": ["scorm_completed"]})
    note = "<script>alert(1)</script> see https://hub.example/verify/1."
    api("POST", f"/contacts/{id}/notes", json={"body": note})
    text = page(crm, f"/contacts/{id}")
    assert "scorm_completed" in text
    assert "&lt;script&gt;alert(1)" in text
    assert '<a href="https://hub.example/verify/1" rel="noreferrer">' in text
    activity = requests.get(f"{crm.url}/v2/location/{PLACE}/contacts/{id}/activity", timeout=30)
    assert "scorm_completed" in activity.text
    other = f"{crm.url}/v2/location/second-location/contacts/{id}"
    assert requests.get(other, timeout=30).status_code == 404


def test_records_appear_on_the_contact(crm: Crm, api: Api) -> None:
    key = "custom_objects.training_record"
    body = {
        "locationId": PLACE,
        "labels": {"singular": "Training Record", "plural": "Training Records"},
        "key": "training_record",
        "primaryDisplayPropertyDetails": {"key": "name", "name": "Course", "dataType": "TEXT"},
    }
    api("POST", "/objects/", json=body)
    made = {"locationId": PLACE, "properties": {"name": "Fire <Safety>"}}
    record = api("POST", f"/objects/{key}/records", json=made)["record"]["id"]
    link = {
        "locationId": PLACE,
        "key": "training",
        "firstObjectLabel": "Learner",
        "firstObjectKey": "contact",
        "secondObjectLabel": "Training",
        "secondObjectKey": key,
    }
    association = api("POST", "/associations/", json=link)["id"]
    contact = api("GET", "/contacts/", params={"locationId": PLACE})["contacts"][0]["id"]
    relation = {"associationId": association, "firstRecordId": contact, "secondRecordId": record}
    api("POST", "/associations/relations", json={"locationId": PLACE, **relation})
    shown = page(crm, f"/contacts/{contact}")
    assert "Fire &lt;Safety&gt;" in shown
    assert "Training Records" in page(crm, "/objects")
    assert "Fire &lt;Safety&gt;" in page(crm, f"/objects/{key}")
    assert f"/contacts/{contact}" in page(crm, f"/objects/{key}/{record}")


def test_the_apps_page_offers_both_ways_to_install(crm: Crm) -> None:
    text = page(crm, "/apps")
    assert f"{crm.ports.hub_url}/install" in text
    assert "/v2/oauth/chooselocation?" in text
    assert "Not installed" in text
    crm.tokens()
    assert "Installed in Demo Location" in page(crm, "/apps")
    requests.post(f"{crm.url}/v2/location/{PLACE}/apps/uninstall", timeout=30)
    assert "Not installed" in page(crm, "/apps")


def test_an_agencys_own_users_may_install_everywhere(crm: Crm) -> None:
    people = {user["name"]: user["id"] for user in crm.controls.get("")["users"]}
    query = {
        "response_type": "code",
        "client_id": "sandboxapp-1",
        "redirect_uri": f"{crm.ports.hub_url}/oauth/callback",
    }
    offered = {}
    for name in ("Robin Harbour", "Dana Whitfield"):
        cookies = {"sandbox_user": people[name]}
        url = f"{crm.url}/v2/oauth/chooselocation"
        text = requests.get(url, params=query, cookies=cookies, timeout=30).text
        offered[name] = [
            place
            for place in ("demo-company", "demo-location", "second-location")
            if f'value="{place}"' in text
        ]
    assert offered == {
        "Robin Harbour": ["demo-company", "demo-location", "second-location"],
        "Dana Whitfield": ["demo-location"],
    }
