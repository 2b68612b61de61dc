"""The top of a PDF report as a drawing on the screen, for the branding page.

It is the very drawing of pdf_table.py, told to a canvas that notes shapes instead of making a PDF.
So the preview cannot look other than the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from reportlab.lib.colors import Color
from reportlab.lib.utils import ImageReader

from app.accounts.brand import Brand
from app.documents import text
from app.documents.text import SANS, Style
from app.models import Completion, Outcome, now
from app.reports import pdf_table
from app.reports.export import About
from app.reports.queries import Filter, Row


def preview(brand: Brand, logo: bytes | None, zone: ZoneInfo) -> Drawing:
    """A report of three invented learners in this look; `logo` is the picture at the brand's
    address."""
    drawing = Drawing(brand.logo_url)
    sheet = pdf_table.Sheet(drawing, brand, zone.key, write_text)
    about = About(brand.name, Filter().in_words(), zone, now())
    sheet.head(about.sentences(), logo)
    sheet.column_heads()
    for row in examples():
        sheet.row(pdf_table.texts(row, zone))
    drawing.height = round(pdf_table.HEIGHT - sheet.y + 12, 2)
    return drawing


def examples() -> tuple[Row, ...]:
    started, ended = datetime(2026, 2, 25, 12, tzinfo=UTC), datetime(2026, 3, 4, 12, tzinfo=UTC)
    course = "First Aid at Work"
    done, passed = Completion.COMPLETED, Outcome.PASSED
    return (
        Row("Ada Lovelace", "ada@example.com", course, done, passed, 92.0, started, ended),
        Row("Alan Turing", "alan@example.com", course, done, Outcome.FAILED, 48.5, started, ended),
        Row(
            "Zoë Ångström", "zoe@example.com", "Fire Safety", Completion.IN_PROGRESS, Outcome.NONE,
            None, started, None,
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """One element of SVG."""

    tag: str
    attributes: dict[str, Any]
    text: str = ""


@dataclass
class Drawing:
    """A canvas that knows what pdf_table.py asks of ReportLab's. That one counts from below."""

    logo_url: str | None
    shapes: list[Shape] = field(default_factory=list)
    fill: str = "#000000"
    stroke: str = "#000000"
    thick: float = 1.0
    width: float = pdf_table.WIDTH
    height: float = pdf_table.HEIGHT

    def setFillColor(self, colour: Color) -> None:  # noqa: N802 - ReportLab's names
        self.fill = f"#{colour.hexval()[2:]}"

    def setFillGray(self, level: float) -> None:  # noqa: N802
        self.fill = "#" + f"{round(level * 255):02x}" * 3

    def setStrokeColor(self, colour: Color) -> None:  # noqa: N802
        self.stroke = f"#{colour.hexval()[2:]}"

    def setLineWidth(self, thick: float) -> None:  # noqa: N802
        self.thick = thick

    def roundRect(  # noqa: N802
        self, x: float, y: float, across: float, high: float, radius: float, **_: Any
    ) -> None:
        self._add("rect", x=x, y=self._down(y + high), width=across, height=high, rx=radius)

    def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        path = f"M{x1:.2f} {self._down(y1):.2f}L{x2:.2f} {self._down(y2):.2f}"
        self.shapes.append(Shape("path", {"d": path, "stroke": self.stroke,
                                          "stroke-width": self.thick}))  # fmt: skip

    def drawImage(  # noqa: N802
        self, _picture: ImageReader, x: float, y: float, across: float, high: float, **_: Any
    ) -> None:
        place = {"x": x, "y": self._down(y + high), "width": across, "height": high}
        self.shapes.append(Shape("image", {"href": self.logo_url, **_rounded(place)}))

    def _add(self, tag: str, text: str = "", **attributes: Any) -> None:
        self.shapes.append(Shape(tag, {"fill": self.fill, **_rounded(attributes)}, text))

    def _down(self, y: float) -> float:
        return pdf_table.HEIGHT - y


def write_text(
    drawing: Drawing,
    line: str,
    x: float,
    y: float,
    size: float,
    colour: Color,
    style: Style = SANS,
    han: str | None = None,
) -> None:
    """As wide as on paper, whatever font the browser has; it shapes the letters by itself."""
    drawing.setFillColor(colour)
    wide = text.width(line, style, han) * size
    bold = {"font-weight": "bold"} if style.bold else {}
    fits = {"textLength": wide, "lengthAdjust": "spacingAndGlyphs"} if line.strip() else {}
    drawing._add("text", line, x=x, y=drawing._down(y), **{"font-size": size}, **bold, **fits)


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 2) if isinstance(v, float) else v for k, v in values.items()}
