"""Signatures of the CRM's messages."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.clients.crm_webhook import public_key, signed_by

BODY = b'{"type":"ContactTagUpdate","name":"Zo\xc3\xab"}'
# The key that the vendor publishes.
PUBLISHED = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="


def encoded(private: Ed25519PrivateKey | X25519PrivateKey) -> str:
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


@pytest.fixture
def private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def signature(private: Ed25519PrivateKey, body: bytes = BODY) -> str:
    return base64.b64encode(private.sign(body)).decode()


def test_a_signed_body_is_believed(private: Ed25519PrivateKey) -> None:
    assert signed_by([encoded(private)], BODY, signature(private))


def test_either_key_counts_while_they_rotate(private: Ed25519PrivateKey) -> None:
    assert signed_by([PUBLISHED, encoded(private)], BODY, signature(private))
    assert not signed_by([PUBLISHED], BODY, signature(private))


@pytest.mark.parametrize("given", [None, "", "N/A", "%%%", "AAAA", "ä"])
def test_what_is_no_signature_is_refused(given: str | None, private: Ed25519PrivateKey) -> None:
    assert not signed_by([encoded(private)], BODY, given)


def test_another_body_is_refused(private: Ed25519PrivateKey) -> None:
    given = signature(private)
    assert not signed_by([encoded(private)], BODY + b" ", given)
    assert not signed_by([encoded(private)], b"", given)


def test_without_keys_nothing_is_believed(private: Ed25519PrivateKey) -> None:
    assert not signed_by([], BODY, signature(private))


def test_a_key_of_another_kind_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="Ed25519"):
        public_key(encoded(X25519PrivateKey.generate()))
