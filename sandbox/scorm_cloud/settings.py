"""Settings and the levels they are kept at: application, course, registration.

The nearest level that has a value wins; without any, the default does. Only settings in the
catalogue exist. Those the stand-in acts on are the postback settings and
WhenToRestartRegistration; the player's are kept and shown like any other.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.scorm_cloud.errors import ApiError


@dataclass(frozen=True)
class Setting:
    """One setting: its default, what it is for, and its values where they are limited."""

    default: str
    description: str
    values: tuple[str, ...] = ()


_BOOLEAN = ("true", "false")
_RESTART = [
    f"WHEN_EXISTING_REG_IS_{state}{newer}"
    for state in ("COMPLETE", "SATISFIED", "FAILED", "INCOMPLETE")
    for newer in ("", "_AND_NEWER_PACKAGE_VERSION_EXISTS")
]
_LAUNCH_TYPES = ("FRAMESET", "NEW_WINDOW", "NEW_WINDOW_WITHOUT_BROWSER_TOOLBAR")

CATALOGUE: dict[str, Setting] = {
    "ApiRollupRegistrationPostBackUrl": Setting("", "Where registration results are sent."),
    "ApiRollupRegistrationAuthType": Setting(
        "form", "How the postback carries its credentials.", ("form", "httpbasic")
    ),
    "ApiRollupRegistrationAuthUser": Setting("", "User name of the postback."),
    "ApiRollupRegistrationAuthPassword": Setting("", "Password of the postback."),
    "ApiRollupRegistrationFormat": Setting(
        "course", "How much detail the postback has.", ("course", "activity", "full")
    ),
    "ApiRollupRegistrationIsJson": Setting("true", "JSON instead of XML.", _BOOLEAN),
    "WhenToRestartRegistration": Setting(
        "NEVER",
        "When a launch begins a new instance.",
        ("NEVER", "WHEN_NEWER_PACKAGE_VERSION_EXISTS", *_RESTART),
    ),
    "PlayerLaunchType": Setting("FRAMESET", "Where the player opens.", _LAUNCH_TYPES),
    "PlayerScoLaunchType": Setting("FRAMESET", "Where content opens.", _LAUNCH_TYPES),
    "PlayerShowCourseStructure": Setting("true", "Show the outline.", _BOOLEAN),
    "PlayerShowFinishButton": Setting("true", "Show the button that returns.", _BOOLEAN),
    "PlayerShowNavBar": Setting("true", "Show previous and next.", _BOOLEAN),
    "PlayerShowProgressBar": Setting("false", "Show progress.", _BOOLEAN),
}


@dataclass(frozen=True)
class Owner:
    """Whose settings: an application's, or those of a course or a registration in it."""

    app: str
    course: str | None = None
    registration: str | None = None

    @property
    def level(self) -> tuple[str, str]:
        """The level a value is stored at, and the id there."""
        return next(self.levels())

    def levels(self) -> Iterator[tuple[str, str]]:
        """The levels that count for this owner, nearest first."""
        if self.registration is not None:
            yield "registration", self.registration
        if self.course is not None:
            yield "course", self.course
        yield "application", ""


def effective(db: sqlite3.Connection, owner: Owner, setting: str) -> str:
    """The value that counts for the owner."""
    return all_effective(db, owner)[setting]


def all_effective(db: sqlite3.Connection, owner: Owner) -> dict[str, str]:
    """Every setting with the value that counts for the owner."""
    stored = _stored(db, owner)
    return {name: _found(stored, owner, name)[0] for name in CATALOGUE}


def settings_json(db: sqlite3.Connection, owner: Owner, metadata: bool) -> dict[str, Any]:
    """All settings with their effective values, as the API shows them."""
    stored = _stored(db, owner)
    items = []
    for name, setting in CATALOGUE.items():
        value, source = _found(stored, owner, name)
        item: dict[str, Any] = {
            "id": name,
            "effectiveValue": value,
            "effectiveValueSource": source,
        }
        if (*owner.level, name) in stored:
            item["explicitValue"] = stored[(*owner.level, name)]
        if metadata:
            item["metadata"] = _metadata(setting)
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


def forget_owner(db: sqlite3.Connection, app: str, level: str, owner: str) -> None:
    """Forget all values of a deleted course or registration."""
    db.execute(
        "DELETE FROM settings WHERE app = ? AND level = ? AND owner = ?", (app, level, owner)
    )


def known(name: str) -> Setting:
    """The catalogue's entry; ApiError 400 if there is none."""
    if name not in CATALOGUE:
        raise ApiError(400, f"Bad request: unknown setting [{name}].")
    return CATALOGUE[name]


Stored = dict[tuple[str, str, str], str]


def _stored(db: sqlite3.Connection, owner: Owner) -> Stored:
    rows = db.execute(
        "SELECT level, owner, setting, value FROM settings WHERE app = ? AND owner IN (?, ?, '')",
        (owner.app, owner.course, owner.registration),
    )
    return {(row["level"], row["owner"], row["setting"]): row["value"] for row in rows}


def _found(stored: Stored, owner: Owner, name: str) -> tuple[str, str]:
    for level, whose in owner.levels():
        if (level, whose, name) in stored:
            return stored[(level, whose, name)], level
    return CATALOGUE[name].default, "default"


def _metadata(setting: Setting) -> dict[str, Any]:
    return {
        "default": setting.default,
        "dataType": "boolean" if setting.values == _BOOLEAN else "string",
        "settingDescription": setting.description,
        "validValues": [{"value": value, "valueDescription": value} for value in setting.values],
    }
