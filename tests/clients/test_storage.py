"""Packages in a folder, and the forms that a bucket would accept."""

import base64
import io
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from app.clients.storage import Storage, checked_key, new_key, storage_from_url
from app.clients.storage_local import (
    LocalStorage,
    UploadIncompleteError,
    UploadRefusedError,
    UploadTooLargeError,
)
from app.clients.storage_s3 import S3Storage

KEY = "packages/0123abc"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "bucket", "secret", "https://hub.example.test/")


def token_of(storage: LocalStorage, **options: Any) -> str:
    target = storage.upload_target(KEY, options.pop("max_bytes", 10), **options)
    assert (target.method, target.fields) == ("PUT", {})
    return target.url.removeprefix("https://hub.example.test/uploads/")


def test_an_upload_is_kept_under_its_key(storage: LocalStorage) -> None:
    assert storage.accept(token_of(storage), io.BytesIO(b"0123456789")) == KEY
    assert storage.size(KEY) == 10
    with storage.open(KEY) as file:
        assert file.read() == b"0123456789"
    assert list(storage.keys("packages/")) == [KEY]
    storage.delete(KEY)
    storage.delete(KEY)
    assert list(storage.keys()) == []


def test_one_byte_too_many_leaves_nothing_behind(storage: LocalStorage) -> None:
    with pytest.raises(UploadTooLargeError):
        storage.accept(token_of(storage), io.BytesIO(b"0123456789+"))
    assert list(storage.keys()) == []


@pytest.mark.parametrize("came", [b"", b"0", b"012345678"])
def test_an_upload_that_breaks_off_leaves_nothing_behind(
    storage: LocalStorage, came: bytes
) -> None:
    token = token_of(storage)
    with pytest.raises(UploadIncompleteError):
        storage.accept(token, io.BytesIO(came))
    assert list(storage.keys()) == []
    assert storage.accept(token, io.BytesIO(b"0123456789")) == KEY


def test_an_address_takes_one_whole_file(storage: LocalStorage) -> None:
    token = token_of(storage)
    storage.accept(token, io.BytesIO(b"0123456789"))
    with pytest.raises(UploadRefusedError, match="has been used"):
        storage.accept(token, io.BytesIO(b"9876543210"))
    with storage.open(KEY) as file:
        assert file.read() == b"0123456789"


def test_reading_stops_soon_after_the_limit(storage: LocalStorage) -> None:
    class Endless:
        read_so_far = 0

        def read(self, size: int) -> bytes:
            self.read_so_far += size
            return b"x" * size

    flood = Endless()
    with pytest.raises(UploadTooLargeError):
        storage.accept(token_of(storage, max_bytes=100_000), flood)
    assert flood.read_so_far < 300_000


def test_a_broken_upload_does_not_harm_what_was_there(storage: LocalStorage) -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise ConnectionResetError

    storage.put(KEY, io.BytesIO(b"good"))
    with pytest.raises(ConnectionResetError):
        storage.accept(token_of(storage), Broken())
    with storage.open(KEY) as file:
        assert file.read() == b"good"


def test_an_address_expires(storage: LocalStorage) -> None:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False) as clock:
        token = token_of(storage, expires_s=600)
        clock.shift(601)
        with pytest.raises(UploadRefusedError, match="expired"):
            storage.accept(token, io.BytesIO(b"x"))


@pytest.mark.parametrize("token", ["", "nonsense", "WyJwYWNrYWdlcy94Il0.abc"])
def test_an_address_cannot_be_made_up(storage: LocalStorage, token: str) -> None:
    with pytest.raises(UploadRefusedError, match="not valid"):
        storage.accept(token, io.BytesIO(b"x"))


def test_an_address_of_another_hub_is_refused(storage: LocalStorage, tmp_path: Path) -> None:
    other = LocalStorage(tmp_path, "other secret", "https://hub.example.test")
    with pytest.raises(UploadRefusedError):
        storage.accept(token_of(other), io.BytesIO(b"x"))


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a\\b", "A", "a.zip", "a/", "x" * 201]
)
def test_only_keys_of_our_making_are_used(storage: LocalStorage, key: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        storage.upload_target(key, 10)
    with pytest.raises(ValueError, match="not a storage key"):
        storage.open(key)


def test_new_keys_are_valid_and_never_the_same() -> None:
    keys = {new_key("packages") for _ in range(100)}
    assert len(keys) == 100
    assert all(checked_key(key) == key for key in keys)


def test_what_is_not_there_is_a_missing_file(storage: LocalStorage) -> None:
    with pytest.raises(FileNotFoundError):
        storage.open(KEY)
    with pytest.raises(FileNotFoundError):
        storage.size(KEY)


def test_the_sweep_sees_only_what_is_old(storage: LocalStorage) -> None:
    now = datetime.now(UTC)
    for name, age in (("packages/old", 3), ("packages/new", 0)):
        storage.put(name, io.BytesIO(b"x"))
        then = (now - timedelta(days=age)).timestamp()
        os.utime(storage.folder / name, (then, then))
    day_ago = now - timedelta(days=1)
    assert list(storage.keys("packages/", unchanged_since=day_ago)) == ["packages/old"]


def test_the_address_chooses_the_kind(tmp_path: Path) -> None:
    local = storage_from_url(f"file://{tmp_path}/a%20b", "secret", "https://hub.example.test")
    assert isinstance(local, LocalStorage)
    assert local.folder == tmp_path / "a b"
    for wrong in ("", "ftp://x", "file:", "s3://", "/var/lib"):
        with pytest.raises(ValueError, match="STORAGE_URL"):
            storage_from_url(wrong, "secret", "https://hub.example.test")


@pytest.fixture
def bucket() -> Iterator[Storage]:
    yield storage_from_url(
        "s3://id:sec%2Fret@parcels/hub?region=eu-west-1&endpoint=http://127.0.0.1:1", "", ""
    )


def test_a_bucket_form_allows_one_key_and_one_size(bucket: S3Storage) -> None:
    before = datetime.now(UTC)
    target = bucket.upload_target(KEY, 52_428_800)
    policy = json.loads(base64.b64decode(target.fields["policy"]))

    assert (target.method, target.url) == ("POST", "http://127.0.0.1:1/parcels")
    assert target.fields["key"] == f"hub/{KEY}"
    assert {"key": f"hub/{KEY}"} in policy["conditions"]
    assert ["content-length-range", 52_428_800, 52_428_800] in policy["conditions"]
    expires = datetime.fromisoformat(policy["expiration"])
    assert timedelta(seconds=590) < expires - before < timedelta(seconds=610)
    assert "sec/ret" not in json.dumps(target.fields)
