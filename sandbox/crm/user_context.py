"""The signed-in user, sealed for the app's frame.

The form is that of CryptoJS ``AES.encrypt(text, passphrase)``: base64 of ``Salted__``, a salt and
AES-256-CBC ciphertext, the key and the vector both derived from the app's shared secret by MD5.
"""

import base64
import hashlib
import json
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from sandbox.crm.documents import Doc
from sandbox.crm.identities import COMPANY, SHARED_SECRET


def user_context(user: Doc, location: str) -> Doc:
    """What the CRM says about a user; an agency's user keeps that type inside a location."""
    kind = "agency" if user["roles"]["type"] == "agency" else "location"
    context = {
        "userId": user["id"],
        "companyId": COMPANY,
        "role": user["roles"]["role"],
        "type": kind,
        "userName": user["name"],
        "email": user["email"],
    }
    return {**context, "activeLocation": location} if location else context


def seal(context: Doc, secret: str = SHARED_SECRET, salt: bytes | None = None) -> str:
    """The context as the payload of REQUEST_USER_DATA_RESPONSE."""
    salt = salt or os.urandom(8)
    padder = PKCS7(128).padder()
    text = json.dumps(context, ensure_ascii=False, separators=(",", ":")).encode()
    padded = padder.update(text) + padder.finalize()
    encryptor = _cipher(secret, salt).encryptor()
    return base64.b64encode(
        b"Salted__" + salt + encryptor.update(padded) + encryptor.finalize()
    ).decode()


def _cipher(secret: str, salt: bytes) -> Cipher[modes.CBC]:
    material = digest = b""
    while len(material) < 48:
        # MD5 is what the format prescribes.
        digest = hashlib.md5(digest + secret.encode() + salt, usedforsecurity=False).digest()
        material += digest
    return Cipher(algorithms.AES(material[:32]), modes.CBC(material[32:48]))
