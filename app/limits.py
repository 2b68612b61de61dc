"""How often one network may do what harms others when it is done often: guess numbers and contexts,
try addresses, fill a course. Counted in Redis, in memory while that is away.

Only the harmful thing counts, after it has happened: whoever brings a valid number or context is
never refused because of others behind the same address. Hundreds of people may share one.
Here also stands how deep the JSON may be that anybody sends.
"""

from __future__ import annotations

import ipaddress
import math
import time
from typing import Any

from flask import Flask, Response, current_app, request
from flask.json.provider import DefaultJSONProvider
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from app.error_answers import answer
from app.errors import AppError
from app.extensions import redis

REDIS_IS_AWAY = 10.0  # seconds until it is asked again
UNITS = (3600, "hour"), (60, "minute"), (1, "second")


class TooMany(AppError):
    """A limit is used up; `seconds` are left until it is not."""

    status = 429

    def __init__(self, what: str, seconds: int) -> None:
        super().__init__(f"Too many {what}. Please wait {in_words(seconds)}.")
        self.seconds = seconds


class Counters:
    """One app's counters: in its Redis, over the connections that everything else uses; in memory
    while that is away."""

    def __init__(self, app: Flask) -> None:
        pool = redis(app).connection_pool
        storage = RedisStorage("redis://", connection_pool=pool, key_prefix="hub:limits")
        self._shared = FixedWindowRateLimiter(storage)
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._away_until = 0.0

    def hit(self, item: RateLimitItem, *names: str) -> bool:
        """Counts one more; whether that is still within the limit."""
        if time.monotonic() >= self._away_until:
            try:
                return self._shared.hit(item, *names)
            except RedisError:
                self._away_until = time.monotonic() + REDIS_IS_AWAY
        return self._own.hit(item, *names)

    def seconds_left(self, item: RateLimitItem, *names: str) -> int:
        """Until it is counted from the start."""
        counting = self._own if time.monotonic() < self._away_until else self._shared
        try:
            ends_at = counting.get_window_stats(item, *names).reset_time
        except RedisError:
            return item.get_expiry()
        return max(1, math.ceil(ends_at - time.time()))


class Limiter:
    """Counts, and says when it is too much. Switched off (`enabled`) in tests only."""

    enabled = True

    def count(self, what: str, rates: str, *whom: str) -> None:
        """One more of `what` by `whom`; TooMany if that exceeds the rates ("30 per minute; …").

        `what` is a plural that people read, such as "unknown numbers from your network".
        """
        for item in parse_many(rates):
            if self.enabled and not counters().hit(item, what, *whom):
                raise TooMany(what, counters().seconds_left(item, what, *whom))

    def is_first(self, what: str, rate: str, *whom: str) -> bool:
        """Whether this is still within the rate: for what is to be said once in a while."""
        return all(counters().hit(item, what, *whom) for item in parse_many(rate))


limiter = Limiter()


def counters() -> Counters:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    if "limits" not in app.extensions:
        app.extensions["limits"] = Counters(app)
    return app.extensions["limits"]


def network() -> str:
    """Where the request comes from: an IPv4 address, or the /64 that one customer has of IPv6."""
    try:
        address = ipaddress.ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return request.remote_addr or "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def in_words(seconds: int) -> str:
    """A wait, rounded up: "40 seconds", "3 minutes", "2 hours"."""
    size, name = next(unit for unit in UNITS if seconds >= 2 * unit[0] or unit[0] == 1)
    number = math.ceil(seconds / size)
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def refused(error: TooMany) -> Response:
    response = answer(error.status, error.sentence)
    response.headers["Retry-After"] = str(error.seconds)
    return response


class ShallowJson(DefaultJSONProvider):
    """Thousands of brackets within brackets are no JSON that can be read, and no error of ours."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def init_app(app: Flask) -> None:
    app.json = ShallowJson(app)
    app.register_error_handler(TooMany, refused)
