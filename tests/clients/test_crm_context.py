"""The encrypted user context: what is believed, and that everything else fails alike."""

import base64
import itertools
import json
import os
import random
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from app.clients.crm_context import ContextError, decrypt_context, key_and_start

SECRET = "shared-secret-1"
MADE_BY_CRYPTOJS = (
    "U2FsdGVkX1+7xBo3CWMOLdpsL8OcLHAikabOsIhRivv7D78eHvCqHe7wqO0X/8XDQ2QA6Rp4tYqSKs0hlizwnrvy"
    "GVEYuid5FimFoZ+vIPc="
)
ANN = {
    "userId": "u1",
    "companyId": "comp1",
    "role": "admin",
    "type": "agency",
    "activeLocation": "loc1",
    "userName": "Ann Lee",
    "email": "ann@example.test",
}


def encrypted(plain: bytes | dict[str, Any], secret: str = SECRET) -> str:
    if isinstance(plain, dict):
        plain = json.dumps(plain).encode()
    padder = PKCS7(128).padder()
    return sealed(padder.update(plain) + padder.finalize(), secret)


def sealed(padded: bytes, secret: str = SECRET) -> str:
    salt = os.urandom(8)
    key, start = key_and_start(secret.encode(), salt)
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(start)).encryptor()
    body = encryptor.update(padded) + encryptor.finalize()
    return base64.b64encode(b"Salted__" + salt + body).decode()


def test_what_cryptojs_made_is_read() -> None:
    context = decrypt_context(MADE_BY_CRYPTOJS, SECRET)
    assert (context.user_id, context.location_id, context.name) == ("u1", "loc1", "Zoë")


def test_all_fields_are_read() -> None:
    context = decrypt_context(encrypted(ANN), SECRET)
    assert (context.user_id, context.company_id, context.location_id) == ("u1", "comp1", "loc1")
    assert (context.role, context.type) == ("admin", "agency")
    assert (context.name, context.email) == ("Ann Lee", "ann@example.test")


def test_an_agency_user_may_stand_outside_of_any_location() -> None:
    outside = {key: value for key, value in ANN.items() if key != "activeLocation"}
    assert decrypt_context(encrypted(outside), SECRET).location_id == ""


def test_fields_the_crm_adds_later_do_no_harm() -> None:
    more = {**ANN, "isAgencyOwner": True, "whitelabelDetails": {"domain": "x.test"}}
    assert decrypt_context(encrypted(more), SECRET).user_id == "u1"


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "not base64 at all",
        MADE_BY_CRYPTOJS[:-1],
        MADE_BY_CRYPTOJS + "\n",
        MADE_BY_CRYPTOJS[:40],
        MADE_BY_CRYPTOJS.replace("=", ""),
        MADE_BY_CRYPTOJS[:-2] + "d=",  # the same bytes, written in a way no encoder would
        base64.b64encode(b"Salted__12345678").decode(),
        base64.b64encode(b"Pepper__12345678" + bytes(16)).decode(),
        "ä" + MADE_BY_CRYPTOJS,
        encrypted(ANN, "another secret"),
        encrypted(b"[]"),
        encrypted(b"{}"),
        encrypted(b"\xff\xfe"),
        encrypted(b"[" * 2000),
        sealed(json.dumps(ANN).encode().ljust(256)),
        encrypted({**ANN, "userId": ""}),
        encrypted({**ANN, "userId": 7}),
        encrypted({**ANN, "userId": "u1'; drop"}),
        encrypted({**ANN, "activeLocation": "../other"}),
        encrypted({"userId": "u1"}),
        encrypted({**ANN, "role": "emperor"}),
        encrypted({**ANN, "type": "moon"}),
        encrypted({**ANN, "userName": "x" * 400}),
        encrypted({**ANN, "userName": "a\x00b"}),
        encrypted({**ANN, "strange key": 1}),
        encrypted({**ANN, "padding": "x" * 5000}),
    ],
    ids=itertools.count(),  # each process draws its own payloads, the names must be the same
)
def test_everything_else_fails_with_one_and_the_same_error(payload: str) -> None:
    with pytest.raises(ContextError) as caught:
        decrypt_context(payload, SECRET)
    assert str(caught.value) == "the user context is not valid"
    assert caught.value.__cause__ is None


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(ContextError):
        decrypt_context(encrypted(ANN, ""), "")


def test_no_flipped_bit_gets_another_user_or_place_through() -> None:
    genuine = base64.b64decode(encrypted(ANN))
    dice = random.Random(20260101)
    for _ in range(3000):
        bit = dice.randrange(len(genuine) * 8)
        forged = bytearray(genuine)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ContextError):
            decrypt_context(base64.b64encode(forged).decode(), SECRET)
