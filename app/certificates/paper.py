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

# engraved curves: petals, depth, and the radii at which they are drawn
ON_PANEL = ((31, 0.55, (118.0, 171.1, 224.2)), (23, 0.82, (118.0, 171.1, 224.2)))
ON_PAPER = ((37, 0.62, (190.0,)), (29, 0.75, (130.0,)))
PANEL_CENTRE = (EDGE + PANEL / 2, HEIGHT / 2)
PAPER_CENTRE = (WIDTH - EDGE - 26, EDGE + 30)
Curves = tuple[tuple[int, float, tuple[float, ...]], ...]


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
    _engrave(canvas, PANEL_CENTRE, ON_PANEL)
    canvas.restoreState()


def _watermark(canvas: Canvas, ink: Color) -> None:
    """Two faint rosettes that run out of the paper at its lower right."""
    canvas.saveState()
    clip = canvas.beginPath()
    clip.rect(EDGE, EDGE, WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE)
    canvas.clipPath(clip, stroke=0)
    canvas.setStrokeColor(ink, alpha=0.09)
    canvas.setLineWidth(0.4)
    _engrave(canvas, PAPER_CENTRE, ON_PAPER)
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


def _engrave(canvas: Canvas, centre: tuple[float, float], curves: Curves) -> None:
    for petals, depth, radii in curves:
        for radius in radii:
            path = canvas.beginPath()
            for number, (x, y) in enumerate(rosette(radius, petals, depth)):
                (path.lineTo if number else path.moveTo)(centre[0] + x, centre[1] + y)
            canvas.drawPath(path)


def rosette(
    radius: float, petals: int, depth: float, steps: int = 120
) -> Iterator[tuple[float, float]]:
    """A closed curve as engravers' machines draw it: a circle that rolls inside a circle.

    Its points around the centre, `steps` for each turn.
    """
    inner = radius / petals * (petals // 3 + 1)
    arm = inner * depth
    turns = (petals // 3 + 1) // math.gcd(petals, petals // 3 + 1)
    for step in range(turns * steps + 1):
        angle = 2 * math.pi * step / steps
        rolling = (radius - inner) / inner * angle
        yield (
            (radius - inner) * math.cos(angle) + arm * math.cos(rolling),
            (radius - inner) * math.sin(angle) - arm * math.sin(rolling),
        )
