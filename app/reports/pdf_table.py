"""The records as a PDF: the organisation's logo and colour on top, then a table over all pages.

Drawn line by line rather than laid out from a template, because a template's table takes seconds
for a thousand records and an hour for fifty thousand. A row is never cut: it goes to the next page
whole, below the repeated header.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app import pdf
from app import template_filters as write
from app.accounts.brand import Brand, brand
from app.documents import fonts, text
from app.documents.text import BOLD, SANS, Style
from app.models import Account, Outcome
from app.reports.queries import Row

WIDTH, HEIGHT = 841.89, 595.28  # A4 landscape, in points
SIDE, TOP, BOTTOM = 36.0, 36.0, 44.0
SIZE, LEADING, GAP = 8.0, 10.5, 6.0
MOST_LINES = 6  # of one cell
COLUMNS = (  # heading, share of the width
    ("Learner", 0.16),
    ("Email", 0.19),
    ("Course", 0.19),
    ("Status", 0.085),
    ("Result", 0.065),
    ("Score", 0.07),
    ("Enrolled", 0.08),
    ("Completed", 0.08),
    ("Passed on", 0.08),
)
SCORE = 5  # the column that stands at the right
ROOM = WIDTH - 2 * SIDE


def draw(account: Account, about: Sequence[str], rows: Iterator[Row], zone: ZoneInfo) -> bytes:
    """The file; `about` are the sentences below the title, the first of them the title itself."""
    look, logo = brand(account), account.logo_png
    records = [texts(row, zone) for row in rows]
    return pdf.within_budget(lambda: drawn(look, logo, about, records, zone.key))


def drawn(
    look: Brand,
    logo: bytes | None,
    about: Sequence[str],
    records: Sequence[Sequence[str]],
    zone: str,
) -> bytes:
    """The file, of what is known already: nothing here asks the database."""
    target = io.BytesIO()
    sheet = Sheet(Canvas(target, pagesize=(WIDTH, HEIGHT)), look, zone)
    sheet.head(about, logo)
    sheet.column_heads()
    for record in records:
        sheet.row(record)
    if not records:
        sheet.sentence("No record matches this filter.")
    sheet.canvas.save()
    return pdf.joined([target.getvalue()], about[0], "Page {page} of {pages}")


def texts(row: Row, zone: ZoneInfo) -> tuple[str, ...]:
    """A record as people read it."""
    return (
        row.learner,
        row.email or write.NOTHING,
        row.course,
        write.words(row.status),
        write.words(Outcome(row.result)),
        write.score(row.score, row.score_raw),
        write.date(row.enrolled_at, zone),
        write.date(row.completed_at, zone),
        write.date(row.passed_at, zone),
    )


@dataclass
class Sheet:
    """The canvas and how far down its page is filled, in points from below.

    `write` puts a line of text on the canvas; `zone` tells where the company works.
    """

    canvas: Canvas
    look: Brand
    zone: str = ""
    write: Callable[..., None] = text.draw
    y: float = HEIGHT - TOP

    def head(self, about: Sequence[str], logo: bytes | None) -> None:
        """The band in the brand's colour on the first page, and below it what the file holds."""
        high = 58.0
        self.canvas.setFillColor(HexColor(self.look.colour))
        self.canvas.roundRect(SIDE, self.y - high, ROOM, high, 6, stroke=0, fill=1)
        left = SIDE + 16
        if logo:
            across, tall = pdf.fitted(logo, 130, high - 22)
            self.canvas.setFillGray(1)
            card = (left - 6, self.y - high + 6, across + 12, high - 12)
            self.canvas.roundRect(*card, 4, stroke=0, fill=1)
            picture = ImageReader(io.BytesIO(logo))
            bottom = self.y - high / 2 - tall / 2
            self.canvas.drawImage(picture, left, bottom, across, tall, mask="auto")
            left += across + 22
        self._issuer(left)
        self.y -= high + 18
        for sentence in about[1:]:
            self.sentence(sentence)
        self.y -= 6

    def _issuer(self, left: float) -> None:
        """The organization's name, on two lines where it needs them, and what this is."""
        name, room = drawable(self.look.name), WIDTH - SIDE - 16 - left
        found = text.fitted(name, SANS, 15, 7, room, lines=2, leading=1.15)
        y = self.y - 17 - found.leading / 2 if len(found.lines) > 1 else self.y - 26
        for line in found.lines[:2]:
            self._write(line, left, y, found.size, self.look.on_colour)
            y -= found.leading
        self._write("Training report", left, min(self.y - 43, y - 1), 9, self.look.on_colour)

    def sentence(self, said: str) -> None:
        for line in wrap(said, ROOM, 8.5, self.zone):
            self._write(line, SIDE, self.y, 8.5, "#4a4f59")
            self.y -= 12

    def column_heads(self) -> None:
        self.y -= 4
        self._cells([heading for heading, _ in COLUMNS], self.look.ink, bold=True)
        self.y -= LEADING + 1
        self._line(HexColor(self.look.ink), 0.9)
        self.y -= 4

    def row(self, cells: Sequence[str]) -> None:
        wrapped = [
            wrap(cell, ROOM * share - GAP, SIZE, self.zone)
            for cell, (_, share) in zip(cells, COLUMNS, strict=True)
        ]
        lines = max(map(len, wrapped))
        if self.y - lines * LEADING - 5 < BOTTOM:
            self.canvas.showPage()
            self.y = HEIGHT - TOP
            self.column_heads()
        for number in range(lines):
            self._cells([line[number] if number < len(line) else "" for line in wrapped])
            self.y -= LEADING
        self._line(_colour("#d9dde3"), 0.4)
        self.y -= 4

    def _cells(self, cells: Sequence[str], colour: str = "#1b1e24", bold: bool = False) -> None:
        x = SIDE
        for number, (cell, (_, share)) in enumerate(zip(cells, COLUMNS, strict=True)):
            across = ROOM * share
            if not cell:
                pass
            elif number == SCORE:
                self._write_right(cell, x + across - GAP * 2, colour, bold)
            else:
                self._write(cell, x, self.y - SIZE, SIZE, colour, bold=bold)
            x += across

    def _write_right(self, cell: str, right: float, colour: str, bold: bool) -> None:
        left = right - text.width(cell, BOLD if bold else SANS) * SIZE
        self._write(cell, left, self.y - SIZE, SIZE, colour, bold=bold)

    def _write(
        self, line: str, x: float, y: float, size: float, colour: str, bold: bool = False
    ) -> None:
        han = None if text.PLAIN.fullmatch(line) else fonts.han_family(line, zone=self.zone)
        style: Style = BOLD if bold else SANS
        self.write(self.canvas, line, x, y, size, _colour(colour), style, han)

    def _line(self, colour: HexColor, thick: float) -> None:
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(thick)
        self.canvas.line(SIDE, self.y, WIDTH - SIDE, self.y)


@lru_cache(maxsize=64)
def _colour(name: str) -> HexColor:
    return HexColor(name)


@lru_cache(maxsize=10_000)  # titles, states and dates come again and again
def wrap(cell: str, room: float, size: float = SIZE, zone: str = "") -> list[str]:
    """Lines that fit the room. A word wider than that breaks anywhere; a very long text is cut."""
    cell = drawable(cell)
    lines = list(text.wrapped(cell, SANS, room / size, fonts.han_family(cell, zone=zone)))
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1][:-1] + "…"]
    return lines


def drawable(cell: str) -> str:
    """One line of letters that fonts have. Others are told by number: a report of thousands must
    not fail for one of them, and a box would say nothing."""
    cell = text.in_one_line(cell)
    if text.PLAIN.fullmatch(cell):
        return cell
    for letter in fonts.missing(cell):
        cell = cell.replace(letter, f"[U+{ord(letter):04X}]")
    return cell
