"""Counts failed attempts per caller, so that nobody can try out thousands of them.

Redis keeps the counts and may forget them. Without Redis nothing is refused: what is guarded here
is guarded by cryptography as well.
"""

from __future__ import annotations

from redis.exceptions import RedisError

from app.deployment import memory
from app.errors import TooMany

FAILURES, SECONDS = 10, 60


def require_room(what: str, caller: str) -> None:
    """Raises TooMany after ten failures within a minute."""
    try:
        failures = int(memory().get(_key(what, caller)) or 0)
    except RedisError:
        return
    if failures >= FAILURES:
        raise TooMany("Too many failed attempts from here. Please wait a minute.")


def count(what: str, caller: str) -> None:
    """Notes one failure."""
    try:
        pipe = memory().pipeline()
        pipe.incr(_key(what, caller))
        pipe.expire(_key(what, caller), SECONDS, nx=True)
        pipe.execute()
    except RedisError:
        return


def _key(what: str, caller: str) -> str:
    return f"failures:{what}:{caller}"
