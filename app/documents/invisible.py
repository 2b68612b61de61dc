"""A font without outlines: text that cannot be seen, but be searched, copied and read aloud.

Shaped text is drawn as outlines, which carry no letters. The letters lie beneath in this font.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfgen.canvas import Canvas

NAME = "HubInvisible"
ADVANCE = 0.5  # in ems: the width of every letter
BEYOND_UTF16 = re.compile(r"(?<=> <)[0-9A-F]{5,6}(?=>)")


class _AnyLetter(dict[int, int]):
    """Every character has a glyph, the empty one."""

    def __contains__(self, code: object) -> bool:
        return isinstance(code, int)

    def __missing__(self, code: int) -> int:
        return 1


class InvisibleFont(ttfonts.TTFont):
    """ReportLab names characters in UTF-16 of one unit only; emoji and rare signs have two."""

    def addObjects(self, doc: Any) -> None:  # noqa: N802  ReportLab's name
        super().addObjects(doc)
        for name, written in doc.idToObject.items():
            if str(name).startswith("toUnicodeCMap:") and self.face.name.decode() in str(name):
                written.content = BEYOND_UTF16.sub(_utf16, written.content)


def _utf16(code: re.Match[str]) -> str:
    return chr(int(code[0], 16)).encode("utf-16-be").hex().upper()


def write(canvas: Canvas, visual: str, x: float, y: float, size: float, width: float) -> None:
    """Write letters from left to right so that they fill this width, in points."""
    if not visual or width <= 0:
        return
    text = canvas.beginText(x, y)
    text.setTextRenderMode(3)
    text.setFont(font(), size)
    text.setHorizScale(100 * width / (len(visual) * ADVANCE * size))
    text.textOut(visual)
    text.setHorizScale(100)
    text.setTextRenderMode(0)
    canvas.drawText(text)


@lru_cache(maxsize=1)
def font() -> str:
    """Its name, once ReportLab knows it."""
    made = InvisibleFont(NAME, io.BytesIO(_file()), asciiReadable=0)
    made.face.charToGlyph = _AnyLetter()
    pdfmetrics.registerFont(made)
    return NAME


def _file() -> bytes:
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "letter"])
    builder.setupCharacterMap({0x20: "letter"})
    builder.setupGlyf({".notdef": Glyph(), "letter": Glyph()})
    advance = int(ADVANCE * 1000)
    builder.setupHorizontalMetrics({".notdef": (advance, 0), "letter": (advance, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": NAME, "styleName": "Regular", "psName": NAME})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    target = io.BytesIO()
    builder.save(target)
    return target.getvalue()
