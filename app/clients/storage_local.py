"""A folder as the place for packages: for a newcomer's machine, for tests, for a single server."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from itsdangerous import BadSignature, URLSafeSerializer

from app.clients.storage import TEN_MINUTES, UploadTarget, checked_key

PIECE = 65536
INCOMING = "incoming"


class UploadRefusedError(Exception):
    """The address is not one of ours, or its time is over."""


class UploadTooLargeError(Exception):
    """More bytes came than the address allows; nothing was kept."""


class LocalStorage:
    """Files in one folder of this machine, a file per key."""

    def __init__(self, folder: str | Path, secret_key: str, public_url: str) -> None:
        self.folder = Path(folder)
        self._public_url = public_url.rstrip("/")
        self._signer = URLSafeSerializer(secret_key, salt="upload-target")

    def __repr__(self) -> str:
        return f"<LocalStorage {self.folder}>"

    def upload_target(self, key: str, max_bytes: int, expires_s: int = TEN_MINUTES) -> UploadTarget:
        """A signed address of the hub itself, to which the bare bytes are PUT."""
        token = self._signer.dumps([checked_key(key), max_bytes, int(time.time()) + expires_s])
        return UploadTarget(url=f"{self._public_url}/uploads/{token}", method="PUT")

    def accept(self, token: str, stream: Any) -> str:
        """Take what came to a signed address; the key it is kept under.

        `stream` is anything with `read(size)`. Raises UploadRefusedError and UploadTooLargeError.
        """
        try:
            key, max_bytes, expires = self._signer.loads(token)
        except (BadSignature, ValueError, TypeError):
            raise UploadRefusedError("this upload address is not valid") from None
        if time.time() > expires:
            raise UploadRefusedError("this upload address has expired")
        self._keep(key, stream, max_bytes)
        return str(key)

    def put(self, key: str, file: BinaryIO) -> None:
        self._keep(key, file, None)

    def open(self, key: str) -> BinaryIO:
        return self._path(key).open("rb")

    def size(self, key: str) -> int:
        return self._path(key).stat().st_size

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def keys(self, prefix: str = "", *, unchanged_since: datetime | None = None) -> Iterator[str]:
        """Halves of uploads that broke off stand among them, under `incoming/`, for the sweep."""
        for path in sorted(self.folder.rglob("*")):
            key = path.relative_to(self.folder).as_posix()
            if key.startswith(prefix) and path.is_file() and is_older(path, unchanged_since):
                yield key

    def _path(self, key: str) -> Path:
        return self.folder / checked_key(key)

    def _keep(self, key: str, stream: Any, max_bytes: int | None) -> None:
        """Write beside, then move into place: a reader sees the whole file or none."""
        beside = self._path(f"{INCOMING}/{secrets.token_hex(16)}")
        beside.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                shutil.copyfileobj(Bounded(stream, max_bytes), file, PIECE)
                file.flush()
                os.fsync(file.fileno())
            path = self._path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


class Bounded:
    """A stream that refuses to hand out more than so many bytes; None is no bound."""

    def __init__(self, stream: Any, max_bytes: int | None) -> None:
        self._stream = stream
        self._left = max_bytes

    def read(self, size: int = PIECE, /) -> bytes:
        piece: bytes = self._stream.read(size)
        if self._left is not None:
            self._left -= len(piece)
            if self._left < 0:
                raise UploadTooLargeError("the file is larger than allowed")
        return piece


def is_older(path: Path, moment: datetime | None) -> bool:
    try:
        return moment is None or path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False
