"""Where course packages rest between the browser and SCORM Cloud: a bucket, or a folder.

The browser sends a package straight to an address that is signed for one key, one size and a few
minutes; a worker reads it and deletes it. `S3Storage` hands out the bucket's own presigned forms,
`LocalStorage` addresses of the hub, whose route passes the body to `accept`. Keys are random and
ours; a name that somebody typed is never part of one. Trouble with the bucket is an `OutsideError`,
a key that is not there a `FileNotFoundError`.
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

TEN_MINUTES = 600
KEY = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)*")


@dataclass(frozen=True)
class UploadTarget:
    """Where a browser may send one file.

    POST: a multipart form with `fields` first and the file, last, as `file`. PUT: the bare bytes.
    """

    url: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Storage(Protocol):
    """What the hub asks of a bucket, whatever it is made of."""

    def upload_target(self, key: str, size: int, expires_s: int = TEN_MINUTES) -> UploadTarget:
        """An address that takes one file of exactly `size` bytes for this key, for some seconds."""

    def put(self, key: str, file: BinaryIO) -> None:
        """Keep a file under a key, all of it or nothing."""

    def open(self, key: str) -> BinaryIO:
        """The file, seekable; close it after use. FileNotFoundError when there is none."""

    def size(self, key: str) -> int:
        """Its bytes. FileNotFoundError when there is none."""

    def delete(self, key: str) -> None:
        """Forget it. One that is gone is fine."""

    def keys(self, prefix: str = "", *, unchanged_since: datetime | None = None) -> Iterator[str]:
        """All keys that start so; with a moment only those last written before it."""


def storage_from_url(url: str, secret_key: str, public_url: str) -> Storage:
    """`file:///folder`, or `s3://bucket?region=...&endpoint=...`. ValueError for anything else.

    Keys for S3 stand in the address (`s3://id:secret@bucket`) or where boto3 looks for them anyway.
    """
    # Imported where it is chosen: boto3 takes half a second, and both kinds import this file.
    from app.clients.storage_local import LocalStorage

    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return LocalStorage(unquote(parts.path), secret_key, public_url)
    if parts.scheme == "s3" and parts.hostname:
        from app.clients.storage_s3 import S3Storage

        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return S3Storage(
            bucket=parts.netloc.rpartition("@")[2],
            prefix=parts.path.strip("/"),
            region=options.get("region"),
            endpoint=options.get("endpoint"),
            access_key=unquote(parts.username or ""),
            secret_key=unquote(parts.password or ""),
        )
    raise ValueError("STORAGE_URL must be file:///folder or s3://bucket?region=...")


def new_key(folder: str) -> str:
    """A key nobody can guess, in one of our folders."""
    return checked_key(f"{folder}/{secrets.token_hex(16)}")


def checked_key(key: str) -> str:
    """The key, if it is of the kind we make. ValueError for anything that could wander off."""
    if not KEY.fullmatch(key) or len(key) > 200:
        raise ValueError("this is not a storage key")
    return key
