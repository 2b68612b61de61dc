"""What each setting must look like, and what is made of it: used by config.py only.

A reader takes the text of one setting and returns its value, or raises ValueError with words that
say what is wrong. They never repeat the text, which may be a secret.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from redis.connection import parse_url
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

Reader = Callable[[str], Any]
HOST = r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
ORIGIN = re.compile(rf"https?://(?:\*\.)?{HOST}(?::\d{{1,5}}|:\*)?")
BUCKET = re.compile(r"[A-Za-z0-9._-]{3,63}")
EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")


def words(text: str) -> list[str]:
    """A list given with commas or blanks between its members."""
    return text.replace(",", " ").split()


def whole_number(least: int, most: int) -> Reader:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def one_of(*choices: str) -> Reader:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return read


def optional(read: Reader) -> Reader:
    """Empty is a value, too."""
    return lambda text: read(text) if text else text


def at_least(length: int) -> Reader:
    def read(text: str) -> str:
        if len(text) < length:
            raise ValueError(f"is too short; take {length} random characters or more")
        return text

    return read


def address(text: str) -> str:
    """Of a page or an API: https, or http where it stays on this machine."""
    parts = split(text)
    if parts.scheme not in ("https", "http") or not re.fullmatch(HOST, parts.hostname or ""):
        raise ValueError("must be an address such as https://training.example.com")
    if parts.scheme == "http" and not on_this_machine(parts.hostname or ""):
        raise ValueError("must start with https:// (or http:// on your own machine)")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("must be an address without a user name, a password or a number sign")
    return text.rstrip("/")


def base(text: str) -> str:
    """An address that paths or a query are added to."""
    if "?" in text:
        raise ValueError("must be an address without a question mark")
    return address(text)


def own_address(text: str) -> str:
    """Of this deployment: all paths below it are ours."""
    if urlsplit(base(text)).path:
        raise ValueError("must be an address without a path, such as https://training.example.com")
    return base(text)


def split(text: str) -> SplitResult:
    """Raises ValueError also where the port is none."""
    parts = urlsplit(text)
    try:
        parts.port  # noqa: B018 - it is read when it is asked for
    except ValueError:
        raise ValueError("must be an address whose port is a number") from None
    if not text.isprintable() or " " in text:
        raise ValueError("must be an address without blanks")
    return parts


def on_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origins(text: str) -> list[str]:
    """As a content policy takes them; `*.` stands for any name below."""
    for origin in words(text):
        host = (urlsplit(origin.replace(":*", "")).hostname or "").removeprefix("*.")
        if not ORIGIN.fullmatch(origin):
            raise ValueError("must list origins such as https://crm.example.com")
        if origin.startswith("http:") and not on_this_machine(host):
            raise ValueError("must list origins that start with https://")
    return words(text)


def email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


def fernet_keys(text: str) -> list[str]:
    for key in words(text):
        try:
            Fernet(key)
        except (ValueError, binascii.Error):
            raise ValueError(
                "must hold Fernet keys only, each 32 bytes in URL-safe base64"
            ) from None
    if not words(text):
        raise ValueError("must hold a Fernet key")
    return words(text)


def ed25519_keys(text: str) -> list[str]:
    for key in words(text):
        try:
            known = load_der_public_key(base64.b64decode(key, validate=True))
        except (ValueError, UnsupportedAlgorithm):
            known = None
        if not isinstance(known, Ed25519PublicKey):
            raise ValueError("must hold Ed25519 public keys only, base64 of the DER form")
    return words(text)


def database(text: str) -> str:
    """Platforms hand out `postgres://`; SQLAlchemy wants the driver named."""
    scheme, separator, rest = text.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        text = f"postgresql+psycopg://{rest}"
    elif scheme != "sqlite" or not separator:
        raise ValueError("must start with postgres:// or sqlite:///")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("must be an address such as postgres://user:password@host/name") from None
    if not url.database:
        raise ValueError("must name a database")
    return text


def redis(text: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme not in ("redis", "rediss", "unix"):
        raise ValueError("must start with redis://, rediss:// or unix://")
    try:
        parse_url(text)
    except ValueError:
        raise ValueError("must be an address such as redis://host:6379/0") from None
    if not rest.strip("/") or (scheme != "unix" and not urlsplit(text).hostname):
        raise ValueError("must name a host or, with unix://, a file")
    return text


def storage(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme == "file":
        if parts.netloc or parts.path.strip("/") == "":
            raise ValueError("must name a folder by its whole path, as in file:///var/packages")
    elif parts.scheme == "s3":
        if not BUCKET.fullmatch(parts.netloc.rpartition("@")[2]):
            raise ValueError("must name a bucket, as in s3://packages?region=eu-central-1")
        endpoint = dict(parse_qsl(parts.query)).get("endpoint")
        if endpoint is not None:
            address(endpoint)
    else:
        raise ValueError("must start with s3:// or file:///")
    return text


def proxies(text: str) -> list[str]:
    """Addresses and networks; a star for whoever connects."""
    for one in words(text):
        try:
            ipaddress.ip_network(one if one != "*" else "::/0", strict=False)
        except ValueError:
            raise ValueError("must list addresses or networks, such as 10.0.0.0/8, or *") from None
    return words(text)
