"""Who is looking at our page inside the CRM's frame: the encrypted user context.

The CRM encrypts it with a secret that only it and we know, in the format of OpenSSL's `enc` with
MD5. That format has no checksum and no time, so a captured text works until the secret changes: it
is taken strictly, exchanged at once for a short session of our own, and never written to a log.
Every way in which it can be wrong ends in the very same error, so that the error tells nothing to a
guesser.
"""

import base64
import json
import re
from dataclasses import dataclass
from hashlib import md5
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

SIZE_LIMIT = 4096
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAME_OF_A_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
TEXT_LIMIT = 320
TYPES = {"", "agency", "account", "location"}
ROLES = {"", "admin", "user"}


class ContextError(Exception):
    """The user context cannot be believed. There is only this one reason."""

    def __init__(self) -> None:
        super().__init__("the user context is not valid")


@dataclass(frozen=True)
class UserContext:
    """A user of the CRM and where that user stands. Ids that were not given are empty.

    What it says about role and place is to be confirmed by the CRM's API before it is relied on.
    """

    user_id: str
    location_id: str
    company_id: str
    role: str
    type: str
    name: str
    email: str


def decrypt_context(payload: str, shared_secret: str) -> UserContext:
    """The user behind an encrypted context. Raises ContextError, always the same."""
    try:
        return understood(json.loads(decrypted(payload, shared_secret).decode("utf-8")))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ContextError from None


def decrypted(payload: str, shared_secret: str) -> bytes:
    """The plain text. ValueError when it is too long, not base64, not ours or badly padded."""
    raw = base64.b64decode(payload, validate=True) if len(payload) <= SIZE_LIMIT else b""
    ciphertext = raw[16:]
    if not raw.startswith(b"Salted__") or not ciphertext or len(ciphertext) % 16:
        raise ValueError
    if base64.b64encode(raw).decode() != payload or not shared_secret:
        raise ValueError
    key, start = key_and_start(shared_secret.encode(), raw[8:16])
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(start)).decryptor()
    unpadder = PKCS7(128).unpadder()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()


def key_and_start(secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """OpenSSL's EVP_BytesToKey with MD5 and one round: a 32 byte key and a 16 byte first vector."""
    derived = last = b""
    while len(derived) < 48:
        last = md5(last + secret + salt, usedforsecurity=False).digest()
        derived += last
    return derived[:32], derived[32:48]


def understood(fields: Any) -> UserContext:
    """The fields we know, each of the right shape. Others may stand beside them and are ignored."""
    if not isinstance(fields, dict) or not all(map(NAME_OF_A_KEY.fullmatch, fields)):
        raise ValueError
    context = UserContext(
        user_id=identifier(fields, "userId"),
        location_id=identifier(fields, "activeLocation"),
        company_id=identifier(fields, "companyId"),
        role=one_of(ROLES, fields, "role"),
        type=one_of(TYPES, fields, "type"),
        name=short_text(fields, "userName"),
        email=short_text(fields, "email"),
    )
    if not context.user_id or not (context.location_id or context.company_id):
        raise ValueError
    return context


def identifier(fields: dict[str, Any], key: str) -> str:
    value = short_text(fields, key)
    if value and not ID.fullmatch(value):
        raise ValueError
    return value


def one_of(words: set[str], fields: dict[str, Any], key: str) -> str:
    value = short_text(fields, key)
    if value not in words:
        raise ValueError
    return value


def short_text(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > TEXT_LIMIT or not value.isprintable():
        raise ValueError
    return value
