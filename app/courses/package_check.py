"""A first look into an uploaded package, so that the common mistakes get their own sentence.

Only what can be said for certain is refused here: SCORM Cloud does the real import and has the last
word. Nothing is unpacked to disk, and no name in the archive is used as a path.
"""

from __future__ import annotations

import zipfile
from typing import BinaryIO, NoReturn
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.errors import BadInput

MANIFEST = "imsmanifest.xml"
MOST_ENTRIES, MOST_UNPACKED, MOST_RATIO = 20_000, 2 * 1024**3, 200
LARGE_ENTRY, LARGEST_MANIFEST = 1_048_576, 5 * 1_048_576
JUNK = ("__MACOSX/",)
ADVICE = (
    "Export the course as SCORM 1.2 or SCORM 2004 from your authoring tool and upload that .zip."
)


class UnusablePackage(BadInput):
    """Carries the sentence that the course shows as its reason."""


def check_package(file: BinaryIO) -> None:
    """Raises UnusablePackage with a plain reason; returns for anything that may well be SCORM."""
    try:
        with zipfile.ZipFile(file) as archive:
            check_entries(archive.infolist())
            check_manifest(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise UnusablePackage(f"This is not a zip file, or it is damaged. {ADVICE}") from error


def refuse(sentence: str) -> NoReturn:
    raise UnusablePackage(sentence)


def check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if not entries:
        refuse(f"The .zip is empty. {ADVICE}")
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        refuse("The .zip unpacks to far more than a course needs, so it was not opened.")
    for entry in entries:
        if entry.flag_bits & 0x1:
            refuse("The .zip is protected with a password. Export it again without one.")
        ratio = entry.file_size / max(entry.compress_size, 1)
        if entry.file_size > LARGE_ENTRY and ratio > MOST_RATIO:
            refuse("The .zip unpacks to far more than a course needs, so it was not opened.")
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or entry.filename.startswith(("/", "\\")) or ":" in parts[0]:
            refuse("The .zip contains file names that lead outside the course. Export it again.")


def check_manifest(archive: zipfile.ZipFile) -> None:
    entries = {entry.filename.replace("\\", "/"): entry for entry in archive.infolist()}
    if MANIFEST not in entries:
        refuse(why_no_manifest([name for name in entries if not name.startswith(JUNK)]))
    if entries[MANIFEST].file_size > LARGEST_MANIFEST:
        refuse("The package's imsmanifest.xml is too large to be a manifest.")
    root = parse(archive.read(entries[MANIFEST]))
    if local(root.tag) != "manifest":
        refuse("The imsmanifest.xml is not a SCORM manifest.")
    schema = " ".join(text(root, "schema") + text(root, "schemaversion")).casefold()
    for other in ("common cartridge", "qti", "ims content"):
        if other in schema:
            refuse(f"This is an {other.title()} package, not SCORM. {ADVICE}")


def why_no_manifest(names: list[str]) -> str:
    """The most common mistakes, told apart by what else is in the archive."""
    lower = [name.casefold() for name in names]
    nested = next((name for name in names if name.casefold().endswith("/" + MANIFEST)), None)
    if nested:
        folder = nested.rpartition("/")[0]
        return (
            f"imsmanifest.xml was found in the folder “{folder}”, but it must be at the top level. "
            "Zip the content of that folder, not the folder itself."
        )
    if MANIFEST in lower:
        return "The manifest must be named imsmanifest.xml, all in small letters."
    if "cmi5.xml" in lower:
        return f"This is a cmi5 package, not SCORM. {ADVICE}"
    if "tincan.xml" in lower:
        return f"This is an xAPI (Tin Can) package, not SCORM. {ADVICE}"
    if any(name.endswith((".crs", ".au", ".des", ".cst")) for name in lower):
        return f"This is an AICC package, not SCORM. {ADVICE}"
    return f"There is no imsmanifest.xml at the top level of the .zip. {ADVICE}"


def parse(manifest: bytes) -> Element:
    try:
        return fromstring(manifest, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except ParseError as error:
        line, column = error.position
        raise UnusablePackage(
            f"The imsmanifest.xml is not valid XML (line {line}, column {column + 1}). {ADVICE}"
        ) from error
    except (DefusedXmlException, ValueError, LookupError) as error:
        raise UnusablePackage(f"The imsmanifest.xml cannot be read safely. {ADVICE}") from error


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def text(root: Element, name: str) -> list[str]:
    return [element.text or "" for element in root.iter() if local(str(element.tag)) == name]
