"""Packages made to hurt whoever reads them: none takes more than 50 MB and 2 seconds."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import sys
import zlib
from collections.abc import Callable

import pytest

from app.courses.package_check import BUDGET, UnusablePackage, check_package
from confined.answers import REFUSED
from tests.confined.spending import spent
from tests.confined.zips import (
    PAGE,
    Member,
    course,
    deflated,
    ended,
    good_members,
    manifest,
    raw_zip,
    zipped,
)

MB = 1_048_576
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own count is asked")


def swollen(body: bytes, megabytes: int) -> bytes:
    """Deflated: the body, and then so many megabytes of nothing."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    parts = [squeezer.compress(body)]
    parts += [squeezer.compress(bytes(MB)) for _ in range(megabytes)]
    return b"".join([*parts, squeezer.flush()])


def with_manifest(**facts: object) -> bytes:
    return raw_zip([Member(b"imsmanifest.xml", manifest(), **facts), Member(b"index.html")])  # type: ignore[arg-type]


def many_folders(number: int, said: int | None = None) -> bytes:
    """A list that names one folder again and again, in 40 MB that pack to a few kilobytes."""
    entry = b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 0, 0, 33) + bytes(12)
    entry += struct.pack("<HHHHHLL", 4, 0, 0, 0, 0, 0, 0) + b"abc/"
    return ended(entry * number, number, 0, count=said, zip64=said is None)


def overlapping() -> bytes:
    """Sixty entries are the same large file."""
    body = bytes(30 * MB)
    members = [Member(b"imsmanifest.xml", manifest()), Member(b"big", body)]
    at = raw_zip(members).index(b"PK\x03\x04", 4)
    same = {"body": b"", "size": len(body), "packed": b"", "packed_size": 30_000, "at": at}
    return raw_zip([*members, *(Member(b"%d" % n, **same) for n in range(60))])  # type: ignore[arg-type]


def xml(inside: bytes, before: bytes = b"") -> bytes:
    head = b'<?xml version="1.0"?>' + before
    return course(head + b'<manifest xmlns:a="urn:a">' + inside + b"</manifest>")


def laughs() -> bytes:
    lines = [b'<!ENTITY l0 "ha">']
    lines += [b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12)]
    return xml(b"&l11;", b"<!DOCTYPE manifest [%s]>" % b"".join(lines))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "bzip2 with a false size": lambda: with_manifest(
        method=12, packed=bz2.compress(bytes(500 * MB)), size=600
    ),
    "lzma with a false size": lambda: with_manifest(
        method=14, packed=lzma.compress(bytes(100 * MB)), size=600
    ),
    "a manifest that swells": lambda: with_manifest(packed=swollen(manifest(), 900)),
    "a manifest that says so": lambda: with_manifest(
        packed=swollen(manifest(), 900), size=900 * MB
    ),
    "a manifest of 5 MB of zeros": lambda: course(bytes(5 * MB)),
    "a page that swells": lambda: zipped(
        {"imsmanifest.xml": manifest(), "zeros": bytes(300 * MB)}
    ),
    "sizes beyond all": lambda: raw_zip([*good_members(), Member(b"x", size=0xFFFFFFFF)]),
    "800,000 folders": lambda: many_folders(800_000),
    "800,000 folders, said to be one": lambda: many_folders(800_000, said=1),
    "20,000 long names": lambda: raw_zip(
        [*good_members(), *(Member(b"%0200d" % n, b"", method=0) for n in range(19_990))]
    ),
    "20,000 names from afar": lambda: raw_zip(
        [*good_members(), *(Member(b"\x80" * 190 + b"%05d" % n, b"", 0) for n in range(19_990))]
    ),
    "20,000 files and no manifest": lambda: raw_zip(
        [Member(b"%0190d.xml" % n, b"<a/>", method=0) for n in range(15_000)]
    ),
    "files on top of each other": overlapping,
    "a comment of end marks": lambda: raw_zip(good_members(), comment=b"PK\x05\x06" * 16_383),
    "a list of 16 exabytes": lambda: raw_zip(good_members(), zip64=True, list_size=2**64 - 1),
    "a list that begins nowhere": lambda: raw_zip(good_members(), list_size=0xFFFFFFF0),
    "entities in entities": laughs,
    "one very long entity": lambda: xml(
        b"&a;" * 100, b'<!DOCTYPE m [<!ENTITY a "%s">]>' % (b"x" * MB)
    ),
    "an entity of the disk": lambda: xml(
        b"&a;", b'<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    ),
    "a million levels": lambda: course(b"<manifest>" + b"<a>" * 1_000_000),
    "a million elements": lambda: xml(b"<a/>" * 1_200_000),
    "half a million attributes": lambda: xml(
        b"<a " + b"".join(b'a%d=""' % n + b" " for n in range(400_000)) + b"/>"
    ),
    "a hundred thousand namespaces": lambda: xml(
        b"<a " + b"".join(b'xmlns:n%d="u%d" ' % (n, n) for n in range(100_000)) + b"/>"
    ),
    "many namespaces in many elements": lambda: xml(
        b"".join(b'<a xmlns:n%d="u%d"/>' % (n, n) for n in range(150_000))
    ),
    "a value of 5 MB": lambda: xml(b'<a b="' + b"x" * (5 * MB - 200) + b'"/>'),
    "a comment of 5 MB": lambda: xml(b"<!--" + b"x" * (5 * MB - 200) + b"-->"),
    "a comment that never ends": lambda: course(b"<manifest><!--" + b"-" * (5 * MB - 200)),
    "a name of 5 MB": lambda: course(b"<" + b"a" * (5 * MB - 10)),
    "a schema of 4 MB": lambda: xml(
        b"<metadata><schema>" + b"x" * (4 * MB) + b"</schema></metadata>"
    ),
    "5 MB of ampersands": lambda: xml(b"<title>" + b"&amp;" * 1_000_000 + b"</title>"),
    "4 MB of titles": lambda: xml(b"<title>x</title>" * (4 * MB // 16)),
    "5 MB in UTF-16": lambda: course(
        ("<manifest>" + "<a/>" * 600_000 + "</manifest>").encode("utf-16")
    ),
    "5 MB in GBK": lambda: course(
        manifest("安全" * 500_000, "gbk")
    ),
    "5 MB in Shift_JIS": lambda: course(manifest("安全" * 500_000, "shift_jis")),
    "an escaping codec": lambda: course(
        b'<?xml version="1.0" encoding="unicode_escape"?><manifest/>' + b"\\U0010ffff" * 400_000
    ),
    "an idle codec": lambda: course(
        b'<?xml version="1.0" encoding="idna"?><manifest>' + b"a." * 2_000_000
    ),
}  # fmt: skip


@linux_only
@pytest.mark.parametrize("name", HOSTILE)
def test_no_package_takes_more_than_its_budget(name: str) -> None:
    told = spent("package", HOSTILE[name](), BUDGET)
    assert told.status in (0, REFUSED), told
    assert told.memory < 50, told
    assert told.seconds < 2, told


HARMLESS = {
    "20,000 long names", "20,000 names from afar", "a comment of end marks", "an escaping codec",
    "an idle codec", "a million elements", "5 MB in UTF-16", "5 MB in GBK", "5 MB in Shift_JIS",
    "5 MB of ampersands", "4 MB of titles", "many namespaces in many elements",
    "a schema of 4 MB",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - HARMLESS))
def test_what_endangers_us_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(UnusablePackage) as refused:
        check_package(io.BytesIO(HOSTILE[name]()))
    assert refused.value.sentence.endswith(".")
    assert "budget" not in refused.value.sentence


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_what_is_only_strange_is_handed_on(name: str) -> None:
    check_package(io.BytesIO(HOSTILE[name]()))


def test_a_reader_that_is_stopped_is_an_answer_too() -> None:
    """Whatever is found one day that breaks the reader itself, the worker goes on."""
    from confined import running
    from confined.answers import OverBudget
    from confined.budget import Budget

    with pytest.raises(OverBudget):
        running.read("package", io.BytesIO(course(bytes(5 * MB))), Budget(64 * 1024, 1, 20))


def test_a_method_that_players_do_not_read_is_named() -> None:
    for method in (1, 6, 9, 12, 14, 93, 95, 98, 99):
        odd = raw_zip([*good_members(), Member(b"film.mp4", method=method)])
        with pytest.raises(UnusablePackage, match=r"“film.mp4” is compressed by a method"):
            check_package(io.BytesIO(odd))


@pytest.mark.parametrize(
    "members",
    [
        [Member(b"imsmanifest.xml", manifest(), crc=1)],
        [Member(b"imsmanifest.xml", manifest(), size=5)],
        [Member(b"imsmanifest.xml", manifest(), size=5000)],
        [Member(b"imsmanifest.xml", manifest(), packed=b"\xff" * 50)],
        [Member(b"imsmanifest.xml", manifest(), packed=deflated(manifest())[:-9])],
        [Member(b"imsmanifest.xml", manifest(), packed_size=50_000)],
        [Member(b"imsmanifest.xml", manifest(), at=7)],
        [Member(b"imsmanifest.xml", manifest(), at=0xFFFFFFF0)],
        [Member(b"imsmanifest.xml", manifest(), method=0, size=5)],
        [Member(b"imsmanifest.xml", PAGE, method=0, packed=b"")],
    ],
)  # fmt: skip
def test_damaged_data_say_that_the_file_is_damaged(members: list[Member]) -> None:
    with pytest.raises(UnusablePackage, match="The file is damaged"):
        check_package(io.BytesIO(raw_zip(members)))
