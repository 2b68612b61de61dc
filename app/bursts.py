"""Knows whether several of an account come at once, so that what follows can be collected.

One mark per account in Redis, which fades. If Redis is away, nobody was there: then nothing is
collected, which costs some calls and nothing else.
"""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from redis.exceptions import RedisError

from app.extensions import redis

LATELY = timedelta(seconds=2)  # whoever comes more seldom is not worth waiting for


def another_lately(account_id: str, who: str) -> bool:
    """Whether somebody else of the account was here just before; from now on, `who` was."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        last = redis(app).set(f"hub:lately:{account_id}", who, px=LATELY, get=True)
    except RedisError:
        return False
    return last is not None and last != who.encode()
