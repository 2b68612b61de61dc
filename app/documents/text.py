"""Text in any script: measured, broken into lines, and drawn on a page.

Letters that need no shaping are written as ordinary text. All others are drawn as outlines shaped
by HarfBuzz, each glyph kept in the file once, over the same text written invisibly for whoever
searches, copies or listens. Sizes are in points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from app.documents import fonts, invisible
from app.documents.outlines import draw_glyph
from app.documents.shaping import Style, base_level, letters, shape

SANS, SERIF, BOLD = Style(), Style(serif=True), Style(bold=True)
# Composed letters of Latin, Greek and Cyrillic, and common signs: all in DejaVu, side by side.
PLAIN = re.compile(
    r"[\x20-\u024f\u0370-\u03ff\u0400-\u052f\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20b5\u2122]*"
)
SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
BREAKS_ANYWHERE = {"Hani", "Hira", "Kana", "Bopo", "Thai", "Laoo", "Khmr", "Mymr"}
NEVER_FIRST = set(
    "、。，．・：；？！ー」』）】〕》〉ゝゞ々ぁぃぅぇぉっゃゅょァィゥェォッャュョ”’…,.;:!?)]}%๏ๆฯ។၊။"
)
NEVER_LAST = set("「『（【〔《〈“‘([{")


@dataclass(frozen=True)
class Paragraph:
    """Text broken into lines at one size."""

    lines: tuple[str, ...]
    style: Style
    size: float
    leading: float
    han: str
    level: int  # 1 where it is read from the right

    @property
    def height(self) -> float:
        return len(self.lines) * self.leading


def printable(text: str) -> str:
    """Composed letters, and none that are control marks or turn the direction of others."""
    return UNPRINTABLE.sub("", unicodedata.normalize("NFC", text))


def in_one_line(text: str) -> str:
    """The printable letters with single spaces; emoji lose their skin tones, which no font has."""
    return " ".join(SKIN_TONES.sub("", printable(text)).split())


def width(text: str, style: Style = SANS, han: str | None = None) -> float:
    """How wide a line is, in ems."""
    if PLAIN.fullmatch(text):
        return float(pdfmetrics.stringWidth(text, registered(style), 1))
    return shape(text, style, han or fonts.han_family(text), base_level(text)).width


def paragraph(
    text: str, style: Style, size: float, room: float, leading: float = 1.2, han: str | None = None
) -> Paragraph:
    """The text in lines that fit this room, in points; `leading` is in ems."""
    text = in_one_line(text)
    han = han or fonts.han_family(text)
    lines = wrapped(text, style, room / size, han)
    return Paragraph(tuple(lines), style, size, leading * size, han, base_level(text))


def fitted(
    text: str,
    style: Style,
    largest: float,
    smallest: float,
    room: float,
    lines: int,
    leading: float = 1.2,
    han: str | None = None,
) -> Paragraph:
    """The text as large as fits: on one line, where that needs no more than a third off, else on
    so many lines with its words whole; at the smallest size on as many lines as it takes."""
    size = largest
    while size > smallest:
        found = paragraph(text, style, size, room, leading, han)
        one_line = len(found.lines) == 1 and size >= largest * 0.66
        whole = len(found.lines) <= lines and words_whole(found, text)
        if one_line or (whole and size < largest * 0.8):
            return found
        size -= 0.5
    return paragraph(text, style, smallest, room, leading, han)


def words_whole(found: Paragraph, text: str) -> bool:
    """Whether lines were broken only where a script allows it."""
    pieces = set("".join(found.lines).split())
    return all(word in pieces or _breakable(word) for word in in_one_line(text).split()) or (
        " ".join(found.lines) == in_one_line(text)
    )


@lru_cache(maxsize=20_000)
def wrapped(text: str, style: Style, room: float, han: str) -> tuple[str, ...]:
    """Lines that fit the room, in ems. A piece wider than that breaks between two letters."""
    lines, line, wide = [], "", 0.0
    for piece in _pieces(text):
        across = _width(piece, style, han)
        if wide + _width(piece.rstrip(), style, han) <= room:
            line, wide = line + piece, wide + across
            continue
        if line:
            lines.append(line.rstrip())
        line, wide = "", 0.0
        for letter in letters(piece):
            if line and wide + _width(letter, style, han) > room:
                lines.append(line.rstrip())
                line, wide = "", 0.0
            line, wide = line + letter, wide + _width(letter, style, han)
    return (*lines, line.rstrip())


def _width(piece: str, style: Style, han: str) -> float:
    return width(piece, style, han) if piece else 0.0


def _pieces(text: str) -> list[str]:
    """What must stay together on a line, each with the space that follows it."""
    found: list[str] = []
    for word in re.findall(r"\S+\s*|\s+", text):
        if _breakable(word):
            found += _joined(letters(word))
        else:
            found.append(word)
    return found


def _breakable(word: str) -> bool:
    return any(fonts.script_of(one) in BREAKS_ANYWHERE for one in word)


def _joined(parts: Sequence[str]) -> list[str]:
    """Letters with the signs that may not begin or end a line beside them, and spaces."""
    found: list[str] = []
    for part in parts:
        if found and (
            part.isspace()
            or part[0] in NEVER_FIRST
            or found[-1][-1] in NEVER_LAST
            or not _breakable(part + found[-1])
        ):
            found[-1] += part
        else:
            found.append(part)
    return found


def draw(
    canvas: Canvas,
    text: str,
    x: float,
    y: float,
    size: float,
    color: Color,
    style: Style = SANS,
    han: str | None = None,
    level: int | None = None,
) -> None:
    """Draw one line whose left end and foot stand at this point."""
    canvas.setFillColor(color)
    if PLAIN.fullmatch(text):
        canvas.setFont(registered(style), size)
        canvas.drawString(x, y, text)
        return
    level = base_level(text) if level is None else level
    line = shape(text, style, han or fonts.han_family(text), level)
    invisible.write(canvas, line.visual, x, y, size, line.width * size)
    for glyph in line.glyphs:
        draw_glyph(canvas, glyph.face, glyph.number, x + glyph.x * size, y + glyph.y * size, size)


def draw_paragraph(
    canvas: Canvas,
    found: Paragraph,
    x: float,
    top: float,
    room: float,
    color: Color,
    centered: bool = False,
) -> None:
    """Draw its lines below `top`, centered in the room or from the left; several lines of text that
    is read from the right end at the right."""
    ends_right = found.level and len(found.lines) > 1
    share = 0.5 if centered else float(ends_right)
    y = top - found.leading * 0.5 - found.size * 0.36
    for line in found.lines:
        left = (room - width(line, found.style, found.han) * found.size) * share
        draw(canvas, line, x + left, y, found.size, color, found.style, found.han, found.level)
        y -= found.leading


def registered(style: Style) -> str:
    """The name by which ReportLab knows DejaVu in this style."""
    file = fonts.base(style.serif, style.weight).file
    if file.stem not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(file.stem, str(file)))
    return str(file.stem)
