"""Reads a zip's list of files, and one file of it, in little memory whatever the zip says.

The standard library's reader builds its whole list before anybody can look at it, stops at a name
that is not in the encoding it claims, and unpacks whatever it is told to. This one reads a list of
a bounded size, takes names as they come, and counts while it unpacks.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from confined.answers import ADVICE, Refused

MOST_ENTRIES = 20_000
LARGEST_LIST = 5 * 1_048_576  # bytes; so many entries with names of 200 letters
LONGEST_COMMENT = 65_535
PIECE = 65_536
STORED, DEFLATED = 0, 8
ENCRYPTED, UTF8 = 0x1, 0x800
END, END64, LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
ENTRY, LOCAL = b"PK\x01\x02", b"PK\x03\x04"
SATURATED = 0xFFFFFFFF  # the real number stands in a field of 64 bits

NO_ZIP = f"This is not a zip file. {ADVICE}"
DAMAGED = "The file is damaged. Export or download it again, and upload that."
TOO_MANY = (
    f"The .zip lists far more files than a course has, so it was not opened; {MOST_ENTRIES:,} are "
    f"possible. {ADVICE}"
)


class Source(Protocol):
    """A file that is read by position."""

    size: int

    def read(self, at: int, length: int) -> bytes:
        """At most so many bytes from there; fewer only where the file ends."""


class Entry(NamedTuple):
    """One file as the list describes it: sizes and offset in bytes, the name as it was meant."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    name_length: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith(("/", "\\"))


class Directory(NamedTuple):
    """Where the list of files stands. `shift`: how much was put in front of the whole zip."""

    start: int
    size: int
    shift: int


def entries(source: Source) -> list[Entry]:
    """Every file that the zip lists. Raises Refused if there is no list, or too long a one."""
    where = directory(source)
    if where.size > LARGEST_LIST:
        raise Refused(TOO_MANY)
    found: list[Entry] = []
    for entry in _listed(source.read(where.start, where.size), where.shift):
        if len(found) == MOST_ENTRIES:
            raise Refused(TOO_MANY)
        found.append(entry)
    return found


def directory(source: Source) -> Directory:
    """By the last end mark that has its list before it: a comment may hold marks as well."""
    tail_size = min(source.size, 22 + LONGEST_COMMENT)
    tail_start = source.size - tail_size
    tail = source.read(tail_start, tail_size)
    position, empty = tail.rfind(END), None
    while position >= 0:
        found = _before(source, tail_start + position) if position + 22 <= tail_size else None
        if found and found.size:
            return found
        position, empty = tail.rfind(END, 0, position), empty or found
    if empty:
        return empty
    raise Refused(DAMAGED if END in tail or source.read(0, 4) == LOCAL else NO_ZIP)


def _before(source: Source, end: int) -> Directory | None:
    """The list that ends where this end mark begins, if there is one."""
    size, offset = struct.unpack("<LL", source.read(end + 12, 8))
    if source.read(max(end - 20, 0), 4) == LOCATOR64:
        [record] = struct.unpack("<Q", source.read(end - 12, 8))
        for place in (end - 76, record):  # as it is usual, and as it is said
            if 0 <= place <= end - 76 and source.read(place, 4) == END64:
                size, offset = struct.unpack("<QQ", source.read(place + 40, 16))
                end = place
                break
    start = end - size
    if start < 0 or (size and source.read(start, 4) != ENTRY):
        return None
    return Directory(start, size, start - offset)


def _listed(data: bytes, shift: int) -> Iterator[Entry]:
    position = 0
    while position < len(data):
        head = data[position : position + 46]
        if len(head) < 46 or head[:4] != ENTRY:
            raise Refused(DAMAGED)
        flags, method, _, crc, packed, size = struct.unpack("<HHLLLL", head[8:28])
        name_length, extra_length, comment_length = struct.unpack("<HHH", head[28:34])
        [offset] = struct.unpack("<L", head[42:46])
        name_end = position + 46 + name_length
        extra_end = name_end + extra_length
        size, packed, offset = _wide(data[name_end:extra_end], size, packed, offset)
        name = decoded(data[position + 46 : name_end], flags)
        yield Entry(name, flags, method, crc, packed, size, offset + shift, name_length)
        position = extra_end + comment_length


def _wide(extra: bytes, *numbers: int) -> tuple[int, ...]:
    """The numbers, each saturated one replaced by its form of 64 bits (zip64), if that is there."""
    if SATURATED not in numbers:
        return numbers
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack("<HH", extra[position : position + 4])
        if kind == 1:
            wide = extra[position + 4 : position + 4 + length]
            real = iter([wide[i : i + 8] for i in range(0, len(wide) - 7, 8)])
            return tuple(
                int.from_bytes(next(real, b"\xff" * 4), "little") if one == SATURATED else one
                for one in numbers
            )
        position += 4 + length
    return numbers


def decoded(name: bytes, flags: int) -> str:
    """The name as its maker meant it: the flag for UTF-8 is forgotten, and set where it is not."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp437")


def overlapping(listed: list[Entry]) -> bool:
    """Whether two files certainly share bytes, which no honest zip does."""
    reached = 0
    for entry in sorted(listed, key=lambda entry: entry.offset):
        if entry.offset < reached:
            return True
        reached = entry.offset + 30 + entry.name_length + entry.packed
    return False


def content(source: Source, entry: Entry) -> Iterator[bytes]:
    """The file's bytes, piece by piece: as many as the list says, unharmed, or Refused."""
    head = source.read(entry.offset, 30) if entry.offset >= 0 else b""
    if len(head) < 30 or head[:4] != LOCAL:
        raise Refused(DAMAGED)
    name_length, extra_length = struct.unpack("<HH", head[26:30])
    packed = _packed(source, entry.offset + 30 + name_length + extra_length, entry.packed)
    seen, crc = 0, 0
    for piece in packed if entry.method == STORED else _inflated(packed):
        seen, crc = seen + len(piece), zlib.crc32(piece, crc)
        if seen > entry.size:
            raise Refused(DAMAGED)
        yield piece
    if seen != entry.size or crc != entry.crc:
        raise Refused(DAMAGED)


def _packed(source: Source, at: int, length: int) -> Iterator[bytes]:
    while length > 0:
        piece = source.read(at, min(length, PIECE))
        if not piece:
            raise Refused(DAMAGED)
        yield piece
        at, length = at + len(piece), length - len(piece)


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(-15)
    try:
        for piece in pieces:
            rest = piece
            while rest and not stream.eof:
                yield stream.decompress(rest, PIECE)
                rest = stream.unconsumed_tail
        while not stream.eof and (last := stream.decompress(b"", PIECE)):
            yield last
    except zlib.error:
        raise Refused(DAMAGED) from None
    if not stream.eof:
        raise Refused(DAMAGED)
