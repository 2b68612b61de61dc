"""Settings and the levels they are kept at: application, kind of content, course, registration.

The nearest level that has a value wins; without any, the default does. What is set for one
version of a course counts before what is set for the course, and what is set for one instance of
a registration before what is set for the registration.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.scorm_cloud.catalogue import CATALOGUE, known, metadata_json
from sandbox.scorm_cloud.errors import ApiError

Level = tuple[str, str]  # what kind of owner, and which
Stored = dict[tuple[Level, str], str]

_SOURCES = {
    "version": "course",
    "instance": "registration",
    "content": "learningStandardForApplication",
}
_PARTS = {"course": "version", "registration": "instance"}


@dataclass(frozen=True)
class Owner:
    """Whose settings: an application's, or those of something in it. ``content`` is a kind of
    content within the application, see ``kind_of_content``."""

    app: str
    course: str | None = None
    version: int | None = None
    registration: str | None = None
    instance: int | None = None
    content: str | None = None

    @property
    def level(self) -> Level:
        """The level a value is stored at."""
        return next(self.levels())

    def levels(self) -> Iterator[Level]:
        """The levels that count for this owner, nearest first."""
        if self.registration is not None:
            if self.instance is not None:
                yield "instance", f"{self.instance}:{self.registration}"
            yield "registration", self.registration
        if self.course is not None:
            if self.version is not None:
                yield "version", f"{self.version}:{self.course}"
            yield "course", self.course
        if self.content is not None:
            yield "content", self.content
        yield "application", ""


def kind_of_content(standard: str, single: bool) -> str:
    """All content of one learning standard with one, or with several, parts to launch."""
    return f"{standard}:{'single' if single else 'multi'}"


def effective(db: sqlite3.Connection, owner: Owner, names: Iterable[str]) -> list[str]:
    """The values that count for the owner, in the order of the names."""
    levels = _levels(db, owner)
    stored = _stored(db, owner.app, levels)
    return [_found(stored, levels, name)[0] for name in names]


def settings_json(db: sqlite3.Connection, owner: Owner, metadata: bool) -> dict[str, Any]:
    """All settings with their effective values, as the API shows them."""
    levels = _levels(db, owner)
    stored = _stored(db, owner.app, levels)
    items = []
    for name, setting in CATALOGUE.items():
        value, source = _found(stored, levels, name)
        item: dict[str, Any] = {
            "id": name,
            "effectiveValue": value,
            "effectiveValueSource": source,
        }
        if (owner.level, name) in stored:
            item["explicitValue"] = stored[(owner.level, name)]
        if metadata:
            item["metadata"] = metadata_json(setting)
        items.append(item)
    return {"settingItems": items}


def save_settings(db: sqlite3.Connection, owner: Owner, body: dict[str, Any]) -> None:
    """Keep the values of a SettingsPost at the owner's level; ApiError 400 for a wrong one."""
    settings = body.get("settings")
    if not isinstance(settings, list):
        raise ApiError(400, "Bad request: settings is required and must be a list.")
    for each in settings:
        if not isinstance(each, dict) or not isinstance(each.get("settingId"), str):
            raise ApiError(400, "Bad request: each setting needs a settingId.")
        _save(db, owner, each["settingId"], each.get("value"))


def _save(db: sqlite3.Connection, owner: Owner, name: str, value: Any) -> None:
    setting = known(name)
    if isinstance(value, bool):
        value = str(value).lower()
    if not isinstance(value, str):
        raise ApiError(400, f"Bad request: the value of setting [{name}] must be a string.")
    if setting.values:
        fitting = {each.lower(): each for each in setting.values}
        if value.lower() not in fitting:
            raise ApiError(400, f"Bad request: [{value}] is not a value of setting [{name}].")
        value = fitting[value.lower()]
    db.execute(
        "INSERT OR REPLACE INTO settings VALUES (?, ?, ?, ?, ?)",
        (owner.app, *owner.level, name, value),
    )


def forget_setting(db: sqlite3.Connection, owner: Owner, name: str) -> None:
    """Go back to the inherited value."""
    known(name)
    db.execute(
        "DELETE FROM settings WHERE app = ? AND level = ? AND owner = ? AND setting = ?",
        (owner.app, *owner.level, name),
    )


def forget_owner(db: sqlite3.Connection, owner: Owner) -> None:
    """Forget all values of what is being deleted, and of its versions or instances."""
    level, whose = owner.level
    db.execute(
        "DELETE FROM settings WHERE app = ? AND level = ? AND owner = ?", (owner.app, level, whose)
    )
    if level in _PARTS:
        db.execute(
            "DELETE FROM settings WHERE app = ? AND level = ?"
            " AND substr(owner, instr(owner, ':') + 1) = ?",
            (owner.app, _PARTS[level], whose),
        )


def _levels(db: sqlite3.Connection, owner: Owner) -> list[Level]:
    """The owner's levels; a course's kind of content is looked up only if it can matter."""
    levels = list(owner.levels())
    if owner.course is not None:
        used = db.execute(
            "SELECT 1 FROM settings WHERE app = ? AND level = 'content' LIMIT 1", (owner.app,)
        ).fetchone()
        if used:
            levels.insert(-1, ("content", _content_of(db, owner)))
    return levels


def _content_of(db: sqlite3.Connection, owner: Owner) -> str:
    row = db.execute(
        "SELECT standard, (SELECT count(*) FROM json_tree(package, '$.root')"
        " WHERE key = 'href' AND atom IS NOT NULL) AS parts FROM course_versions"
        " WHERE app = ? AND course = ? AND (? IS NULL OR version = ?) ORDER BY version DESC",
        (owner.app, owner.course, owner.version, owner.version),
    ).fetchone()
    return kind_of_content(row["standard"], row["parts"] == 1) if row else ""


def _stored(db: sqlite3.Connection, app: str, levels: list[Level]) -> Stored:
    one = "app = ? AND level = ? AND owner = ?"  # written out for each, so that the index serves
    where = " OR ".join([one] * len(levels))
    rows = db.execute(
        f"SELECT level, owner, setting, value FROM settings WHERE {where}",
        [value for level in levels for value in (app, *level)],
    )
    return {((row["level"], row["owner"]), row["setting"]): row["value"] for row in rows}


def _found(stored: Stored, levels: list[Level], name: str) -> tuple[str, str]:
    for level in levels:
        if (level, name) in stored:
            return stored[(level, name)], _SOURCES.get(level[0], level[0])
    return CATALOGUE[name].default, "default"
