"""The documentation pages as a list of sentences, as their reader would count them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from app.documentation import SECTIONS
from tools.places import ROOT

PAGES = ROOT / "app" / "templates" / "docs"
CODE = re.compile(r"{#.*?#}|{%.*?%}|{{ ?copy_field\(.*?\) ?}}|<(h[23])\b.*?</\1>", re.DOTALL)
VALUE = re.compile(r"{{.*?}}", re.DOTALL)
BLOCK = re.compile(r"</?(?:p|li|ul|ol|table|tr|tbody|thead|caption)\b[^>]*>")
CELLS = re.compile(r"</t[dh]>\s*<t[dh][^>]*>")
TAG = re.compile(r"<[^>]+>")
END = re.compile(r"(?<=[.?!])\s+(?=[A-Z“])")


def sentences(section: str) -> Iterator[str]:
    """Those of one section, headings apart; what a deployment fills in is shown as “…”."""
    text = VALUE.sub("…", CODE.sub("", (PAGES / f"{section}.html").read_text()))
    for block in BLOCK.split(CELLS.sub(": ", text)):
        words = " ".join(html.unescape(TAG.sub("", block)).split())
        yield from filter(None, END.split(words))


def all_sentences() -> dict[str, list[str]]:
    return {section.anchor: list(sentences(section.anchor)) for section in SECTIONS}
