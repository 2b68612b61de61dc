"""A course's zip file, read without trusting it.

Course zips come from dozens of tools and from strangers. Nothing is ever extracted: members
are read one by one, under names that were checked and made regular first, so a hostile name
has nowhere to go. What is wrong with a zip is said as a sentence for the person who made it.
"""

import re
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

MAX_ENTRIES = 20_000
MAX_UNPACKED = 2 * 1024**3  # bytes, all members together
MAX_RATIO = 200  # unpacked : packed, of the whole; the best honest course we know of reaches 7
RATIO_COUNTS_FROM = 16 * 1024**2  # bytes; below this a high ratio is harmless
DRIVE = re.compile(r"[A-Za-z]:")
NO_FILES = (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)
UNIX = (3, 19)  # systems whose zippers write the file's mode
JUNK_FILES = {".ds_store", "thumbs.db", "desktop.ini"}
JUNK_FOLDERS = {"__macosx"}
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError)


class PackageError(Exception):
    """Why a file cannot be imported as a course, in one sentence a person may read."""


class Archive:
    """The usable members of a zip file, by their regular names.

    Raises PackageError when the file is no zip, or carries a name, a link, a method or a size
    that no course needs. Oddities that do no harm are collected in `warnings`.
    """

    def __init__(self, path: Path) -> None:
        self.warnings: list[str] = []
        self._members: dict[str, zipfile.ZipInfo] = {}
        try:
            size = path.stat().st_size
            self._zip = zipfile.ZipFile(path)
        except BROKEN as error:
            raise PackageError("This is not a zip file, or the zip file is damaged.") from error
        try:
            self._list(size)
        except BaseException:
            self._zip.close()
            raise
        self._folded = {name.casefold(): name for name in reversed(self._members)}

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        return list(self._members)

    def find(self, name: str) -> str | None:
        """The member called `name`, in any case: most courses are made on Windows."""
        return name if name in self._members else self._folded.get(name.casefold())

    def member(self, name: str) -> zipfile.ZipInfo:
        """Directory entry of the member `name`. Raises KeyError when there is none."""
        return self._members[name]

    def open(self, name: str) -> IO[bytes]:
        """The member `name` as a readable, seekable stream. Raises KeyError when there is none."""
        return self._zip.open(self._members[name])

    def read(self, name: str, limit: int) -> bytes:
        """The member `name`. Raises PackageError if it is damaged or longer than `limit` bytes."""
        try:
            with self.open(name) as stream:
                content = stream.read(limit + 1)
        except (*BROKEN, zlib.error) as error:
            raise PackageError(f"The file {quoted(name)} in the zip is damaged.") from error
        if len(content) > limit:
            raise PackageError(f"The file {quoted(name)} is larger than {limit // 1024**2} MB.")
        return content

    def _list(self, size: int) -> None:
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise PackageError(f"The zip file has more than {MAX_ENTRIES} entries.")
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > MAX_UNPACKED:
            raise PackageError("Unpacked, the zip file would be larger than 2 GB.")
        if unpacked > RATIO_COUNTS_FROM and unpacked > size * MAX_RATIO:
            raise PackageError(f"The zip file grows more than {MAX_RATIO} times when unpacked.")
        for entry in entries:
            name = regular_name(entry)
            if entry.is_dir() or name.endswith("/") or is_junk(name):
                continue
            check_entry(entry, name)
            if name in self._members:
                self._accept_twice(name)
            self._members[name] = entry
        if not self._members:
            raise PackageError("The zip file is empty.")

    def _accept_twice(self, name: str) -> None:
        if name.casefold() == "imsmanifest.xml":
            raise PackageError("The zip file has two entries named imsmanifest.xml.")
        self.warnings.append(f"{quoted(name)} is in the zip twice; the last one is used.")


def regular_name(entry: zipfile.ZipInfo) -> str:
    """The entry's name with forward slashes and no empty parts.

    Raises PackageError for a name that leads out of the package or that no file can have.
    """
    name = decoded_name(entry).replace("\\", "/")
    if not name or any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        raise PackageError("The zip file has an entry whose name has control characters.")
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or DRIVE.match(name):
        raise PackageError(f"The zip entry {quoted(name)} points outside the package.")
    regular = "/".join(part for part in parts if part not in ("", "."))
    return f"{regular}/" if name.endswith("/") else regular


def decoded_name(entry: zipfile.ZipInfo) -> str:
    """The name as its maker meant it: many zippers write UTF-8 without setting the flag for it."""
    name = entry.orig_filename
    if entry.flag_bits & 0x800:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def check_entry(entry: zipfile.ZipInfo, name: str) -> None:
    if entry.flag_bits & 0x1:
        raise PackageError("The zip file is encrypted. Make it again without a password.")
    if entry.create_system in UNIX and stat.S_IFMT(entry.external_attr >> 16) in NO_FILES:
        raise PackageError(f"The zip entry {quoted(name)} is a link or a device, not a file.")
    if entry.compress_type not in METHODS:
        raise PackageError(
            f"{quoted(name)} is compressed in an unusual way. Make the zip with ordinary deflate."
        )


def is_junk(name: str) -> bool:
    """Whether an operating system put it there, not the author."""
    path = PurePosixPath(name)
    folders = {part.casefold() for part in path.parts}
    return (
        bool(folders & JUNK_FOLDERS)
        or path.name.startswith("._")
        or path.name.casefold() in JUNK_FILES
    )


def quoted(name: str) -> str:
    """A name from the package, for a sentence: quoted and not endless."""
    return f'"{name if len(name) <= 120 else name[:117] + "..."}"'
