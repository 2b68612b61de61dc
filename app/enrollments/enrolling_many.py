"""Many people onto one course: from a file, or everybody in the CRM who carries a tag.

One person at a time, each by the same `enroll` as on the pages; one who cannot be enrolled is named
and does not stop the others.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from app import connections
from app.enrollments import enrolling
from app.enrollments.self_enrolling import learner_for, read_form
from app.errors import AppError, BadInput, LimitReached
from app.learners import contacts
from app.models import Course, Learner, Source

COLUMNS = {"first_name": "first name", "last_name": "last name", "email": "email"}


@dataclass(frozen=True)
class Outcome:
    """What became of one person: `words` is "enrolled", "enrolled already", or why not."""

    who: str
    enrolled: bool
    words: str


def from_file(course: Course, content: bytes, by: str) -> Iterator[Outcome]:
    """CSV with a heading: first name, last name, e-mail. Contacts are found or made by a worker.

    Commas, semicolons or tabs between the columns. Raises BadInput without these columns, or if the
    letters cannot be told for certain; ends at LimitReached.
    """
    text = decoded(content)
    heading = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter_of(heading))
    columns = {_plain(name): name for name in rows.fieldnames or []}
    if missing := [words for words in COLUMNS.values() if _plain(words) not in columns]:
        raise BadInput(f"The file has no column {' and no column '.join(missing)}.")
    for row in rows:
        given = {key: row.get(columns[_plain(words)]) or "" for key, words in COLUMNS.items()}
        try:
            applicant = read_form(**given)
        except BadInput as error:
            yield Outcome(given["email"] or f"line {rows.line_num}", False, error.sentence)
            continue
        yield _enroll(course, learner_for(course, applicant), Source.FILE, by)


def from_tag(course: Course, tag: str, by: str) -> Iterator[Outcome]:
    """Everybody in the account's CRM who carries the tag now. BadInput if nobody does."""
    nobody = True
    for contact in connections.crm(course.account).contacts_tagged(tag):
        nobody = False
        learner = contacts.by_contact(contact.id) or contacts.keep(course.account, contact)
        yield _enroll(course, learner, Source.TAG, by)
    if nobody:
        raise BadInput(f"Nobody in the CRM carries the tag “{tag}”. Look how it is spelled there.")


def _enroll(course: Course, learner: Learner, source: Source, by: str) -> Outcome:
    who = learner.email or learner.name
    try:
        _, new = enrolling.enroll(learner, course, source, by)
    except LimitReached:
        raise
    except AppError as error:
        return Outcome(who, False, error.sentence)
    return Outcome(who, new, "enrolled" if new else "enrolled already")


def decoded(content: bytes) -> str:
    """UTF-8, or UTF-16 with its mark, as spreadsheets write both. A name is never guessed: in any
    other encoding some letters would come out as others."""
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(
            "The letters of this file cannot be read for certain: it is neither UTF-8 nor UTF-16. "
            "Save it as “CSV UTF-8” and try again."
        ) from None


def delimiter_of(heading: str) -> str:
    return max(",;\t", key=heading.count)


def _plain(words: str) -> str:
    return (
        words.strip().lstrip("\ufeff").casefold().replace("_", "").replace("-", "").replace(" ", "")
    )
