"""Any script on paper: the letters that were typed can be found, copied and read aloud."""

from __future__ import annotations

import io
import subprocess
import unicodedata
from pathlib import Path

import pytest
from pypdf import PdfReader
from reportlab.lib.colors import black
from reportlab.pdfgen.canvas import Canvas

from app.documents import fonts, text
from app.documents.text import SANS, SERIF
from tests.documents.scripts import NAMES

DIRECTION_MARKS = dict.fromkeys([*range(0x200E, 0x2010), *range(0x202A, 0x202F)])


def page_with(*lines: str, size: float = 20) -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(800, 60 * len(lines) + 40))
    for number, line in enumerate(lines):
        text.draw(canvas, line, 20, 60 * number + 30, size, black)
    canvas.save()
    return target.getvalue()


def read(document: bytes, folder: Path, *options: str) -> str:
    """The text as a reader's search sees it; `options` are those of pdftotext."""
    file = folder / "page.pdf"
    file.write_bytes(document)
    command = ["pdftotext", *options, str(file), "-"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return unicodedata.normalize("NFC", " ".join(found.translate(DIRECTION_MARKS).split()))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_text_taken_from_the_page_is_what_was_typed(name: str, tmp_path: Path) -> None:
    name = text.in_one_line(name)
    assert read(page_with(name), tmp_path, "-layout") == name


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_letter_is_an_empty_box(name: str) -> None:
    assert fonts.missing(name) == []
    line = text.shape(name, SANS, fonts.han_family(name), text.base_level(name))
    assert all(glyph.number for glyph in line.glyphs)


def test_emoji_are_drawn_and_keep_their_letters(tmp_path: Path) -> None:
    assert fonts.missing("😀👍🏽") == []
    name = text.in_one_line("Ana 😀👍🏽")
    assert name == "Ana 😀👍"
    assert PdfReader(io.BytesIO(page_with(name))).pages[0].extract_text().strip() == name


def test_letters_that_no_font_has_are_named() -> None:
    assert fonts.missing("Ana 𒀀 Silva 𒀀𒁀") == ["𒀀", "𒁀"]


def test_only_what_is_drawn_gets_into_the_file_and_only_once() -> None:
    once, often = page_with("김민준"), page_with(*["김민준"] * 30)
    assert len(once) < 20_000
    assert often.count(b"/Subtype /Form") == once.count(b"/Subtype /Form") == 3


@pytest.mark.parametrize(
    ("name", "zone", "family"),
    [
        ("山田太郎", "Asia/Tokyo", "noto-sans-jp"),
        ("山田太郎 アカデミー", "Europe/Berlin", "noto-sans-jp"),
        ("김 金", "UTC", "noto-sans-kr"),
        ("邓小红", "UTC", "noto-sans-sc"),
        ("鄧麗君", "UTC", "noto-sans-tc"),
        ("鄧麗君", "Asia/Taipei", "noto-sans-tc"),
        ("邓小红", "Asia/Tokyo", "noto-sans-sc"),
    ],
)
def test_han_signs_have_the_shapes_of_their_country(name: str, zone: str, family: str) -> None:
    assert fonts.han_family(name, zone=zone) == family


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_lines_fit_their_room_and_lose_nothing(name: str) -> None:
    long = " ".join([name] * 6)
    found = text.fitted(long, SERIF, 36, 13, 490, lines=3)
    for line in found.lines:
        assert text.width(line, SERIF, found.han) * found.size <= 490.5
    assert "".join("".join(found.lines).split()) == "".join(text.in_one_line(long).split())


def test_a_line_never_breaks_within_what_is_one_letter_to_people() -> None:
    found = text.paragraph("น้ำทิพย์ปิ่นเกล้า" * 3, SANS, 20, 60)
    assert len(found.lines) > 3
    for line in found.lines:
        assert unicodedata.category(line[0]) != "Mn"


def test_a_word_wider_than_the_room_breaks_between_letters() -> None:
    found = text.paragraph("X" * 120, SANS, 20, 300)
    assert "".join(found.lines) == "X" * 120
    assert len(found.lines) > 4
