"""A file as a multipart body, read while it is sent: a package never sits in memory."""

import io
import secrets
from typing import BinaryIO


class MultipartFile:
    """One form field `file`. `len()` is the size of the whole body, `read` hands it out piece by
    piece.
    """

    def __init__(
        self, file: BinaryIO, filename: str, content_type: str = "application/zip"
    ) -> None:
        boundary = secrets.token_hex(16)
        head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{quoted(filename)}"\r\n'
            f"Content-Type: {content_type}\r\n\r\n"
        )
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._parts: list[BinaryIO] = [
            io.BytesIO(head.encode()),
            file,
            io.BytesIO(f"\r\n--{boundary}--\r\n".encode()),
        ]
        self._length = sum(remaining(part) for part in self._parts)

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """The next piece, empty at the end."""
        while self._parts:
            if piece := self._parts[0].read(size if size > 0 else 65536):
                return piece
            self._parts.pop(0)
        return b""


def quoted(filename: str) -> str:
    """A file name that cannot break out of its header line, escaped the way browsers do it."""
    return filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def remaining(part: BinaryIO) -> int:
    """Bytes from where the file stands to its end."""
    here = part.tell()
    end = part.seek(0, io.SEEK_END)
    part.seek(here)
    return end - here
