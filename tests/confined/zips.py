"""Zips that no honest tool makes, byte by byte, and manifests in every encoding."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PAGE = b"<!doctype html><title>Page</title><p>Hello</p>"


def manifest(
    title: str = "Ladder safety",
    encoding: str = "utf-8",
    declared: str | None = None,
    about: str = "<schema>ADL SCORM</schema><schemaversion>1.2</schemaversion>",
    item: str = "",
    resources: str = "",
    head: str = "",
) -> bytes:
    """A SCORM 1.2 manifest with one page; `declared` is the encoding that its first line names."""
    declaration = f' encoding="{declared or encoding}"' if declared != "" else ""
    text = (
        f'<?xml version="1.0"{declaration}?>\n{head}'
        '<manifest identifier="M" version="1" '
        'xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" '
        'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">'
        f"<metadata>{about}</metadata>"
        f'<organizations default="O"><organization identifier="O"><title>{title}</title>'
        f'<item identifier="I1" identifierref="R1"><title>{item or title}</title></item>'
        "</organization></organizations><resources>"
        '<resource identifier="R1" type="webcontent" adlcp:scormtype="sco" href="index.html">'
        f'<file href="index.html"/></resource>{resources}</resources></manifest>'
    )
    return text.encode(encoding)


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """As an ordinary tool makes it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return file.getvalue()


def course(manifest_bytes: bytes | None = None, **files: bytes) -> bytes:
    """A package with one page and this manifest."""
    body = manifest() if manifest_bytes is None else manifest_bytes
    return zipped({"imsmanifest.xml": body, "index.html": PAGE, **files})


@dataclass
class Member:
    """One file, and whatever the zip is to say of it that is not so."""

    name: bytes
    body: bytes = PAGE
    method: int = 8
    flags: int = 0
    size: int | None = None  # said to have
    packed: bytes | None = None  # what stands in the zip
    packed_size: int | None = None  # said to be packed to
    crc: int | None = None
    at: int | None = None  # said to begin
    extra: bytes = b""
    descriptor: bool = False  # sizes stand behind the file, not before it

    def bytes_in_zip(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return deflated(self.body) if self.method == 8 else self.body


def deflated(body: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(body) + squeezer.flush()


def raw_zip(
    members: Sequence[Member],
    comment: bytes = b"",
    prefix: bytes = b"",
    count: int | None = None,
    list_size: int | None = None,
    zip64: bool = False,
) -> bytes:
    """The members behind each other, then the list, then its end mark; `count` and `list_size` are
    said instead of what is so. `zip64` puts the real numbers into the mark of 64 bits."""
    body, listed = bytearray(prefix), bytearray()
    for one in members:
        start, data = len(body) - len(prefix), one.bytes_in_zip()
        size = len(one.body) if one.size is None else one.size
        packed = len(data) if one.packed_size is None else one.packed_size
        crc = zlib.crc32(one.body) if one.crc is None else one.crc
        flags = one.flags | (8 if one.descriptor else 0)
        before = (0, 0, 0) if one.descriptor else (crc, packed & 0xFFFFFFFF, size & 0xFFFFFFFF)
        body += b"PK\x03\x04" + struct.pack("<HHHHH", 20, flags, one.method, 0, 33)
        body += struct.pack("<LLLHH", *before, len(one.name), 0) + one.name + data
        if one.descriptor:
            body += b"PK\x07\x08" + struct.pack("<LLL", crc, packed, size)
        listed += b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, flags, one.method, 0, 33)
        listed += struct.pack("<LLL", crc, packed & 0xFFFFFFFF, size & 0xFFFFFFFF)
        at = start if one.at is None else one.at
        listed += struct.pack("<HHHHHLL", len(one.name), len(one.extra), 0, 0, 0, 0, at)
        listed += one.name + one.extra
    return bytes(body) + ended(
        bytes(listed), len(members), len(body) - len(prefix), comment, count, list_size, zip64
    )


def ended(
    listed: bytes,
    number: int,
    offset: int,
    comment: bytes = b"",
    count: int | None = None,
    list_size: int | None = None,
    zip64: bool = False,
) -> bytes:
    said = number if count is None else count
    size = len(listed) if list_size is None else list_size
    wide = b""
    if zip64:
        wide = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, said, said, size, offset)
        wide += b"PK\x06\x07" + struct.pack("<LQL", 0, offset + len(listed), 1)
        said, size, offset = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    end = struct.pack("<HHHHLLH", 0, 0, said & 0xFFFF, said & 0xFFFF, size, offset, len(comment))
    return listed + wide + b"PK\x05\x06" + end + comment


def good_members() -> list[Member]:
    return [Member(b"imsmanifest.xml", manifest()), Member(b"index.html")]
