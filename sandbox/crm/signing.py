"""The key pair that signs the sandbox's webhooks: Ed25519, made at the first start and kept.

It belongs to this sandbox alone. The hub is told its public half, in the form its settings take:
base64 of the DER encoding (SPKI).
"""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


class SigningKey:
    def __init__(self, path: Path) -> None:
        self._key = _load(path) if path.exists() else _make(path)

    @property
    def public(self) -> str:
        """The public key as base64 of its DER encoding."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def sign(self, body: bytes) -> str:
        """The signature of exactly these bytes, base64."""
        return base64.b64encode(self._key.sign(body)).decode()


def forged(body: bytes) -> str:
    """What somebody without our key would send: a signature by a key of their own."""
    return base64.b64encode(Ed25519PrivateKey.generate().sign(body)).decode()


def _load(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path.name} is no Ed25519 key; delete it and start again.")
    return key


def _make(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    return key
