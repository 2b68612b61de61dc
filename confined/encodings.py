"""From the bytes of an XML document to its letters, in every encoding that XML parsers read.

Expat itself knows four. The others go through Python's codecs, by the names that documents use.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

MARKS = (  # byte order marks; the longer one first where one begins with the other
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WIDE_STARTS = (  # "<" and what surrounds it, where there is no mark
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
DECLARATION = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']"""
)
OTHER_NAMES = {  # what documents say, and what Python calls the same or a larger set
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030",
    "windows-936": "gb18030", "cp936": "gb18030",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "ms_kanji": "cp932", "ms932": "cp932", "windows-932": "cp932",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "windows-949": "cp949",
    "big5": "big5hkscs", "x-x-big5": "big5hkscs", "big5-hkscs": "big5hkscs",
    "x-euc-jp": "euc_jp", "windows-874": "cp874", "tis-620": "cp874", "iso-8859-11": "cp874",
    "windows-28591": "latin-1", "x-mac-roman": "mac_roman", "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic", "us-ascii": "utf-8", "ascii": "utf-8", "unicode": "utf-16",
    "unicode-1-1-utf-8": "utf-8", "ucs-2": "utf-16", "iso-10646-ucs-2": "utf-16",
    "iso-10646-ucs-4": "utf-32",
}  # fmt: skip
# Python has codecs that are no encodings of documents, and some that cost time or memory.
KNOWN = re.compile(
    r"utf-8|utf-16|utf-32|iso8859-\d+|cp\d+|gb18030|hz|big5hkscs|cp950|euc_jp|euc_jis_2004"
    r"|euc_jisx0213|euc_kr|shift_jisx0213|shift_jis_2004|iso2022_\w+|johab|koi8-[rtu]|kz1048"
    r"|mac-\w+|ptcp154|tis-620|hp-roman8"
)
UTF8 = "utf-8"


class Unreadable(Exception):
    """The bytes are not what the document says that they are; carries the encoding's name."""


def named(start: bytes) -> str | None:
    """Python's name of the encoding, by the document's first bytes: by its mark, by its shape, by
    what it declares. None if it declares one that nobody here knows."""
    for mark, name in MARKS:
        if start.startswith(mark):
            return name
    for shape, name in WIDE_STARTS:
        if start.startswith(shape):
            return name
    declared = DECLARATION.match(start[:1024])
    if declared is None:
        return UTF8
    word = declared[1].decode("ascii").casefold()
    try:
        name = codecs.lookup(OTHER_NAMES.get(word, word)).name
    except LookupError:
        return None
    if name in ("utf-16", "utf-32"):
        return UTF8  # it says so in single bytes, so that cannot be true
    return name if KNOWN.fullmatch(name) else None


def as_utf8(pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    """The document in UTF-8, without a mark. Raises Unreadable."""
    if name == UTF8:
        yield from _without_mark(pieces)
        return
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for number, piece in enumerate(pieces):
            text = decoder.decode(piece)
            yield (text if number else text.removeprefix("\ufeff")).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise Unreadable(name) from None


def _without_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        yield piece if number else piece.removeprefix(codecs.BOM_UTF8)
