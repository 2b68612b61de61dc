"""Limits stop whoever does harm, and nobody who merely sits behind the same address."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from app import create_app
from app.certificates import issuing
from app.extensions import db
from app.limits import in_words
from app.models import acting_for
from config import Config
from tests.factories import complete, make_account, make_course, make_enrollment

GUESS = "/verify/ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZZ"


@pytest.fixture
def number(app: Flask) -> str:
    enrollment = make_enrollment(make_course(make_account()))
    complete(enrollment)
    with acting_for(enrollment.account_id):
        certificate = issuing.issue(enrollment)
        assert certificate
        db.session.commit()
        return certificate.number


def guess(client: FlaskClient, address: str, **headers: str) -> TestResponse:
    return client.get(GUESS, environ_base={"REMOTE_ADDR": address}, headers=headers)


def use_up(client: FlaskClient, address: str = "203.0.113.7") -> None:
    for _ in range(30):
        assert guess(client, address).status_code == 404


def test_a_class_of_a_hundred_verifies_at_once(client: FlaskClient, number: str) -> None:
    use_up(client)
    school = {"REMOTE_ADDR": "203.0.113.7"}
    answers = [client.get(f"/verify/{number}", environ_base=school) for _ in range(100)]
    assert {answer.status_code for answer in answers} == {200}
    assert guess(client, "203.0.113.7").status_code == 429
    assert guess(client, "203.0.113.8").status_code == 404


def test_who_is_stopped_is_told_for_how_long(client: FlaskClient) -> None:
    use_up(client)
    page = guess(client, "203.0.113.7", Accept="text/html")
    seconds = int(page.headers["Retry-After"])
    assert 0 < seconds <= 60
    assert "Too many unknown certificate numbers from your network" in page.text
    assert f"Please wait {in_words(seconds)}" in page.text
    assert "<main" in page.text, "a page of ours and not bare words"
    told = guess(client, "203.0.113.7", Accept="application/json").get_json()
    assert "Please wait" in told["error"]
    fragment = guess(client, "203.0.113.7", **{"HX-Request": "true"})
    assert "Please wait" in fragment.headers["HX-Trigger"]
    assert fragment.headers["Retry-After"]


def test_another_address_of_the_same_ipv6_network_is_the_same_guest(client: FlaskClient) -> None:
    for host in range(30):
        assert guess(client, f"2001:db8:1:2::{host:x}").status_code == 404
    assert guess(client, "2001:db8:1:2:aaaa::1").status_code == 429
    assert guess(client, "2001:db8:1:3::1").status_code == 404


def test_an_ipv4_address_is_the_same_in_its_ipv6_clothes(client: FlaskClient) -> None:
    use_up(client)
    assert guess(client, "::ffff:203.0.113.7").status_code == 429
    assert guess(client, "::ffff:203.0.113.8").status_code == 404


def test_what_a_stranger_says_of_the_address_does_not_count(client: FlaskClient) -> None:
    for invented in range(30):
        header = {"X-Forwarded-For": f"198.51.100.{invented}"}
        assert guess(client, "203.0.113.7", **header).status_code == 404
    assert guess(client, "203.0.113.7", **{"X-Forwarded-For": "198.51.100.99"}).status_code == 429


def other_hub(hub_settings: dict[str, str], **settings: str) -> FlaskClient:
    return create_app(Config.from_environment({**hub_settings, **settings})).test_client()


@pytest.mark.parametrize("named", ["203.0.113.7", "203.0.113.0/24", "*"])
def test_a_proxy_that_is_named_is_believed(
    app: Flask, hub_settings: dict[str, str], named: str
) -> None:
    client = other_hub(hub_settings, FORWARDED_ALLOW_IPS=named)
    for invented in range(31):  # the guest's own text stands in front of what our proxy adds
        header = {"X-Forwarded-For": f"192.0.2.{invented}, 198.51.100.1"}
        answer = guess(client, "203.0.113.7", **header)
    assert answer.status_code == 429
    assert guess(client, "203.0.113.7", **{"X-Forwarded-For": "198.51.100.2"}).status_code == 404


def test_behind_two_proxies_the_guest_is_the_last_but_one(
    app: Flask, hub_settings: dict[str, str]
) -> None:
    client = other_hub(hub_settings, FORWARDED_ALLOW_IPS="203.0.113.7", TRUSTED_PROXIES="2")
    for _ in range(31):
        header = {"X-Forwarded-For": "192.0.2.1, 198.51.100.1, 198.51.100.250"}
        answer = guess(client, "203.0.113.7", **header)
    assert answer.status_code == 429
    header = {"X-Forwarded-For": "192.0.2.1, 198.51.100.2, 198.51.100.250"}
    assert guess(client, "203.0.113.7", **header).status_code == 404


@pytest.mark.parametrize(("peer", "status"), [("203.0.113.7", 200), ("203.0.113.8", 308)])
def test_only_a_named_proxy_says_that_somebody_came_by_https(
    app: Flask, hub_settings: dict[str, str], peer: str, status: int
) -> None:
    client = other_hub(
        hub_settings, FORWARDED_ALLOW_IPS="203.0.113.7", PUBLIC_URL="https://hub.example.com"
    )
    answer = client.get(
        "/docs",
        base_url="http://hub.example.com",
        environ_base={"REMOTE_ADDR": peer},
        headers={"X-Forwarded-Proto": "https"},
    )
    assert answer.status_code == status


def test_processes_count_together_in_a_redis_with_a_self_signed_certificate(
    app: Flask, hub_settings: dict[str, str], tls_redis_url: str, redis_url: str
) -> None:
    client = other_hub(hub_settings, REDIS_URL=tls_redis_url)
    assert client.get("/readyz").get_json()["status"] == "ready"
    use_up(client)
    counted = Redis.from_url(redis_url).keys("hub:limits*")
    assert counted, "it was counted in this process only"
    assert guess(other_hub(hub_settings), "203.0.113.7").status_code == 429


def test_while_redis_is_away_each_process_counts_for_itself(
    app: Flask, hub_settings: dict[str, str], redis_url: str
) -> None:
    client = other_hub(hub_settings, REDIS_URL="unix:///nowhere/redis.sock")
    use_up(client)
    assert guess(client, "203.0.113.7").status_code == 429
    assert not Redis.from_url(redis_url).keys("hub:limits*")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (59, "59 seconds"), (119, "119 seconds"), (120, "2 minutes"),
     (121, "3 minutes"), (7199, "120 minutes"), (7200, "2 hours"), (86_000, "24 hours")],
)  # fmt: skip
def test_a_wait_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
