"""A template becomes a PDF: fonts embedded, nothing fetched, the same rules for every document.

Templates are ordinary ones with escaping on; they start from `pdf/_fonts.html`, use `{{ fonts }}`
as their font family and give every picture as a data: URI made of bytes that we hold.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from arabic_reshaper import ArabicReshaper
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
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from xhtml2pdf.bidi import get_display
from xhtml2pdf.config.resources import ResourceAccessPolicy

from app.errors import AppError

FONTS = Path(__file__).parent / "static" / "vendor" / "fonts"
EAST_ASIAN = re.compile(
    r"[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]"
)
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
ALLAH = re.compile("\u0644(?=\u0644\u0647)")  # would become one sign that our fonts lack
RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
JOINER = ArabicReshaper(configuration={"support_ligatures": False})
IDLE_FONT = re.compile(rb"BT /\S+ [\d.]+ Tf [\d.]+ TL ET\s*")
PRODUCER = "SCORM Hub"

logging.getLogger("xhtml2pdf").setLevel(logging.ERROR)


class DocumentError(AppError):
    """The document could not be drawn."""


def render(template: str, title: str, **values: Any) -> bytes:
    """The template as a PDF whose title and language are set. Raises DocumentError."""
    # Imported where it is used: it is a seventh of every program's start, and workers never draw.
    from xhtml2pdf import pisa

    east_asian = EAST_ASIAN.search(str(values)) is not None
    html = render_template(
        template,
        title=title,
        fonts="HubSans, HubWide" if east_asian else "HubSans",
        serif="HubSerif, HubSans, HubWide" if east_asian else "HubSerif, HubSans",
        font_folder=str(FONTS),
        wide_font=str(east_asian_font()) if east_asian else None,
        **values,
    )
    target = io.BytesIO()
    result = pisa.CreatePDF(
        printable(html), dest=target, encoding="utf-8", resource_policy=policy()
    )
    if result.err:
        raise DocumentError("The document could not be drawn. Please try again.")
    return target.getvalue()


def policy() -> ResourceAccessPolicy:
    """What a document may read: our fonts. Nothing else from the disk, nothing from the network."""
    return ResourceAccessPolicy.server(
        base_dir=FONTS, extra_roots=(east_asian_font().parent,), allow_remote=False
    )


def east_asian_font() -> Path:
    """WenQuanYi Micro Hei, for Chinese, Japanese and Korean, from a package of its own.

    By its own words it is under the Apache licence 2.0. It is the one that has the letters of all
    three and outlines that the PDF maker can embed; Noto's have not.
    """
    package = importlib.util.find_spec("paperang_p2_fonts_cjk")
    assert package is not None and package.origin is not None
    return Path(package.origin).parent / "fonts" / "wqy-microhei.ttc"


def printable(text: str) -> str:
    """Composed letters, and none that are control marks or turn the direction of others."""
    return UNPRINTABLE.sub("", unicodedata.normalize("NFC", ALLAH.sub("\u0644\u200d", text)))


def data_uri(png: bytes | None) -> str | None:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else None


def fitted(png: bytes, across: float, high: float) -> tuple[float, float]:
    """The picture's size in points when it fills as much of this room as its shape allows."""
    with Image.open(io.BytesIO(png)) as picture:
        scale = min(across / picture.width, high / picture.height)
        return round(picture.width * scale, 1), round(picture.height * scale, 1)


def font_for(text: str, bold: bool = False) -> str:
    """The font that has all letters of a text, ready for drawing by hand."""
    if EAST_ASIAN.search(text):
        return _registered("HubWide")
    return _registered("DejaVuSans-Bold" if bold else "DejaVuSans")


def visual(text: str) -> str:
    """The text as it is drawn from left to right: Arabic joined, right-to-left parts reversed."""
    return get_display(JOINER.reshape(text)) if RIGHT_TO_LEFT.search(text) else text


def width(text: str, size: float, font: str = "DejaVuSerif") -> float:
    """How wide a line will be, in points. East Asian signs are as wide as they are high."""
    wide = len(EAST_ASIAN.findall(text))
    narrow = EAST_ASIAN.sub("", text) if wide else text
    return pdfmetrics.stringWidth(narrow, _registered(font), size) + wide * size


def _registered(font: str) -> str:
    if font not in pdfmetrics.getRegisteredFontNames():
        path = east_asian_font() if font == "HubWide" else FONTS / f"{font}.ttf"
        pdfmetrics.registerFont(TTFont(font, str(path)))
    return font


def fitting_size(text: str, largest: float, smallest: float, room: float, lines: int) -> float:
    """The largest size in points at which the text fits this width: on one line, where that needs
    no more than a third off, else on so many lines with its longest word whole.
    """
    longest = max(text.split() or [""], key=len)
    size = largest
    while size > smallest:
        in_one_line = width(text, size) <= room and size >= largest * 0.66
        whole_words = width(longest, size) <= room
        if in_one_line or (
            whole_words and width(text, size) <= room * lines * 0.82 and size < largest * 0.8
        ):
            break
        size -= 0.5
    return size


def has_word_wider_than(text: str, size: float, room: float) -> bool:
    """Whether even a word of its own does not fit one line, so that it must break anywhere."""
    return any(width(word, size) > room for word in text.split())


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
    _registered("DejaVuSans")
    for number, (across, high) in enumerate(sizes, start=1):
        canvas.setPageSize((across, high))
        canvas.setFont("DejaVuSans", 7.5)
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
