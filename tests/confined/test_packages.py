"""Packages as odd tools and far countries make them: what the first look says of each."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.courses.package_check import UnusablePackage, check_package
from confined.answers import Refused
from confined.package import check
from tests.confined.zips import PAGE, Member, course, good_members, manifest, raw_zip, zipped


class Bytes:
    """A package in memory, for what is asked thousands of times."""

    def __init__(self, content: bytes) -> None:
        self.content, self.size = content, len(content)

    def read(self, at: int, length: int) -> bytes:
        return self.content[at : at + length]


def looked_at(package: bytes) -> str | None:
    return check_package(io.BytesIO(package))


def refusal(package: bytes) -> str:
    with pytest.raises(UnusablePackage) as refused:
        looked_at(package)
    return refused.value.sentence


ENCODINGS = [
    # as Python calls it, as the document does, and a title in it
    ("utf-8", "UTF8", "Sécurité"),
    ("utf-8", "utf-8", "Sécurité"),
    ("utf-8-sig", "UTF-8", "安全"),
    ("utf-8", "", "安全"),
    ("utf-16", "UTF-16", "安全"),
    ("utf-16-le", "utf-16", "Sécurité"),
    ("utf-16-be", "UTF-16BE", "Sécurité"),
    ("utf-32", "UTF-32", "安全"),
    ("utf-32-be", "UTF-32", "安全"),
    ("utf-8", "UTF-16", "says UTF-16 and is not"),
    ("latin-1", "ISO-8859-1", "Sécurité"),
    ("latin-1", "latin1", "Sécurité"),
    ("cp1252", "windows-1252", "“Sécurité” – €"),
    ("iso8859-15", "ISO-8859-15", "Sécurité €"),
    ("iso8859-2", "iso-8859-2", "Bezpečnost"),
    ("cp1251", "windows-1251", "Безопасность"),
    ("koi8-r", "KOI8-R", "Безопасность"),
    ("iso8859-8", "ISO-8859-8", "בטיחות"),
    ("cp1256", "windows-1256", "السلامة"),
    ("cp874", "TIS-620", "ความปลอดภัย"),
    ("gbk", "GBK", "安全培训課程"),
    ("gb2312", "gb2312", "安全培训"),
    ("gb18030", "GB18030", "安全培训課程"),
    ("big5", "Big5", "安全培訓課程"),
    ("big5hkscs", "Big5-HKSCS", "安全培訓課程"),
    ("cp932", "Shift_JIS", "安全衛生教育①"),
    ("cp932", "windows-31j", "安全衛生教育①"),
    ("shift_jis", "x-sjis", "安全衛生教育"),
    ("euc_jp", "EUC-JP", "安全衛生教育"),
    ("iso2022_jp", "ISO-2022-JP", "安全衛生教育"),
    ("euc_kr", "EUC-KR", "안전 교육"),
    ("cp949", "ks_c_5601-1987", "안전 교육 똠"),
    ("mac_roman", "x-mac-roman", "Sécurité"),
    ("ascii", "US-ASCII", "Safety"),
    ("utf-8", "klingon", "unknown here, but perhaps not there"),
    ("utf-7", "UTF-7", "unknown here as well"),
]


@pytest.mark.parametrize(("encoding", "declared", "title"), ENCODINGS)
def test_every_legal_encoding_is_handed_on(encoding: str, declared: str, title: str) -> None:
    assert looked_at(course(manifest(title, encoding, declared))) is None


@pytest.mark.parametrize("encoding", ["utf-16", "shift_jis", "gbk", "big5", "euc_kr"])
def test_what_stands_in_such_a_manifest_is_understood(encoding: str) -> None:
    other = manifest("安全", encoding, about="<schema>QTI Package</schema>") if encoding in (
        "utf-16", "shift_jis", "gbk", "big5"
    ) else manifest("안전", encoding, about="<schema>QTI Package</schema>")  # fmt: skip
    assert "This is a QTI package" in refusal(course(other))


def test_a_manifest_that_is_not_in_its_encoding_says_so() -> None:
    body = manifest("x", declared="EUC-KR").replace(b"<title>x", b"<title>\xff\xff")
    assert "not in the encoding that it names" in refusal(course(body))
    body = manifest("x").replace(b"<title>x", b"<title>\xe9t\xe9")
    assert "not valid XML (line 2" in refusal(course(body))


ROOTS = ["./imsmanifest.xml", ".\\imsmanifest.xml", "././imsmanifest.xml", ".//imsmanifest.xml"]


@pytest.mark.parametrize("name", ROOTS)
def test_a_dot_is_the_root(name: str) -> None:
    page = Member(b"./index.html")
    looked_at(raw_zip([Member(name.encode(), manifest()), page]))


@pytest.mark.parametrize(
    "name",
    [
        "Lesson 1: intro.html", "Lesson 1:/intro.html", "a//b.html", "über uns.html", "a\\b.html",
        "12:30.html", ":.html", "...", "..a/b", "a..", "-", "~", "COM1", "x" * 300, "a?b*c.html",
        "安全.html", "__MACOSX/._imsmanifest.xml", ".DS_Store", "Thumbs.db", "empty/", "a/b/c/",
    ],
)  # fmt: skip
def test_odd_names_are_handed_on(name: str) -> None:
    looked_at(course(**{name: b"x"}))


@pytest.mark.parametrize(
    "name",
    ["../up.html", "a/../../up.html", "/root.html", "\\root.html", "\\\\host\\x", "C:/x.html",
     "c:\\x.html", "C:x.html", "..\\up.html", "a/..", "./../x", "//host/x"],
)  # fmt: skip
def test_names_that_lead_outside_are_refused_by_name(name: str) -> None:
    said = refusal(raw_zip([*good_members(), Member(name.encode())]))
    assert f"leads outside the course, “{name}”" in said


@pytest.mark.parametrize(
    ("raw", "flags"),
    [
        (b"caf\xe9.png", 0x800),  # flagged as UTF-8, and is not
        ("café.png".encode(), 0),  # not flagged, and is
        (b"caf\x82.png", 0),  # of DOS
        ("安全.png".encode("gbk"), 0),
        ("安全.png".encode("shift_jis"), 0x800),
        (b"\xff\xfe\x00", 0x800),
        (b"", 0),
    ],
)
def test_names_in_any_bytes_are_handed_on(raw: bytes, flags: int) -> None:
    looked_at(raw_zip([*good_members(), Member(raw, flags=flags)]))


def stub(package: bytes) -> bytes:
    return b"MZ" + b"\x90" * 5000 + package


SHAPES = {
    "data behind the files": raw_zip(
        [Member(b"imsmanifest.xml", manifest(), descriptor=True), Member(b"index.html")]
    ),
    "stored": zipped({"imsmanifest.xml": manifest(), "index.html": PAGE}, 0),
    "a comment": raw_zip(good_members(), comment="© 2026 by PK".encode()),
    "the longest comment": raw_zip(good_members(), comment=b"x" * 65_535),
    "a comment like an end": raw_zip(good_members(), comment=b"PK\x05\x06" + bytes(18)),
    "bytes in front, counted": raw_zip(good_members(), prefix=b"MZ" * 999),
    "bytes in front, not counted": stub(raw_zip(good_members())),
    "bytes behind": raw_zip(good_members()) + b"\r\n" * 20,
    "zip64": raw_zip(good_members(), zip64=True),
    "zip64 behind bytes": stub(raw_zip(good_members(), zip64=True)),
    "zip64 in an entry": raw_zip(
        [Member(b"imsmanifest.xml", manifest(), size=0xFFFFFFFF,
                extra=b"\x01\x00\x08\x00" + len(manifest()).to_bytes(8, "little")),
         Member(b"index.html")]
    ),
    "a wrong count": raw_zip(good_members(), count=9),
    "extra fields": raw_zip([Member(b"imsmanifest.xml", manifest(), extra=b"UT\x05\x00\x03abcd")]),
    "half an extra field": raw_zip([Member(b"imsmanifest.xml", manifest(), extra=b"UT\x09")]),
    "junk of a Mac": course(**{"__MACOSX/._imsmanifest.xml": b"\0\5\x16\7", "__MACOSX/x/": b""}),
    "three megabytes of silence": course(**{"silence.wav": bytes(3_145_732)}),
    "ten megabytes of silence": course(**{"silence.wav": bytes(10_485_760)}),
    "QTI beside it": course(
        manifest(resources='<resource identifier="Q" type="imsqti_xmlv1p2" href="q.xml">'
                 "<metadata><schema>QTIv1.2</schema></metadata></resource>")
    ),
    "a manifest within": course(
        manifest(resources="<manifest><metadata><schema>IMS Common Cartridge</schema></metadata>"
                 "</manifest>")
    ),
    "no schema": course(manifest(about="")),
    "a document type": course(manifest(head='<!DOCTYPE manifest SYSTEM "x.dtd">')),
    "a style sheet": course(manifest(head='<?xml-stylesheet href="x.xsl"?><!-- by a tool -->')),
    "a large signature": course(manifest(resources=f"<!--{'x' * 300_000}-->")),
    "a long value": course(manifest(resources=f'<resource identifier="b" href="{"x" * 90_000}"/>')),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_whatever_is_legal_is_handed_on(shape: str) -> None:
    assert looked_at(SHAPES[shape]) is None


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("<schema>IMS Common Cartridge</schema>", "This is a Common Cartridge package, not SCORM."),
        ("<schema>IMS Thin Common Cartridge</schema>", "This is a Common Cartridge package"),
        ("<schema> QTI\n Package </schema>", "This is a QTI package, not SCORM."),
        ("<schema>QTIv2.1 Package</schema>", "This is a QTI package, not SCORM."),
        ("<schema><![CDATA[IMS Content]]></schema>", "This is an IMS content package, not SCORM."),
    ],
)
def test_the_schema_of_the_whole_says_what_it_is(about: str, said: str) -> None:
    assert said in refusal(course(manifest(about=about)))


CSF = b'<?xml version="1.0"?><content><globalProperties/><block id="B1"/></content>'


def test_scorm_1_1_is_called_so() -> None:
    assert "This is a SCORM 1.1 package" in refusal(zipped({"Course.xml": CSF, "a.html": PAGE}))
    assert "no imsmanifest.xml" in refusal(zipped({"data.xml": b"<rows/>", "deep/c.xml": CSF}))
    assert "no imsmanifest.xml" in refusal(zipped({"data.xml": b"no xml", "a.html": PAGE}))


def test_two_manifests_at_the_top_are_refused() -> None:
    two = [Member(b"imsmanifest.xml", manifest()), Member(b"./imsmanifest.xml", manifest())]
    assert "two files named imsmanifest.xml" in refusal(raw_zip(two))


LOM = "<lom><general><title><langstring xml:lang='en'>{}</langstring></title></general></lom>"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (manifest("Ropes"), None),
        (manifest("", item=" \n "), ""),
        (manifest("", item="Part one"), "Part one"),
        (manifest("", item="Part one", about=LOM.format("Ropes")), "Ropes"),
        (manifest("", about="<lom><general><title><string>Ropes</string></title></general></lom>"),
         "Ropes"),
        (manifest("<![CDATA[Ropes & <b>]]>"), None),
        (manifest("<!-- no --> Ropes"), None),
        (manifest("", resources="<resource><metadata><title>Not this</title></metadata></resource>"
                  ), ""),
    ],
)  # fmt: skip
def test_the_title_of_a_course_whose_organization_has_none(body: bytes, title: str | None) -> None:
    assert looked_at(course(body)) == title


def test_silence_that_is_too_long_is_named() -> None:
    said = refusal(course(**{"silence.wav": bytes(40_000_000)}))
    assert "38.1 MB of it in “silence.wav”" in said


def test_the_file_stands_where_it_stood() -> None:
    file = io.BytesIO(course())
    check_package(file)
    check_package(file)


def test_a_real_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "course.zip"
    path.write_bytes(course())
    with path.open("rb") as file:
        check_package(file)
        file.seek(0)
        assert file.read() == course()


GOOD = course(manifest("Ladder safety"), **{"pages/one.html": PAGE * 9, "über.html": PAGE})
Change = tuple[str, int, int]
changes = some.lists(
    some.tuples(
        some.sampled_from(["flip", "cut", "double", "zero"]),
        some.integers(0, len(GOOD) - 1),
        some.integers(0, 255),
    ),
    max_size=6,
)


def changed(package: bytes, done: list[Change]) -> bytes:
    for what, at, value in done:
        if what == "cut":
            package = package[: max(at, 1)]
        elif what == "double":
            package = package[:at] + package[at : at + value] * 2 + package[at + value :]
        elif what == "zero":
            package = package[:at] + bytes(value) + package[at + value :]
        elif at < len(package):
            package = package[:at] + bytes([package[at] ^ (value or 1)]) + package[at + 1 :]
    return package


@settings(max_examples=3000, deadline=None)
@given(changes)
def test_whatever_happens_to_a_package_there_is_an_answer(done: list[Change]) -> None:
    try:
        check(Bytes(changed(GOOD, done)))
    except Refused as refused:
        assert str(refused).endswith(".")


@settings(max_examples=1000, deadline=None)
@given(some.binary(max_size=400))
def test_any_bytes_have_an_answer(content: bytes) -> None:
    for package in (content, course(content), course(manifest() + content)):
        try:
            check(Bytes(package))
        except Refused as refused:
            assert str(refused).endswith(".")
