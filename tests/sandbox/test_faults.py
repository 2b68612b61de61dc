"""Misbehaviour on demand, seen from outside through the SCORM Cloud stand-in."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import CloudServer

NOTHING: dict[str, Any] = {"settings": []}
SAVE = ("POST", "/appManagement/configuration")


@pytest.fixture
def server(cloud_server: CloudServer) -> CloudServer:
    cloud_server.control("PUT", "faults", hold_s=0.05)
    return cloud_server


def entries(server: CloudServer) -> list[dict[str, object]]:
    found: list[dict[str, object]] = server.control("GET", "ledger")["entries"]
    return found


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("rate_500", 500, "application/json"),
        ("rate_429", 429, "application/json"),
        ("rate_html", 502, "text/html"),
    ],
)
def test_refusals(server: CloudServer, fault: str, status: int, kind: str) -> None:
    server.control("PUT", "faults", **{fault: 1})
    answer = server.call(*SAVE, json=NOTHING)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    assert ("Retry-After" in answer.headers) is (status == 429)
    (entry,) = entries(server)
    assert (entry["status"], entry["applied"], entry["app"]) == (status, False, "SANDBOX")


@pytest.mark.parametrize(
    ("faults", "applied"),
    [
        ({"timeout_before": 1, "hold_s": 0.05}, False),
        ({"timeout_after": 1, "hold_s": 0.05}, True),
        ({"reset": 1}, False),
        ({"down": True}, False),
    ],
)
def test_answers_that_never_come(
    server: CloudServer, faults: dict[str, object], applied: bool
) -> None:
    server.control("PUT", "faults", **faults)
    with pytest.raises(requests.ConnectionError):
        server.call(*SAVE, json=NOTHING)
    assert [entry["applied"] for entry in entries(server)] == [applied]


def test_the_caller_runs_into_its_own_timeout(server: CloudServer) -> None:
    server.control("PUT", "faults", timeout_before=1, hold_s=1)
    url = f"{server.url}/api/v2/ping"
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, auth=("SANDBOX", "sandbox-secret"), timeout=0.2)


def test_controls_are_never_touched(server: CloudServer) -> None:
    server.control("PUT", "faults", down=True)
    assert server.control("GET", "faults")["down"] is True
    server.control("PUT", "faults")
    assert server.call("GET", "/ping").status_code == 200


def test_the_same_seed_gives_the_same_faults(server: CloudServer) -> None:
    def run() -> list[int]:
        server.control("PUT", "faults", rate_500=0.5, seed=7)
        return [server.call("GET", "/ping").status_code for _ in range(12)]

    first = run()
    assert first == run() and set(first) == {200, 500}


def test_only_matching_calls(server: CloudServer) -> None:
    server.control("PUT", "faults", rate_500=1, match="^POST .*configuration")
    assert server.call("GET", "/ping").status_code == 200
    assert server.call(*SAVE, json=NOTHING).status_code == 500


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_500": 2},
        {"rate_500": "often"},
        {"latency_ms": -1},
        {"nonsense": 1},
        {"postbacks": 1},
        {"postbacks": {"lose": 1}},
        {"postbacks": {"drop": 3}},
        {"match": "("},
    ],
)
def test_wrong_faults_are_refused_and_change_nothing(
    server: CloudServer, wrong: dict[str, object]
) -> None:
    server.control("PUT", "faults", latency_ms=5)
    answer = requests.put(f"{server.url}/sandbox/faults", json=wrong, timeout=10)
    assert answer.status_code == 400 and answer.json()["error"].endswith(".")
    assert server.control("GET", "faults")["latency_ms"] == 5


def test_all_faults_are_shown_with_their_names(server: CloudServer) -> None:
    server.control("PUT", "faults")
    shown = server.control("GET", "faults")
    assert shown["postbacks"] == {"drop": 0, "delay_s": 0, "duplicate": 0, "shuffle": False}
    for name in ("latency_ms", "rate_500", "rate_429", "rate_html", "timeout_before"):
        assert shown[name] == 0
    assert shown["down"] is False
