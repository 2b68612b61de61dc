"""docs/claims.md: every sentence of the documentation pages, and the test that holds it."""

from __future__ import annotations

import ast
import re

import pytest

from app.documentation import SECTIONS
from tests.documentation import all_sentences
from tools.places import ROOT

LINE = re.compile(r"^\| (?P<sentence>.+) \| (?P<held>.+) \|$")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
PEOPLE_PROMISE = "nothing: "


def listed() -> dict[str, list[tuple[str, str]]]:
    """By the title of its section: each sentence, and what is said to hold it."""
    found: dict[str, list[tuple[str, str]]] = {}
    title = ""
    for line in (ROOT / "docs" / "claims.md").read_text().splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
            found[title] = []
        elif (match := LINE.match(line)) and match["sentence"] not in ("sentence", "---"):
            found[title].append((match["sentence"], match["held"]))
    return found


def test_every_sentence_of_the_documentation_is_listed_and_no_other() -> None:
    titles = {section.anchor: section.title for section in SECTIONS}
    for anchor, sentences in all_sentences().items():
        claims = [sentence for sentence, _ in listed()[titles[anchor]]]
        assert claims == sentences, f"docs/claims.md, {titles[anchor]}"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.anchor)
def test_what_holds_a_sentence_exists(section: object) -> None:
    for sentence, held in listed()[section.title]:  # type: ignore[attr-defined]
        if held.startswith(PEOPLE_PROMISE):
            assert len(held) > len(PEOPLE_PROMISE), sentence
            continue
        match = TEST.fullmatch(held)
        assert match, f"“{sentence}” is held by {held}"
        assert match[2] in names_in(match[1]), f"“{sentence}”: there is no {held}"


def names_in(path: str) -> set[str]:
    file = ROOT / path
    assert file.exists(), path
    return {
        node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)
    }


def test_most_sentences_claim_something() -> None:
    claims = [held for section in listed().values() for _, held in section]
    empty = [held for held in claims if held.startswith(PEOPLE_PROMISE)]
    assert len(claims) > 200
    assert len(empty) < len(claims) / 4
