"""The first look into an uploaded package: Refused with the reason, or nothing to say.

Only what is certain is refused: what would harm whoever opens it, and what is no SCORM. SCORM Cloud
does the real import and has the last word.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

from confined import archive, manifest
from confined.answers import ADVICE, Refused
from confined.archive import Entry, Source

MANIFEST = "imsmanifest.xml"
LARGEST_MANIFEST = 5 * 1_048_576
MOST_UNPACKED = 2 * 1024**3
MOST_RATIO, HARMLESS = 200, 16 * 1_048_576  # of the whole; below so many bytes nobody is harmed
DRIVE = re.compile(r"[A-Za-z]:")
JUNK = "__MACOSX/"
FOREIGN = (  # what `metadata/schema` begins with, and what that is
    ("ims common cartridge", "a Common Cartridge package"),
    ("ims thin common cartridge", "a Common Cartridge package"),
    ("common cartridge", "a Common Cartridge package"),
    ("qti", "a QTI package"),
    ("ims qti", "a QTI package"),
    ("ims content", "an IMS content package"),
)
AICC = (".crs", ".au", ".des", ".cst")
LOOKED_INTO = 20  # XML files that might be the course structure of SCORM 1.1


class Descriptor:
    """An open file by its number. Reading it moves nothing for others who have it open."""

    def __init__(self, number: int) -> None:
        self.number, self.size = number, os.fstat(number).st_size

    def read(self, at: int, length: int) -> bytes:
        return os.pread(self.number, length, at)


def answer() -> bytes:
    """The program's work: the package is on standard input, the answer is JSON."""
    return json.dumps({"title": check(Descriptor(0))}).encode()


def check(source: Source) -> str | None:
    """Returns for anything that may well be SCORM. Raises Refused with a sentence otherwise.

    The answer is what to call a course whose organization has no title: empty if the manifest has
    none anywhere. None: it has one, or it cannot be read here.
    """
    listed = archive.entries(source)
    check_entries(listed, source.size)
    return check_manifest(source, listed)


def check_entries(listed: list[Entry], size: int) -> None:
    if not listed:
        raise Refused(f"The .zip is empty. {ADVICE}")
    for entry in listed:
        check_name(entry.name)
        if entry.is_folder:
            continue
        if entry.flags & archive.ENCRYPTED:
            raise Refused("The .zip is protected with a password. Export it again without one.")
        if entry.method not in (archive.STORED, archive.DEFLATED):
            raise Refused(
                f"“{shown(entry.name)}” is compressed by a method that course players do not read. "
                "Make the .zip with the usual method (Deflate) and upload it again."
            )
    check_sizes(listed, size)
    if archive.overlapping(listed):
        raise Refused(archive.DAMAGED)


def check_name(name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or DRIVE.match(name):
        raise Refused(
            f"The .zip contains a file name that leads outside the course, “{shown(name)}”. "
            "Export it again."
        )


def check_sizes(listed: list[Entry], size: int) -> None:
    """Judges the whole: a single file that shrinks well, such as silence, does no harm."""
    unpacked = sum(entry.size for entry in listed)
    swells = unpacked > HARMLESS and unpacked > MOST_RATIO * size
    if unpacked <= MOST_UNPACKED and not swells:
        return
    worst = max(listed, key=lambda entry: entry.size)
    raise Refused(
        f"The .zip unpacks to far more than a course needs, so it was not opened: {mb(unpacked)} "
        f"in all, {mb(worst.size)} of it in “{shown(worst.name)}”. Make it smaller and upload it "
        "again."
    )


def check_manifest(source: Source, listed: list[Entry]) -> str | None:
    found = [entry for entry in listed if regular(entry.name) == MANIFEST]
    if not found:
        raise Refused(why_no_manifest(source, listed))
    if len(found) > 1:
        raise Refused("The .zip has two files named imsmanifest.xml at its top. Export it again.")
    if found[0].size > LARGEST_MANIFEST:
        raise Refused(f"The package's imsmanifest.xml is too large to be a manifest. {ADVICE}")
    facts = manifest.read(archive.content(source, found[0]))
    if facts is None:
        return None
    if facts.root != "manifest":
        raise Refused(f"The imsmanifest.xml is not a SCORM manifest. {ADVICE}")
    schema = " ".join(facts.schema.casefold().split())
    for other, name in FOREIGN:
        if schema.startswith(other):
            raise Refused(f"This is {name}, not SCORM. {ADVICE}")
    if facts.title.strip():
        return None
    return facts.general_title.strip() or facts.item_title.strip()


def why_no_manifest(source: Source, listed: list[Entry]) -> str:
    """The most common mistakes, told apart by what else is in the archive."""
    files = {regular(one.name): one for one in listed if not regular(one.name).startswith(JUNK)}
    lower = [name.casefold() for name in files]
    nested = [name for name in files if name.casefold().endswith("/" + MANIFEST)]
    if nested:
        folder = min(nested, key=lambda name: name.count("/")).rpartition("/")[0]
        return (
            f"imsmanifest.xml was found in the folder “{shown(folder)}”, but it must be at the top "
            "level. Zip the content of that folder, not the folder itself."
        )
    if MANIFEST in lower:
        return "The manifest must be named imsmanifest.xml, all in small letters."
    if "cmi5.xml" in lower:
        return f"This is a cmi5 package, not SCORM. {ADVICE}"
    if "tincan.xml" in lower:
        return f"This is an xAPI (Tin Can) package, not SCORM. {ADVICE}"
    if any(name.endswith(AICC) for name in lower):
        return f"This is an AICC package, not SCORM. {ADVICE}"
    if any(is_scorm_1_1(source, entry) for entry in structures(files)):
        return f"This is a SCORM 1.1 package, which is too old to be played. {ADVICE}"
    return f"There is no imsmanifest.xml at the top level of the .zip. {ADVICE}"


def structures(files: dict[str, Entry]) -> Iterator[Entry]:
    """Files that may hold the course structure of SCORM 1.1: an XML file of any name at the top."""
    top = [entry for name, entry in files.items() if re.fullmatch(r"[^/]+\.(xml|csf)", name, re.I)]
    yield from top[:LOOKED_INTO]


def is_scorm_1_1(source: Source, entry: Entry) -> bool:
    try:
        facts = manifest.read(archive.content(source, entry), only_root=True)
    except Refused:
        return False
    return facts is not None and facts.root.casefold() == "content"


def regular(name: str) -> str:
    """With forward slashes, and without the parts that lead nowhere."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    return "/".join(parts) + ("/" if name.endswith(("/", "\\")) else "")


def shown(name: str) -> str:
    """For a sentence: one line, and not endless."""
    line = "".join(letter if letter.isprintable() else "�" for letter in name)
    return line if len(line) <= 120 else f"{line[:119]}…"


def mb(size: int) -> str:
    return f"{size / 1_048_576:,.1f} MB"
