"""The paper of a certificate: a panel in the brand's colour with engraved lines, frame and QR code.

Drawn as vectors, without any text: what can be read comes from the template and lies on top.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from functools import lru_cache

import segno
from reportlab.lib.colors import Color, HexColor, white
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 841.89, 595.28  # A4 landscape, in points
EDGE = 26.0
PANEL = 208.0  # width of the coloured panel
CODE = 92.0  # side of the QR code
CODE_LEFT, CODE_BOTTOM = EDGE + (PANEL - CODE) / 2, 92.0
LOGO_CARD = (EDGE + 24, HEIGHT - EDGE - 24 - 84, PANEL - 48, 84)  # left, bottom, width, height


@lru_cache(maxsize=32)
def ornament(colour: str, on_colour: str, ink: str, with_logo: bool) -> bytes:
    """Panel, engraving and frame as one page of PDF. `ink` is the colour as lines on white."""
    canvas, target = _sheet()
    _watermark(canvas, HexColor(ink))
    _panel(canvas, HexColor(colour), HexColor(on_colour))
    if with_logo:
        _card(canvas, *LOGO_CARD)
    _frame(canvas, HexColor(ink))
    return _finished(canvas, target)


def code(address: str) -> bytes:
    """The QR code on a white card, as one page of PDF: each dark run of a row is one bar."""
    canvas, target = _sheet()
    _card(canvas, CODE_LEFT - 8, CODE_BOTTOM - 8, CODE + 16, CODE + 16)
    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix]
    side = CODE / len(rows)
    canvas.setFillGray(0.07)
    for number, row in enumerate(rows):
        bottom = CODE_BOTTOM + CODE - (number + 1) * side
        for start, length in _runs(row):
            left = CODE_LEFT + start * side
            canvas.rect(left, bottom, length * side, side + 0.05, stroke=0, fill=1)
    return _finished(canvas, target)


def _sheet() -> tuple[Canvas, io.BytesIO]:
    target = io.BytesIO()
    return Canvas(target, pagesize=(WIDTH, HEIGHT), pageCompression=0), target


def _finished(canvas: Canvas, target: io.BytesIO) -> bytes:
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _panel(canvas: Canvas, colour: Color, on_colour: Color) -> None:
    canvas.saveState()
    clip = canvas.beginPath()
    clip.rect(EDGE, EDGE, PANEL, HEIGHT - 2 * EDGE)
    canvas.clipPath(clip, stroke=0)
    canvas.setFillColor(colour)
    canvas.rect(EDGE, EDGE, PANEL, HEIGHT - 2 * EDGE, stroke=0, fill=1)
    canvas.setStrokeColor(on_colour, alpha=0.16)
    canvas.setLineWidth(0.4)
    centre = (EDGE + PANEL / 2, HEIGHT * 0.5)
    for size in (1.0, 1.45, 1.9):
        _trace(canvas, centre, size * 118, 31, 0.55)
        _trace(canvas, centre, size * 118, 23, 0.82)
    canvas.restoreState()


def _watermark(canvas: Canvas, ink: Color) -> None:
    """Two faint rosettes that run out of the paper at its lower right."""
    canvas.saveState()
    clip = canvas.beginPath()
    clip.rect(EDGE, EDGE, WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE)
    canvas.clipPath(clip, stroke=0)
    canvas.setStrokeColor(ink, alpha=0.09)
    canvas.setLineWidth(0.4)
    centre = (WIDTH - EDGE - 26, EDGE + 30)
    _trace(canvas, centre, 190, 37, 0.62)
    _trace(canvas, centre, 130, 29, 0.75)
    canvas.restoreState()


def _frame(canvas: Canvas, ink: Color) -> None:
    canvas.setStrokeColor(ink)
    canvas.setLineWidth(1.1)
    canvas.rect(EDGE, EDGE, WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE)
    canvas.setStrokeColor(ink, alpha=0.45)
    canvas.setLineWidth(0.4)
    canvas.rect(EDGE - 5, EDGE - 5, WIDTH - 2 * EDGE + 10, HEIGHT - 2 * EDGE + 10)


def _card(canvas: Canvas, left: float, bottom: float, across: float, high: float) -> None:
    canvas.setFillColor(white)
    canvas.roundRect(left, bottom, across, high, 7, stroke=0, fill=1)


def _runs(row: list[int]) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(row):
        length = 1
        while start + length < len(row) and row[start + length] == row[start]:
            length += 1
        if row[start]:
            yield start, length
        start += length


def _trace(
    canvas: Canvas, centre: tuple[float, float], radius: float, petals: int, depth: float
) -> None:
    """A closed curve as engravers' machines draw it: a circle that rolls inside a circle."""
    inner = radius / petals * (petals // 3 + 1)
    arm = inner * depth
    turns = (petals // 3 + 1) // math.gcd(petals, petals // 3 + 1)
    path = canvas.beginPath()
    for step in range(turns * 120 + 1):
        angle = 2 * math.pi * turns * step / (turns * 120)
        rolling = (radius - inner) / inner * angle
        x = centre[0] + (radius - inner) * math.cos(angle) + arm * math.cos(rolling)
        y = centre[1] + (radius - inner) * math.sin(angle) - arm * math.sin(rolling)
        (path.lineTo if step else path.moveTo)(x, y)
    canvas.drawPath(path)
