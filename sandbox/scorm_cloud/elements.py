"""Reading XML elements without caring for namespaces.

Generators mix up the namespaces of a manifest often enough; the local names never collide, so
everything below the root is looked up by local name, and attributes in any case.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

NUMBER = re.compile(r"[+-]?\d+(\.\d*)?|[+-]?\.\d+")


def local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def namespace_of(element: Element) -> str:
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The direct children called `name`, whatever their namespace."""
    if element is not None:
        yield from (each for each in element if local_name(each) == name)


def child(element: Element | None, name: str) -> Element | None:
    return next(children(element, name), None)


def text_of(element: Element | None, name: str) -> str:
    """The trimmed text of the first child called `name` (case ignored), or an empty string."""
    for each in element if element is not None else ():
        if local_name(each).casefold() == name.casefold():
            return " ".join((each.text or "").split())
    return ""


def attribute(element: Element | None, name: str, default: str = "") -> str:
    """An attribute by its local name, in any case and any namespace."""
    for key, value in element.attrib.items() if element is not None else ():
        if key.rpartition("}")[2].casefold() == name.casefold():
            return value.strip()
    return default


def is_true(element: Element | None, name: str, default: bool) -> bool:
    value = attribute(element, name).casefold()
    return value in ("true", "1") if value else default


def number(text: str) -> float | None:
    """A decimal number as XML schemas write it, or None for anything else."""
    return float(text) if NUMBER.fullmatch(text.strip()) else None
