"""The logo that was chosen in the branding form and is not saved yet.

A browser cannot put a file back into a form, and an address should be fetched once and not at every
look at the preview. So the redrawn picture waits in Redis, and the form carries its key. Without
Redis the form works as ever; only the picture then has to be chosen again after a mistake.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from app.models import Account, new_id

KEPT_SECONDS = 30 * 60


@dataclass(frozen=True)
class Draft:
    """A redrawn picture; `address` is where it was fetched, None if it came as a file."""

    png: bytes
    address: str | None = None
    key: str = ""


def keep(memory: Redis, account: Account, draft: Draft) -> Draft:
    """The same draft, to be found again by its key for half an hour."""
    key = new_id()
    with suppress(RedisError), memory.pipeline() as together:
        together.hset(
            _place(account, key),
            mapping={"png": draft.png, "address": (draft.address or "").encode()},
        )
        together.expire(_place(account, key), KEPT_SECONDS)
        together.execute()
        return Draft(draft.png, draft.address, key)
    return draft


def find(memory: Redis, account: Account, key: str) -> Draft | None:
    """The account's own draft with this key, if it still waits."""
    if not key:
        return None
    with suppress(RedisError):
        held = cast(dict[bytes, bytes], memory.hgetall(_place(account, key[:64])))
        if held:
            return Draft(held[b"png"], held[b"address"].decode() or None, key)
    return None


def _place(account: Account, key: str) -> str:
    return f"logo-draft:{account.id}:{key}"
