"""The report's records as a file: CSV, XLS, XLSX or PDF.

Cells are clean before any format sees them: no control characters, no text that a spreadsheet would
take for a formula; numbers and dates stay what they are where the format knows such things.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import tablib
import xlsxwriter

from app import template_filters as write
from app.documents.text import printable
from app.errors import BadInput, NotFound
from app.models import Account, Outcome, now
from app.reports import pdf_table, queries
from app.reports.queries import Filter, Row

HEADINGS = (
    "Learner Name",
    "Email",
    "Course",
    "Status",
    "Result",
    "Score",
    "Enrollment Date",
    "Completion Date",
    "Passed On",
)
MOST_ROWS = {
    "xls": 65_535,  # where the format ends, its heading apart
    "pdf": 10_000,  # 600 pages; drawing more takes longer than anybody waits
}
LONGEST_CELL = 32_000
CSV = "text/csv; charset=utf-8"
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
Cell = str | float | datetime | None


@dataclass(frozen=True)
class File:
    name: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class About:
    """What every file says of itself."""

    organization: str
    records: str
    zone: ZoneInfo
    made_at: datetime

    def sentences(self) -> tuple[str, ...]:
        made = f"{self.made_at.astimezone(self.zone):%Y-%m-%d %H:%M}"
        return (
            f"Training report of {self.organization}",
            self.records,
            f"Made {made}; dates and times in {self.zone.key}",
        )


def export(account: Account, wanted: Filter, kind: str) -> File:
    """The file. NotFound for a kind that there is not, BadInput for more than the kind holds."""
    if kind not in WRITERS:
        raise NotFound()
    most = MOST_ROWS.get(kind)
    if most is not None and queries.count(account, wanted) > most:
        raise BadInput(
            f"A {kind.upper()} file holds {most:,} records at most, and there are more. "
            "Take the XLSX file, or narrow the period."
        )
    mimetype, writer = WRITERS[kind]
    about = About(account.display_name, wanted.in_words(), account.zone, now())
    content = writer(account, about, queries.rows(account, wanted))
    day = about.made_at.astimezone(about.zone).date().isoformat()
    name = "-".join(filter(None, ("training-report", day, wanted.in_a_name())))
    return File(f"{name}.{kind}", mimetype, content)


def cells(row: Row, zone: ZoneInfo) -> tuple[Cell, ...]:
    """A record's cells: an absent score is empty, a score of zero is 0."""
    return (
        clean(row.learner),
        clean(row.email),
        clean(row.course),
        write.words(row.status),
        result_in_words(row.result),
        None if row.score is None else round(row.score, 2),
        local(row.enrolled_at, zone),
        local(row.completed_at, zone) if row.completed_at else None,
        local(row.passed_at, zone) if row.passed_at else None,
    )


def result_in_words(result: Outcome) -> str:
    return "" if result == Outcome.NONE else write.words(result)


def clean(text: str) -> str:
    """Text that no spreadsheet runs: a leading apostrophe keeps it text, and is seen by nobody."""
    text = printable(text)[:LONGEST_CELL]
    return "'" + text if text.lstrip(" \u00a0").startswith(FORMULA_STARTS) else text


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Without its zone, which files cannot hold; the file says which one it is."""
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0)


def as_csv(_account: Account, about: About, rows: Iterator[Row]) -> bytes:
    """UTF-8 with a byte-order mark, every text quoted, one line per record."""
    return csv_file(HEADINGS, (cells(row, about.zone) for row in rows))


def csv_file(headings: Iterable[str], lines: Iterable[Iterable[Cell]]) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.writer(target, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(headings)
    for line in lines:
        writer.writerow(csv_cell(cell) for cell in line)
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def csv_cell(cell: Cell) -> str | float:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, float):
        return int(cell) if cell == int(cell) else cell
    return "" if cell is None else cell


def as_xls(_account: Account, about: About, rows: Iterator[Row]) -> bytes:
    """A workbook of the old Excel format, by tablib; a second sheet says what it holds."""
    records = tablib.Dataset(headers=HEADINGS, title="Records")
    for row in rows:
        records.append(["" if cell is None else cell for cell in cells(row, about.zone)])
    notes = tablib.Dataset(*((clean(sentence),) for sentence in about.sentences()), title="About")
    return tablib.Databook([records, notes]).export("xls")


def as_xlsx(_account: Account, about: About, rows: Iterator[Row]) -> bytes:
    """A workbook, written row by row so that a large one needs little memory."""
    target = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet("Records")
        bold = book.add_format({"bold": True, "bottom": 1})
        formats = {
            float: book.add_format({"num_format": "0.##"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        for column, width in enumerate((26, 32, 36, 14, 10, 8, 18, 18, 18)):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, HEADINGS, bold)
        number = 0
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(cells(row, about.zone)):
                if cell is not None and cell != "":
                    sheet.write(number, column, cell, formats.get(type(cell)))
        sheet.autofilter(0, 0, number, len(HEADINGS) - 1)
        notes = book.add_worksheet("About")
        notes.set_column(0, 0, 90)
        for line, sentence in enumerate(about.sentences()):
            notes.write_string(line, 0, sentence)
        book.set_properties({"title": about.sentences()[0], "comments": about.records})
    return target.getvalue()


def as_pdf(account: Account, about: About, rows: Iterator[Row]) -> bytes:
    return pdf_table.draw(account, about.sentences(), rows, about.zone)


WRITERS: dict[str, tuple[str, Callable[[Account, About, Iterator[Row]], bytes]]] = {
    "csv": (CSV, as_csv),
    "xls": ("application/vnd.ms-excel", as_xls),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "pdf": ("application/pdf", as_pdf),
}
