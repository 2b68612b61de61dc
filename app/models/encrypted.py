"""The column type of customers' tokens and keys, so that no caller can forget to encrypt them.

Fernet keys come from ENCRYPTION_KEYS, newest first: everything is written with the first, read with
any, and `flask rotate-keys` rewrites what an older one wrote. What is written is not bound to its
row: who can move it to another one can write the database, and so needs no token to get in.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from flask import current_app
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


def keyring() -> MultiFernet:
    return _keyring(tuple(current_app.config["ENCRYPTION_KEYS"]))


@lru_cache(maxsize=4)
def _keyring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class Encrypted(TypeDecorator[str]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring().encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring().decrypt(value.encode()).decode()
