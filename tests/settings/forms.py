"""The settings forms as a browser would send them, and who is said to have saved them."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any
from zlib import crc32

from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import AuditEntry, across_accounts


def version(client: FlaskClient, page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', client.get(f"/settings/{page}").text)
    assert found
    return found[1]


def connect(client: FlaskClient, app_id: str, secret: str, **more: Any) -> TestResponse:
    data = {
        "app_id": app_id,
        "secret_key": secret,
        "version": version(client, "scorm-cloud"),
        **more,
    }
    return client.post("/settings/scorm-cloud", data=data)


def brand(client: FlaskClient, **fields: Any) -> TestResponse:
    data = {"organization_name": "Harbour Safety", "primary_color": "#336699"}
    data |= {"version": version(client, "branding"), **fields}
    return client.post("/settings/branding", data=data)


def audited() -> list[tuple[str, str]]:
    with across_accounts():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.created_at)).all()
        return [(row.actor, row.action) for row in rows]


def beside(answer: TestResponse, field: str) -> str:
    """What is said to be wrong with this field."""
    found = re.search(rf'id="field-{field}-error">(.*?)</span></span>', answer.text, re.DOTALL)
    assert found, f"nothing is said about {field}"
    return found[1]


def picture(size: tuple[int, int] = (300, 100), kind: str = "PNG") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, "#336699").save(file, kind)
    file.seek(0)
    return file


def png_bomb(side: int = 20_000) -> bytes:
    """A true picture of a few KB that would fill a server's memory."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(side * (side // 8 + 1)))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )  # fmt: skip
