"""Goes through a manifest once and keeps nothing of it but the few words that say what it is.

A tree of the whole could take a hundred times the memory of its text. Here elements go by, and
what no manifest needs (thousands of levels, a tag of half a megabyte) ends the reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from xml.parsers import expat

from confined import encodings
from confined.answers import ADVICE, Refused

DEEPEST = 100  # levels
LONGEST_TAG = 524_288  # bytes
WORDY = ("schema", "title", "langstring", "string")
LONGEST_WORD = 255
NOT_SANE = f"The imsmanifest.xml cannot be read safely. {ADVICE}"
NO_MEMORY = expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]


@dataclass
class Facts:
    """The root's name, and the first words that stand at each place that matters."""

    root: str = ""
    schema: str = ""  # which standard the package names
    title: str = ""  # of an organization
    general_title: str = ""  # in the metadata
    item_title: str = ""
    path: list[str] = field(default_factory=list)  # where the reading is now, by local names
    heard: set[str] = field(default_factory=set)  # places that have said their words

    def hear(self, text: str) -> None:
        place = self.place()
        if place and place not in self.heard and len(getattr(self, place)) < LONGEST_WORD:
            setattr(self, place, getattr(self, place) + text)

    def leave(self) -> None:
        """The element ends."""
        place = self.place()
        if place and getattr(self, place).strip():
            self.heard.add(place)
        self.path.pop()

    def place(self) -> str | None:
        """The name of the field that what stands here belongs to."""
        if self.path[-1] not in WORDY or self.path[0] != "manifest":
            return None
        inside = self.path[1:-1]
        if self.path[-1] == "schema":
            return "schema" if inside == ["metadata"] else None
        if self.path[-1] == "title" and inside[:2] == ["organizations", "organization"]:
            return "title" if len(inside) == 2 else "item_title" if inside[-1] == "item" else None
        return "general_title" if inside == ["metadata", "lom", "general", "title"] else None


class Enough(Exception):
    """The question is answered."""


def read(pieces: Iterator[bytes], only_root: bool = False) -> Facts | None:
    """Raises Refused for what is no XML or is made to harm. None: it is in an encoding that is
    unknown here, and others may read it."""
    first = next(pieces, b"")
    name = encodings.named(first)
    if name is None:
        return None
    facts = Facts()
    parser = parser_for(facts, only_root)
    try:
        _feed(parser, encodings.as_utf8(chain([first], pieces), name))
    except encodings.Unreadable:
        raise Refused(
            "The imsmanifest.xml is not in the encoding that it names in its first line. " + ADVICE
        ) from None
    except expat.ExpatError as error:
        if error.code == NO_MEMORY:
            raise MemoryError from None
        line, column = error.lineno, error.offset + 1
        raise Refused(
            f"The imsmanifest.xml is not valid XML (line {line}, column {column}). {ADVICE}"
        ) from None
    except Enough:
        pass
    return facts


def _feed(parser: expat.XMLParserType, pieces: Iterator[bytes]) -> None:
    fed = 0
    for piece in pieces:
        parser.Parse(piece, False)
        fed += len(piece)
        if fed - parser.CurrentByteIndex > LONGEST_TAG:
            raise Refused(NOT_SANE)  # a single tag, or a comment, that does not end
    parser.Parse(b"", True)


def parser_for(facts: Facts, only_root: bool) -> expat.XMLParserType:
    """One that reads UTF-8 whatever the document declares: it has been decoded already."""
    parser = expat.ParserCreate("utf-8", "}")

    def start(name: str, _attributes: list[str]) -> None:
        facts.root = facts.root or name.rpartition("}")[2]
        if only_root:
            raise Enough
        if len(facts.path) >= DEEPEST:
            raise Refused(NOT_SANE)
        facts.path.append(name.rpartition("}")[2])

    def end(_name: str) -> None:
        facts.leave()

    def entity(*_: object) -> None:
        raise Refused(NOT_SANE)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = facts.hear
    parser.EntityDeclHandler = entity
    parser.ordered_attributes = True  # a list: costs less than a dictionary
    return parser
