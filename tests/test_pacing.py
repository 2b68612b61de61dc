"""The pace of calls to the CRM: how many may go at once, and that a lost Redis opens no gate."""

from __future__ import annotations

import pytest
from redis import Redis

from app import pacing

LOCATION, MOST, WINDOW = "somewhere", 100, 10


class MustWait(Exception):
    """Somebody would have to wait now."""


@pytest.fixture
def redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Redis:
    def stop(_seconds: float) -> None:
        raise MustWait

    monkeypatch.setattr(pacing.time, "sleep", stop)
    connection = Redis.from_url(redis_url)
    connection.flushall()
    return connection


def at_once(redis: Redis, location: str = LOCATION) -> int:
    """How many calls may go now before one has to wait."""
    turn, gone = pacing.pace(redis, location), 0
    try:
        while gone <= MOST:
            turn()
            gone += 1
    except MustWait:
        pass
    return gone


def rested(redis: Redis, seconds: float) -> None:
    """As if nobody had called for so long."""
    key = f"pace:crm:{LOCATION}"
    redis.hset(key, "at", str(float(redis.hget(key, "at") or 0) - seconds))


def test_after_a_rest_a_burst_may_go(redis: Redis) -> None:
    at_once(redis)
    rested(redis, 60)
    assert pacing.BURST <= at_once(redis) <= pacing.BURST + 1  # one more ripens meanwhile


def test_each_location_has_a_pace_of_its_own(redis: Redis) -> None:
    at_once(redis)
    assert at_once(redis, "elsewhere") >= pacing.UNKNOWN


def test_a_redis_that_forgets_lets_no_burst_through(redis: Redis) -> None:
    at_once(redis)
    redis.flushall()
    assert pacing.UNKNOWN <= at_once(redis) <= pacing.UNKNOWN + 1


def test_no_window_holds_too_many_calls_even_if_redis_forgets_twice() -> None:
    assert pacing.BURST + WINDOW * pacing.PER_SECOND + 2 * pacing.UNKNOWN <= MOST
