"""Whether a message really comes from the CRM: its Ed25519 signature over the bytes as received.

The public keys come from the settings, more than one while the CRM rotates them. The older RSA
header is not looked at.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

SIGNATURE_HEADER = "X-GHL-Signature"
SIGNATURE_LENGTH = 64


def told_at(body: Mapping[str, Any]) -> datetime | None:
    """When the event happened; None if it does not say, or not in a way that can be read."""
    try:
        moment = datetime.fromisoformat(str(body.get("timestamp")))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def signed_by(public_keys: Iterable[str], body: bytes, signature: str | None) -> bool:
    """Whether one of the keys (base64 of DER SPKI) signed the raw body, as the header claims.

    ValueError when a configured key is not an Ed25519 key: that is our mistake, not the sender's.
    """
    keys = [public_key(key) for key in public_keys]
    try:
        given = base64.b64decode(signature or "", validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(given) == SIGNATURE_LENGTH and any(fits(key, given, body) for key in keys)


@lru_cache(maxsize=16)
def public_key(encoded: str) -> Ed25519PublicKey:
    """A key from the settings. ValueError when it is none."""
    key = load_der_public_key(base64.b64decode(encoded, validate=True))
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("a webhook key of the CRM must be an Ed25519 key")
    return key


def fits(key: Ed25519PublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body)
    except InvalidSignature:
        return False
    return True
