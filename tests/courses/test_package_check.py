"""The first look into a package: what is refused, with which sentence, and what goes on."""

from __future__ import annotations

import io
import zipfile

import pytest

from app.courses.package_check import UnusablePackage, check_package
from tests import samples
from tests.samples import Sample

MANIFEST = (
    b'<?xml version="1.0"?><manifest xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"/>'
)


def zipped_names(members: dict[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    file.seek(0)
    return file


def refusal(file: io.BytesIO) -> str:
    with pytest.raises(UnusablePackage) as caught:
        check_package(file)
    return caught.value.sentence


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "empty"),
        ({"index.html": b""}, "no imsmanifest.xml at the top level"),
        ({"course/imsmanifest.xml": MANIFEST}, "in the folder “course”"),
        ({"a/b/imsmanifest.xml": MANIFEST}, "in the folder “a/b”"),
        ({"IMSManifest.xml": MANIFEST}, "small letters"),
        ({"cmi5.xml": b"<courseStructure/>"}, "cmi5"),
        ({"tincan.xml": b"<tincan/>"}, "xAPI"),
        ({"course.au": b"", "course.crs": b""}, "AICC"),
        ({"imsmanifest.xml": b"not xml"}, "not valid XML (line 1"),
        ({"imsmanifest.xml": b"<other/>"}, "not a SCORM manifest"),
        ({"imsmanifest.xml": b"<manifest><open></manifest>"}, "line 1, column"),
        ({"imsmanifest.xml": b'<!DOCTYPE m [<!ENTITY a "b">]><manifest>&a;</manifest>'}, "safely"),
        ({"imsmanifest.xml": MANIFEST, "../up.html": b""}, "outside the course"),
        ({"imsmanifest.xml": MANIFEST, "/root.html": b""}, "outside the course"),
        ({"imsmanifest.xml": MANIFEST, "C:/x.html": b""}, "outside the course"),
        ({"imsmanifest.xml": MANIFEST, "zeros": b"\0" * 20_000_000}, "far more"),
        ({"__MACOSX/imsmanifest.xml": b"", "x/imsmanifest.xml": MANIFEST}, "folder “x”"),
    ],
)
def test_common_mistakes_have_their_own_sentence(members: dict[str, bytes], words: str) -> None:
    assert words in refusal(zipped_names(members))


def test_what_is_no_zip_says_so() -> None:
    assert "not a zip file" in refusal(io.BytesIO(b"hello"))
    assert "not a zip file" in refusal(io.BytesIO(b""))


def test_an_encrypted_zip_says_so() -> None:
    raw = bytearray(zipped_names({"imsmanifest.xml": MANIFEST}).getvalue())
    for marker, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(marker) + offset] |= 1
    assert "password" in refusal(io.BytesIO(bytes(raw)))


def test_backslashes_of_old_zippers_are_understood() -> None:
    check_package(zipped_names({"imsmanifest.xml": MANIFEST, "pages\\one.html": b""}))


@samples.each(samples.valid())
def test_every_valid_package_passes(sample: Sample) -> None:
    check_package(io.BytesIO(sample.content()))


HOPELESS = (
    "broken-no-manifest", "broken-manifest-is-not-xml", "broken-unbound-namespace",
    "broken-malformed-xml", "broken-nested-folder", "not-scorm-aicc", "not-scorm-cmi5",
    "not-scorm-xapi", "not-scorm-common-cartridge", "not-a-zip",
)  # fmt: skip


@samples.each(sample for sample in samples.broken() if sample.name in HOPELESS)
def test_what_cannot_be_imported_is_refused_here_already(sample: Sample) -> None:
    with pytest.raises(UnusablePackage):
        check_package(io.BytesIO(sample.content()))
