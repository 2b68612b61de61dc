"""A folder as the place for packages: for a newcomer's machine, for tests, for a single server."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
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


class UploadIncompleteError(Exception):
    """Fewer bytes came than the address announces; nothing was kept."""


class LocalStorage:
    """Files in one folder of this machine, a file per key."""

    def __init__(self, folder: str | Path, secret_key: str, public_url: str) -> None:
        self.folder = Path(folder)
        self._public_url = public_url.rstrip("/")
        self._signer = URLSafeSerializer(secret_key, salt="upload-target")

    def __repr__(self) -> str:
        return f"<LocalStorage {self.folder}>"

    def upload_target(self, key: str, size: int, expires_s: int = TEN_MINUTES) -> UploadTarget:
        """A signed address of the hub itself, to which the bare bytes are PUT."""
        token = self._signer.dumps([checked_key(key), size, int(time.time()) + expires_s])
        return UploadTarget(url=f"{self._public_url}/uploads/{token}", method="PUT")

    def accept(self, token: str, stream: Any) -> str:
        """Take what came to a signed address, whole and once; the key it is kept under.

        `stream` is anything with `read(size)`. Raises UploadRefusedError, UploadTooLargeError and
        UploadIncompleteError.
        """
        key, size, expires = self._signed(token)
        if time.time() > expires:
            raise UploadRefusedError("this upload address has expired")
        with self._incoming(Bounded(stream, size)) as arrived:
            if arrived.stat().st_size != size:
                raise UploadIncompleteError("the upload broke off")
            try:
                self._place(key).hardlink_to(arrived)
            except FileExistsError:
                raise UploadRefusedError("this upload address has been used") from None
        return key

    def key_of(self, token: str) -> str:
        """The key that a signed address is for. Raises UploadRefusedError if it is none of ours."""
        return self._signed(token)[0]

    def _signed(self, token: str) -> tuple[str, int, int]:
        """Key, bytes and time of expiry."""
        try:
            key, size, expires = self._signer.loads(token)
        except (BadSignature, ValueError, TypeError):
            raise UploadRefusedError("this upload address is not valid") from None
        return str(key), int(size), int(expires)

    def put(self, key: str, file: BinaryIO) -> None:
        with self._incoming(file) as arrived:
            arrived.replace(self._place(key))

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

    def _place(self, key: str) -> Path:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @contextmanager
    def _incoming(self, stream: Any) -> Iterator[Path]:
        """What comes, written beside: a reader sees the whole file in its place, or none."""
        beside = self._place(f"{INCOMING}/{secrets.token_hex(16)}")
        try:
            with beside.open("wb") as file:
                shutil.copyfileobj(stream, file, PIECE)
                file.flush()
                os.fsync(file.fileno())
            yield beside
        finally:
            beside.unlink(missing_ok=True)


class Bounded:
    """A stream that refuses to hand out more than so many bytes."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream = stream
        self._left = most

    def read(self, size: int = PIECE, /) -> bytes:
        piece: bytes = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise UploadTooLargeError("the file is larger than allowed")
        return piece


def is_older(path: Path, moment: datetime | None) -> bool:
    try:
        return moment is None or path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False
