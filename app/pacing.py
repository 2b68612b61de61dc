"""One pace per location for all processes: the CRM allows 100 calls in 10 seconds, we use 90.

A token bucket in Redis, moved by one Lua script so that nobody can take the same token twice, by
Redis's own clock. If Redis is away we hold; "unlimited" is never the answer. A bucket that nobody
remembers may be one that Redis has just lost, so it does not begin full.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError

from app.errors import Hold

PER_SECOND, BURST = 7.5, 15  # any 10 s window: 15 + 75 = 90
UNKNOWN = 5  # what a new bucket holds: even when Redis forgets twice in 10 s it is 100
REMEMBERED = 3600  # seconds without a call
LONGEST_WAIT = 8.0  # seconds a caller may be kept waiting before the work is put back

TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, burst, unknown = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local saved = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(saved[1]) or unknown
tokens = math.min(burst, tokens + (now - (tonumber(saved[2]) or now)) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return tostring(wait)
"""


def pace(redis: Redis, location_id: str) -> Callable[[], None]:
    """What a client calls before each request: returns when it may go, or raises Hold."""
    take, key = redis.register_script(TAKE), f"pace:crm:{location_id}"
    args = [PER_SECOND, BURST, UNKNOWN, REMEMBERED]

    def wait_for_turn() -> None:
        deadline = time.monotonic() + LONGEST_WAIT
        while True:
            try:
                wait = float(take(keys=[key], args=args))
            except RedisError as error:
                raise Hold("The pace of calls is unknown.", timedelta(seconds=15)) from error
            if not wait:
                return
            if time.monotonic() + wait > deadline:
                raise Hold("Too many calls to the CRM just now.", timedelta(seconds=5))
            time.sleep(wait)

    return wait_for_turn
