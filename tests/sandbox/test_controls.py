"""The routes under /sandbox/ that both stand-ins share, and the ledger behind one of them."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.conftest import CloudServer


def test_off_unless_switched_on(cloud_server: CloudServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANDBOX_CONTROLS")
    for path in ("", "faults", "ledger", "deliveries", "settings"):
        answer = requests.get(f"{cloud_server.url}/sandbox/{path}", timeout=10)
        assert answer.status_code == 404, path
    assert requests.post(f"{cloud_server.url}/sandbox/reset", timeout=10).status_code == 404


def test_a_page_for_people_and_json_for_programs(cloud_server: CloudServer) -> None:
    page = requests.get(f"{cloud_server.url}/sandbox/", timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "sandbox" in page.text and "not the real service" in page.text
    shown = cloud_server.control("GET", "")
    assert {app["id"]: app["secret"] for app in shown["applications"]} == {
        "SANDBOX": "sandbox-secret",
        "SECOND": "second-secret",
    }
    assert shown["counts"]["registrations"] == 0 and shown["settings"]["page_size"] == 10


def test_the_ledger_has_every_call_once(cloud_server: CloudServer) -> None:
    cloud_server.call("GET", "/ping")
    cloud_server.call("POST", "/appManagement/configuration", "SECOND", json={"settings": []})
    cloud_server.call("GET", "/courses/nope")
    answer = cloud_server.control("GET", "ledger")
    found = [
        (entry["app"], entry["method"], entry["path"], entry["status"], entry["applied"])
        for entry in answer["entries"]
    ]
    assert found == [
        ("SANDBOX", "GET", "/api/v2/ping", 200, False),
        ("SECOND", "POST", "/api/v2/appManagement/configuration", 204, True),
        ("SANDBOX", "GET", "/api/v2/courses/nope", 404, False),
    ]
    assert answer["next"] == answer["entries"][-1]["seq"]
    rest = cloud_server.control("GET", f"ledger?since={answer['next']}")
    assert rest == {"entries": [], "next": answer["next"]}


def test_several_effects_of_one_call_share_its_number(cloud_server: CloudServer) -> None:
    ledger, store = cloud_server.cloud.ledger, cloud_server.cloud.store
    with cloud_server.app.test_request_context("/api/v2/x", method="POST"):
        cloud_server.app.preprocess_request()
        with store.write() as db:
            for value in ("a", "b"):
                ledger.applied(db, "tag_added", "contact", value)
        cloud_server.app.process_response(cloud_server.app.response_class(status=201))
    first, second = cloud_server.control("GET", "ledger")["entries"]
    assert first["call"] == second["call"] and first["seq"] < second["seq"]
    assert first["effect"] == {"kind": "tag_added", "contact": "contact", "value": "a"}
    assert (first["status"], second["status"]) == (201, 201)


def test_a_rolled_back_change_is_not_in_the_ledger_as_applied(cloud_server: CloudServer) -> None:
    body = {"settings": [{"settingId": "PlayerShowNavBar", "value": "false"}, {"settingId": "?"}]}
    cloud_server.call("POST", "/appManagement/configuration", json=body)
    (entry,) = cloud_server.control("GET", "ledger")["entries"]
    assert (entry["status"], entry["applied"]) == (400, False)


def test_the_clock(cloud_server: CloudServer) -> None:
    cloud_server.control("POST", "clock", offset_s=-3600)
    assert cloud_server.control("GET", "")["clock"]["offset_s"] == -3600
    url = f"{cloud_server.url}/sandbox/clock"
    assert requests.post(url, json={"offset_s": "late"}, timeout=10).status_code == 400


def test_reset_and_snapshots(cloud_server: CloudServer) -> None:
    cloud_server.control("PUT", "settings", page_size=3)
    cloud_server.control("POST", "snapshot", name="three")
    cloud_server.control("POST", "reset")
    assert cloud_server.control("GET", "settings")["page_size"] == 10
    assert cloud_server.control("GET", "ledger") == {"entries": [], "next": 0}
    cloud_server.control("POST", "restore", name="three")
    assert cloud_server.control("GET", "settings")["page_size"] == 3
    url = f"{cloud_server.url}/sandbox/restore"
    assert requests.post(url, json={"name": "none"}, timeout=10).status_code == 404
    assert requests.post(url, json={"name": "../x"}, timeout=10).status_code == 400
