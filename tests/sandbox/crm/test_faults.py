"""Misbehaviour on request, the ledger that tells the truth about it, and life after a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.sandbox.crm.conftest import Api, Crm
from tools import environment
from tools.environment import Ports
from tools.ports import free_ports
from tools.processes import Supervisor
from tools.programs import sandbox_programs

PLACE = "demo-location"


def some_contact(api: Api) -> str:
    found = api("GET", "/contacts/", params={"locationId": PLACE, "limit": "1"})
    return str(found["contacts"][0]["id"])


def test_an_applied_write_whose_answer_is_lost_stands_in_the_ledger(crm: Crm, api: Api) -> None:
    id = some_contact(api)
    crm.controls.faults(timeout_after=1, hold_s=0.01, match="POST .*/tags")
    with pytest.raises(requests.ConnectionError):
        api("POST", f"/contacts/{id}/tags", json={"tags": ["lost"]})
    crm.controls.faults(timeout_before=1, hold_s=0.01, match="POST .*/tags")
    with pytest.raises(requests.ConnectionError):
        api("POST", f"/contacts/{id}/tags", json={"tags": ["never"]})
    crm.controls.faults()
    tags = api("GET", f"/contacts/{id}")["contact"]["tags"]
    assert "lost" in tags
    assert "never" not in tags
    (effect,) = crm.controls.effects("tag_added")
    assert effect == {"kind": "tag_added", "contact": id, "value": "lost"}


@pytest.mark.parametrize(("rate", "status"), [("rate_500", 500), ("rate_429", 429)])
def test_refusals_at_a_rate(crm: Crm, api: Api, rate: str, status: int) -> None:
    crm.controls.faults(**{rate: 1})
    assert api.raw("GET", f"/locations/{PLACE}").status_code == status
    assert requests.get(f"{crm.url}/v2/location/{PLACE}/contacts", timeout=30).ok
    crm.controls.faults()
    assert api.raw("GET", f"/locations/{PLACE}").ok


def test_the_ledger_has_an_entry_per_call_and_per_effect(crm: Crm, api: Api) -> None:
    id = some_contact(api)
    start = crm.controls.get("ledger")["next"]
    api("POST", f"/contacts/{id}/tags", json={"tags": ["one", "two"]})
    api("POST", f"/contacts/{id}/tags", json={"tags": ["one"]})
    api("POST", f"/contacts/{id}/tags", 422, json={})
    Api(crm.url, "made-up")("GET", f"/contacts/{id}", 401)
    entries = crm.controls.get("ledger", since=start)["entries"]
    assert [(one["status"], one["applied"]) for one in entries] == [
        (201, True),
        (201, True),
        (201, False),
        (422, False),
        (401, False),
    ]
    assert entries[0]["call"] == entries[1]["call"]
    assert [one["location"] for one in entries] == [PLACE, PLACE, PLACE, PLACE, None]
    assert entries[0]["method"] == "POST"
    assert entries[0]["path"] == f"/contacts/{id}/tags"


def test_unknown_faults_are_refused_with_a_sentence(crm: Crm) -> None:
    answer = requests.put(f"{crm.url}/sandbox/faults", json={"rate_600": 1}, timeout=30)
    assert answer.status_code == 400
    assert "rate_600" in answer.json()["error"]


def test_a_reset_starts_over_with_the_same_people(crm: Crm) -> None:
    api = crm.api()
    id = some_contact(api)
    api("DELETE", f"/contacts/{id}")
    crm.controls.reset()
    api("GET", f"/locations/{PLACE}", 401)
    assert some_contact(crm.api()) == id
    assert crm.controls.get("")["counts"][PLACE]["contacts"] == 60


def test_tokens_keys_and_data_survive_a_restart(
    session_folder: Path, new_supervisor: Callable[[], Supervisor]
) -> None:
    ports = Ports(*free_ports(3))
    supervisor = new_supervisor()
    env = environment.sandbox(ports, session_folder / "crm-restarted")
    supervisor.start(sandbox_programs(ports, env)[0])
    supervisor.wait_until_ready(60)
    crm = Crm(ports)
    api = crm.api()
    id = some_contact(api)
    api("POST", f"/contacts/{id}/notes", json={"body": "kept"})
    key = requests.get(f"{crm.url}/sandbox/webhook-key", timeout=30).text
    supervisor.stop()
    supervisor.start(sandbox_programs(ports, env)[0])
    supervisor.wait_until_ready(60)
    assert api("GET", f"/contacts/{id}/notes")["notes"][0]["body"] == "kept"
    assert requests.get(f"{crm.url}/sandbox/webhook-key", timeout=30).text == key
    assert len(crm.controls.effects("note_created")) == 1
