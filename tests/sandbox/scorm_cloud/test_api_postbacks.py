"""Postbacks: what they carry, when they come, and what happens when nobody takes them."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any

import pytest

from sandbox.scorm_cloud.delivery import LONGEST_GAP_S, RETRIES, delivered, gap
from tests.sandbox.conftest import CloudServer, Inbox, Serve
from tests.sandbox.scorm_cloud.conftest import MakePackage
from tests.waiting import eventually


def enroll(server: CloudServer, inbox: Inbox, registration: str = "r1", **post_back: str) -> None:
    given = {
        "url": f"{inbox.url}/postback",
        "authType": "HTTPBASIC",
        "userName": "me",
        "password": "secret",
        "resultsFormat": "COURSE",
        **post_back,
    }
    server.enroll(registration, postBack=given)


def play(server: CloudServer, registration: str = "r1", **wanted: Any) -> None:
    server.control("POST", "play", registrationId=registration, **wanted)


def last(server: CloudServer) -> dict[str, Any]:
    found: dict[str, Any] = server.control("GET", "deliveries")["deliveries"][0]
    return found


def test_with_basic_credentials(course: CloudServer, hub_inbox: Inbox) -> None:
    enroll(course, hub_inbox)
    play(course, completion="COMPLETED", success="PASSED", score=80, seconds=3)
    (request,) = hub_inbox.wait_for(1)
    assert request.method == "POST" and request.path == "/postback"
    assert request.headers["Content-Type"] == "application/json; charset=UTF-8"
    pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == "me:secret"
    moving = {"updated", "lastAccessDate"}  # the exit came after this postback
    shown = course.registration("r1")
    assert set(request.json) == set(shown)
    assert {k: v for k, v in request.json.items() if k not in moving} == {
        k: v for k, v in shown.items() if k not in moving
    }
    assert request.json["registrationCompletion"] == "COMPLETED"
    assert request.json["score"] == {"scaled": 80.0}


def test_as_a_form(course: CloudServer, hub_inbox: Inbox) -> None:
    enroll(course, hub_inbox, authType="form")
    play(course, success="FAILED")
    (request,) = hub_inbox.wait_for(1)
    assert request.mimetype == "application/x-www-form-urlencoded"
    assert (request.form["userName"], request.form["password"]) == ("me", "secret")
    assert json.loads(request.form["data"])["registrationSuccess"] == "FAILED"
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    ("wanted", "children", "runtime"),
    [("COURSE", False, False), ("ACTIVITY", True, False), ("FULL", True, True)],
)
def test_three_formats(
    course: CloudServer, hub_inbox: Inbox, wanted: str, children: bool, runtime: bool
) -> None:
    enroll(course, hub_inbox, resultsFormat=wanted)
    play(course, score=55)
    (request,) = hub_inbox.wait_for(1)
    below = request.json["activityDetails"]["children"]
    assert bool(below) is children
    assert ("runtime" in below[0] if below else False) is runtime


def test_from_the_settings_of_the_application(course: CloudServer, hub_inbox: Inbox) -> None:
    course.enroll("r1")
    sent = {"settings": [{"settingId": "ApiRollupRegistrationPostBackUrl", "value": hub_inbox.url}]}
    course.call("POST", "/appManagement/configuration", json=sent)
    play(course)
    (request,) = hub_inbox.wait_for(1)
    assert json.loads(request.form["data"])["id"] == "r1"


def test_only_when_something_changed(course: CloudServer, hub_inbox: Inbox) -> None:
    enroll(course, hub_inbox)
    play(course, score=50)
    play(course, score=50)
    play(course, score=60)
    eventually(lambda: course.control("GET", "deliveries")["counts"] == {"delivered": 2})
    scores = [request.json["score"]["scaled"] for request in hub_inbox.received]
    assert scores == [50.0, 60.0]


def test_refusals_are_tried_again(course: CloudServer, hub_inbox: Inbox) -> None:
    course.control("PUT", "settings", time_scale=0.01)
    hub_inbox.answers = [503, 404, 500, 204]
    enroll(course, hub_inbox)
    play(course)
    hub_inbox.wait_for(4)
    eventually(lambda: last(course)["state"] == "delivered")
    assert [each["status"] for each in last(course)["attempts"]] == [503, 404, 500, 204]
    assert len({request.get_data() for request in hub_inbox.received}) == 1


def test_a_redirect_counts_as_delivered(course: CloudServer, hub_inbox: Inbox) -> None:
    hub_inbox.answers = [302]
    enroll(course, hub_inbox)
    play(course)
    eventually(lambda: last(course)["state"] == "delivered")
    assert [request.path for request in hub_inbox.received] == ["/postback"]


def test_nobody_there(course: CloudServer, hub_inbox: Inbox) -> None:
    course.control("PUT", "settings", time_scale=0.001)
    enroll(course, hub_inbox, url="http://127.0.0.1:1/postback")
    play(course)
    eventually(lambda: len(last(course)["attempts"]) > 2)
    assert last(course)["attempts"][0]["error"].startswith("ConnectionRefusedError")


def test_localhost_names_reach_this_machine(course: CloudServer, hub_inbox: Inbox) -> None:
    port = hub_inbox.url.rpartition(":")[2]
    enroll(course, hub_inbox, url=f"http://hub.localhost:{port}/postback")
    play(course)
    (request,) = hub_inbox.wait_for(1)
    assert request.headers["Host"] == f"hub.localhost:{port}"


def test_a_restart_does_not_forget_them(course: CloudServer, hub_inbox: Inbox) -> None:
    hub_inbox.answers = [503]
    enroll(course, hub_inbox)
    play(course)
    hub_inbox.wait_for(1)
    eventually(lambda: len(last(course)["attempts"]) == 1)
    course.restart()
    course.control("POST", "deliveries/retry")
    hub_inbox.wait_for(2)
    eventually(lambda: last(course)["state"] == "delivered")


def test_a_test_postback_is_not_tried_again(course: CloudServer, hub_inbox: Inbox) -> None:
    hub_inbox.answers = [500]
    sent = {"url": hub_inbox.url, "authType": "HTTPBASIC", "userName": "u", "password": "p"}
    assert course.call("POST", "/registrations/postBackTest", json=sent).status_code == 204
    eventually(lambda: last(course)["state"] == "failed")
    assert len(hub_inbox.received) == 1
    assert course.call("POST", "/registrations/postBackTest", json={}).status_code == 400


def test_dropped_and_doubled_on_demand(course: CloudServer, hub_inbox: Inbox) -> None:
    enroll(course, hub_inbox)
    course.control("PUT", "faults", postbacks={"drop": 1})
    play(course, score=1)
    course.control("PUT", "faults", postbacks={"duplicate": 1})
    play(course, score=2)
    wanted = {"delivered": 2, "dropped": 1}
    eventually(lambda: course.control("GET", "deliveries")["counts"] == wanted)
    assert [request.json["score"]["scaled"] for request in hub_inbox.received] == [2.0, 2.0]


def test_an_import_tells_its_end(course: CloudServer, hub_inbox: Inbox, make_package: Any) -> None:
    course.import_course("c2", make_package(), postbackUrl=f"{hub_inbox.url}/imported")
    (request,) = hub_inbox.wait_for(1)
    assert request.json["status"] == "COMPLETE"


def test_seventy_retries_between_a_second_and_a_quarter_of_an_hour() -> None:
    gaps = [gap(attempts) for attempts in range(1, RETRIES + 1)]
    assert len(gaps) == 70 and all(pause is not None and pause >= 1 for pause in gaps)
    assert gaps[0] is not None and gaps[0] < 2 and gaps[-1] == LONGEST_GAP_S
    assert gap(RETRIES + 1) is None
    assert delivered(204) and delivered(302) and not delivered(400) and not delivered(503)


def test_every_postback_of_many_plays_arrives_once(course: CloudServer, hub_inbox: Inbox) -> None:
    names = [f"r{number}" for number in range(60)]
    for name in names:
        enroll(course, hub_inbox, name)
    course.control("POST", "play", plays=[{"registrationId": name} for name in names])
    eventually(lambda: course.control("GET", "deliveries")["counts"] == {"delivered": 60}, 30)
    assert sorted(request.json["id"] for request in hub_inbox.received) == sorted(names)


def test_a_forgery_lies_and_does_not_know_the_password(
    course: CloudServer, hub_inbox: Inbox
) -> None:
    enroll(course, hub_inbox)
    course.control("POST", "forge", registrationId="r1")
    (request,) = hub_inbox.wait_for(1)
    pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == "me:guessed"
    assert (request.json["id"], request.json["registrationCompletion"]) == ("r1", "COMPLETED")
    assert course.registration("r1")["registrationCompletion"] == "UNKNOWN"


def test_a_reset_waits_for_what_is_on_its_way(
    course: CloudServer, hub_inbox: Inbox, serve: Serve, make_package: MakePackage
) -> None:
    """What is sent afterwards has the same number and is not taken for delivered."""
    arrived, go_on = threading.Event(), threading.Event()

    def slow(environ: Any, start_response: Any) -> list[bytes]:
        arrived.set()
        go_on.wait(60)
        start_response("204 No Content", [])
        return []

    course.enroll("r1", postBack={"url": serve(slow), "authType": "HTTPBASIC"})
    play(course)
    assert arrived.wait(60)
    reset = threading.Thread(target=course.control, args=("POST", "reset"))
    reset.start()
    reset.join(0.5)  # it does not end yet
    go_on.set()
    reset.join()
    course.control("PUT", "settings", import_polls=0)
    course.import_course("c1", make_package())
    enroll(course, hub_inbox)
    play(course)
    hub_inbox.wait_for(1)
