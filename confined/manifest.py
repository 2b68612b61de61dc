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

DEEPEST = 500  # levels
LONGEST_TAG = 524_288  # bytes
LONGEST_WORD = 200
SCHEMA = ["manifest", "metadata", "schema"]
NOT_SANE = f"The imsmanifest.xml cannot be read safely. {ADVICE}"
NO_MEMORY = expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]


@dataclass
class Facts:
    """What the check wants to know: the root's name, and what `metadata/schema` says."""

    root: str = ""
    schema: str = ""
    path: list[str] = field(default_factory=list)  # where the reading is now, by local names


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
        facts.path.pop()

    def words(text: str) -> None:
        if facts.path == SCHEMA and len(facts.schema) < LONGEST_WORD:
            facts.schema += text

    def entity(*_: object) -> None:
        raise Refused(NOT_SANE)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = words
    parser.EntityDeclHandler = entity
    parser.ordered_attributes = True  # a list: costs less than a dictionary
    return parser
