"""Mends the names in a zip that claim to be UTF-8 and are not: the standard library stops at them.

Old zippers set the flag for all names or copy it from elsewhere. Without it the name is read as any
other, and the course can be played.
"""

import struct
from pathlib import Path
from typing import BinaryIO

from confined import archive
from confined.answers import Refused

FLAGS_IN_LIST, FLAGS_BEFORE_FILE = 8, 6  # where they stand in each kind of header


class FileSource:
    """An open file, read by position."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)

    def read(self, at: int, length: int) -> bytes:
        self._file.seek(at)
        return self._file.read(length)


def forget_wrong_flags(path: Path) -> None:
    """Takes the flag from each such name, in the list and before the file. Only the flag changes;
    what is no zip, or a broken one, stays as it is."""
    with path.open("r+b") as file:
        source = FileSource(file)
        try:
            where = archive.directory(source)
        except Refused:
            return
        listed = source.read(where.start, min(where.size, archive.LARGEST_LIST))
        position = 0
        while listed[position : position + 4] == archive.ENTRY and position + 46 <= len(listed):
            lengths = struct.unpack("<HHH", listed[position + 28 : position + 34])
            name = listed[position + 46 : position + 46 + lengths[0]]
            [flags] = struct.unpack("<H", listed[position + 8 : position + 10])
            if flags & archive.UTF8 and not is_utf8(name):
                [offset] = struct.unpack("<L", listed[position + 42 : position + 46])
                mended = struct.pack("<H", flags & ~archive.UTF8)
                file.seek(where.start + position + FLAGS_IN_LIST)
                file.write(mended)
                forget_before_file(source, file, offset + where.shift)
            position += 46 + sum(lengths)


def forget_before_file(source: FileSource, file: BinaryIO, offset: int) -> None:
    head = source.read(offset, 8) if offset >= 0 else b""
    if len(head) < 8 or head[:4] != archive.LOCAL:
        return
    [flags] = struct.unpack("<H", head[FLAGS_BEFORE_FILE:])
    file.seek(offset + FLAGS_BEFORE_FILE)
    file.write(struct.pack("<H", flags & ~archive.UTF8))


def is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
