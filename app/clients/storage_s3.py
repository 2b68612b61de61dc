"""A bucket with the S3 interface as the place for packages."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.clients.errors import OutsideError
from app.clients.reading import mapping, text
from app.clients.storage import TEN_MINUTES, UploadTarget, checked_key


class S3Storage:
    """One bucket, or the part of one below a prefix.

    The bucket must allow POST from the hub's address (CORS), and should expire what is older than a
    day.
    """

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        region: str | None = None,
        endpoint: str | None = None,
        access_key: str = "",
        secret_key: str = "",
    ) -> None:
        self.bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._s3 = boto3.client(
            "s3",
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=access_key or None,
            aws_secret_access_key=secret_key or None,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if endpoint else "virtual"},
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
            ),
        )

    def __repr__(self) -> str:
        return f"<S3Storage {self.bucket}>"

    def upload_target(self, key: str, size: int, expires_s: int = TEN_MINUTES) -> UploadTarget:
        """A presigned form for this key; the bucket itself refuses any other size."""
        with translated("POST", key):
            form = self._s3.generate_presigned_post(
                self.bucket,
                self._name(key),
                Conditions=[["content-length-range", size, size]],
                ExpiresIn=expires_s,
            )
        return UploadTarget(url=form["url"], method="POST", fields=form["fields"])

    def put(self, key: str, file: BinaryIO) -> None:
        with translated("PUT", key):
            self._s3.upload_fileobj(file, self.bucket, self._name(key))

    def open(self, key: str) -> BinaryIO:
        """A temporary copy: a package is read from end to start, which a stream does not allow."""
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        try:
            with translated("GET", key):
                self._s3.download_fileobj(self.bucket, self._name(key), copy)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return cast(BinaryIO, copy)

    def size(self, key: str) -> int:
        with translated("HEAD", key):
            answer = self._s3.head_object(Bucket=self.bucket, Key=self._name(key))
        return int(answer["ContentLength"])

    def delete(self, key: str) -> None:
        with translated("DELETE", key):
            self._s3.delete_object(Bucket=self.bucket, Key=self._name(key))

    def keys(self, prefix: str = "", *, unchanged_since: datetime | None = None) -> Iterator[str]:
        with translated("GET", prefix):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self._prefix + prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    if unchanged_since is None or item["LastModified"] < unchanged_since:
                        yield item["Key"].removeprefix(self._prefix)

    def _name(self, key: str) -> str:
        return self._prefix + checked_key(key)


@contextmanager
def translated(method: str, key: str) -> Iterator[None]:
    """The bucket's errors in our words: not there, or trouble that says whether a retry helps."""
    try:
        yield
    except ClientError as error:
        answer: dict[str, Any] = mapping(error.response)
        status = mapping(answer.get("ResponseMetadata")).get("HTTPStatusCode")
        code = text(mapping(answer.get("Error")).get("Code"))
        if status == 404 and code != "NoSuchBucket":
            raise FileNotFoundError(key) from None
        raise OutsideError("storage", method, key, code, status=status) from None
    except BotoCoreError as error:
        raise OutsideError("storage", method, key, type(error).__name__) from None
