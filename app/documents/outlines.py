"""Glyphs as drawings: the first use puts the outline into the file, later ones refer to it."""

from __future__ import annotations

from functools import lru_cache

from fontTools.pens.basePen import BasePen
from reportlab.pdfgen.canvas import Canvas

from app.documents.fonts import Face

GRID = 1000  # units of an em in the file
Point = tuple[float, float]


class PdfPen(BasePen):
    """Write an outline as a PDF page's operators, on a grid of `GRID` units to the em."""

    def __init__(self, units: int) -> None:
        super().__init__(None)
        self.scale = GRID / units
        self.operators: list[str] = []

    def _add(self, operator: str, *points: Point) -> None:
        numbers = (f"{part * self.scale:.1f}" for point in points for part in point)
        self.operators.append(" ".join([*numbers, operator]))

    def _moveTo(self, pt: Point) -> None:  # noqa: N802  the names are fontTools' own
        self._add("m", pt)

    def _lineTo(self, pt: Point) -> None:  # noqa: N802
        self._add("l", pt)

    def _curveToOne(self, pt1: Point, pt2: Point, pt3: Point) -> None:  # noqa: N802
        self._add("c", pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802
        self._add("h")


@lru_cache(maxsize=5_000)
def outline(face: Face, number: int) -> str:
    """The glyph as filled outlines; empty for one that leaves the paper white."""
    pen = PdfPen(face.units)
    face.font.draw_glyph_with_pen(number, pen)
    return "\n".join([*pen.operators, "f"]) if pen.operators else ""


def draw_glyph(canvas: Canvas, face: Face, number: int, x: float, y: float, size: float) -> None:
    """Draw a glyph of this size, in points, with its origin at this point, in the fill color."""
    drawing = outline(face, number)
    if not drawing:
        return
    name = f"{face.file.stem}-{face.weight}-{number}"
    if not canvas.hasForm(name):
        canvas.beginForm(name, -2 * GRID, -2 * GRID, 4 * GRID, 4 * GRID)
        canvas._code.append(drawing)  # ReportLab has no call that takes outlines as they are
        canvas.endForm()
    canvas.saveState()
    scale = size / GRID
    canvas.transform(scale, 0, 0, scale, x, y)
    canvas.doForm(name)
    canvas.restoreState()
