"""Identifiers as the CRM writes them: 20 letters and digits, or 24 hexadecimal digits."""

import hashlib
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def new_id() -> str:
    """A fresh id of a contact, note, location or user."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def new_hex_id() -> str:
    """A fresh id of an object, record, association or message."""
    return secrets.token_hex(12)


def seeded_id(*parts: object) -> str:
    """The same 20 characters for the same parts, so the first data is alike on every machine."""
    number = int.from_bytes(hashlib.sha256(repr(parts).encode()).digest(), "big")
    letters = []
    for _ in range(20):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


def seeded_hex_id(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
