"""A template becomes a PDF: fonts embedded, nothing fetched, the same rules for every document.

Templates are ordinary ones with escaping on; they start from `pdf/_fonts.html`, use `{{ fonts }}`
as their font family and give every picture as a data: URI made of bytes that we hold.
"""

from __future__ import annotations

import base64
import io
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from flask import render_template
from PIL import Image
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
    BooleanObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    StreamObject,
    TextStringObject,
)
from reportlab.pdfgen.canvas import Canvas
from xhtml2pdf.config.resources import ResourceAccessPolicy

from app.documents import fonts
from app.documents.text import SANS, printable, registered
from app.errors import AppError
from confined.answers import Busy, OverBudget
from confined.budget import MEGABYTE, Budget
from confined.copying import in_a_copy

IDLE_FONT = re.compile(rb"BT /\S+ [\d.]+ Tf [\d.]+ TL ET\s*")
PRODUCER = "SCORM Hub"

log = logging.getLogger(__name__)
logging.getLogger("xhtml2pdf").setLevel(logging.ERROR)

# A report of 10,000 records with names of 250 letters takes 140 MB and a minute of processor.
BUDGET = Budget(memory=384 * MEGABYTE, cpu=100, wall=280)
TOO_COSTLY = (
    "The document took more memory or time than a document may take, so it was not drawn. "
    "Narrow the report, or shorten what is printed."
)


class DocumentError(AppError):
    """The document could not be drawn."""


class MissingLetters(DocumentError):
    """A name or title has letters that no font of ours can draw."""

    status = 422


def render(template: str, title: str, **values: Any) -> bytes:
    """The template as a PDF whose title and language are set. Raises DocumentError."""
    # Imported where it is used: it is a seventh of every program's start, and workers never draw.
    from xhtml2pdf import pisa

    html = render_template(
        template, title=title, fonts="HubSans", font_folder=str(fonts.FOLDER), **values
    )

    def created() -> bytes:
        target = io.BytesIO()
        result = pisa.CreatePDF(
            printable(html), dest=target, encoding="utf-8", resource_policy=policy()
        )
        if result.err:
            raise DocumentError("The document could not be drawn. Please try again.")
        return target.getvalue()

    return within_budget(created)


def within_budget(drawn: Callable[[], bytes]) -> bytes:
    """What this draws, in a copy of the process that is ended when it takes too much.

    It may ask nothing of the database: whatever it needs of rows is read before. Raises
    DocumentError.
    """
    try:
        return in_a_copy(drawn, BUDGET)
    except OverBudget as trouble:
        log.warning("given up: %s", trouble)
        raise DocumentError(TOO_COSTLY) from None
    except Busy as trouble:
        raise DocumentError("There was no room to draw it. Please try again.") from trouble


def policy() -> ResourceAccessPolicy:
    """What a document may read: our fonts. Nothing else from the disk, nothing from the network."""
    return ResourceAccessPolicy.server(base_dir=fonts.FOLDER, allow_remote=False)


def refuse_missing_letters(*texts: str) -> None:
    """Raise MissingLetters if a text has letters that would come out as empty boxes."""
    missing = dict.fromkeys(letter for text in texts for letter in fonts.missing(text))
    if missing:
        letters = " ".join(missing)
        raise MissingLetters(
            f"This cannot be printed: no font here has the letters {letters}. "
            "Correct the name or the title, and try again."
        )


def data_uri(png: bytes | None) -> str | None:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else None


def fitted(png: bytes, across: float, high: float) -> tuple[float, float]:
    """The picture's size in points when it fills as much of this room as its shape allows."""
    with Image.open(io.BytesIO(png)) as picture:
        scale = min(across / picture.width, high / picture.height)
        return round(picture.width * scale, 1), round(picture.height * scale, 1)


def laid_over(document: bytes, sheets: Sequence[bytes], title: str) -> bytes:
    """The document with `sheets` (PDFs of one page, the lowest first) beneath each page."""
    writer = PdfWriter(clone_from=io.BytesIO(document))
    stamps = [_stamp(writer, PdfReader(io.BytesIO(sheet)).pages[0]) for sheet in sheets]
    for page in writer.pages:
        _put(writer, page, beneath=stamps)
    return _written(writer, title)


def joined(parts: Iterable[bytes], title: str, line: str) -> bytes:
    """Several documents as one; at the foot of each page stands `line` with {page} and {pages}."""
    writer = PdfWriter()
    for part in parts:
        writer.append(io.BytesIO(part), import_outline=False)
    sizes = [(float(page.mediabox.width), float(page.mediabox.height)) for page in writer.pages]
    feet = PdfReader(io.BytesIO(_feet(sizes, line)))
    for page, foot in zip(writer.pages, feet.pages, strict=True):
        _put(writer, page, above=[_stamp(writer, foot)])
    return _written(writer, title)


def _feet(sizes: Sequence[tuple[float, float]], line: str) -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target)
    for number, (across, high) in enumerate(sizes, start=1):
        canvas.setPageSize((across, high))
        canvas.setFont(registered(SANS), 7.5)
        canvas.setFillGray(0.35)
        canvas.drawRightString(across - 40, 22, line.format(page=number, pages=len(sizes)))
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _stamp(writer: PdfWriter, sheet: PageObject) -> IndirectObject:
    """A page as a drawing that others can show: its content is taken as it is, never parsed."""
    stamp = StreamObject()
    resources = cast(DictionaryObject, sheet["/Resources"].clone(writer))
    stamp.set_data(_content(sheet, resources))
    stamp[NameObject("/Type")] = NameObject("/XObject")
    stamp[NameObject("/Subtype")] = NameObject("/Form")
    stamp[NameObject("/BBox")] = sheet.mediabox
    stamp[NameObject("/Resources")] = resources
    return writer._add_object(stamp.flate_encode())


def _put(
    writer: PdfWriter,
    page: PageObject,
    beneath: Sequence[IndirectObject] = (),
    above: Sequence[IndirectObject] = (),
) -> None:
    """Shows drawings beneath and above what the page has already."""
    resources = cast(DictionaryObject, page["/Resources"].get_object())
    own = _content(page, resources)
    drawings = DictionaryObject(resources.get("/XObject", DictionaryObject()).get_object())
    shows = []
    for number, stamp in enumerate((*beneath, *above)):
        drawings[NameObject(f"/HubStamp{number}")] = stamp
        shows.append(b"q /HubStamp%d Do Q\n" % number)
    resources[NameObject("/XObject")] = drawings
    stream = StreamObject()
    first, last = shows[: len(beneath)], shows[len(beneath) :]
    stream.set_data(b"".join([*first, b"q\n", own, b"\nQ\n", *last]))
    page[NameObject("/Contents")] = writer._add_object(stream.flate_encode())


def _content(page: PageObject, resources: DictionaryObject) -> bytes:
    """The page's content. ReportLab names Helvetica on every page, used or not; it is taken out,
    or it would count as a font that is not embedded.
    """
    content = page.get_contents()
    cleaned = IDLE_FONT.sub(b"", content.get_data() if content is not None else b"")
    fonts = cast(DictionaryObject, resources.get("/Font", DictionaryObject()).get_object())
    used = {name: font for name, font in fonts.items() if name.encode() + b" " in cleaned}
    resources[NameObject("/Font")] = DictionaryObject(used)  # pages share the one they came with
    return cleaned


def _written(writer: PdfWriter, title: str) -> bytes:
    """The file, with the title that readers show and the language that they speak."""
    writer.add_metadata({"/Title": printable(title), "/Producer": PRODUCER})
    writer.root_object[NameObject("/Lang")] = TextStringObject("en")
    shown = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})
    writer.root_object[NameObject("/ViewerPreferences")] = shown
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()
