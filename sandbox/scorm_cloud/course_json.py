"""A course version as the API shows it."""

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from sandbox.scorm_cloud.cloud import Cloud

if TYPE_CHECKING:
    from sandbox.scorm_cloud.packages import Activity

COLUMNS = (
    "v.app, v.course AS id, v.version, v.title, v.standard, v.created, v.updated, c.tags, c.newest"
)
TABLES = "courses c JOIN course_versions v ON v.app = c.app AND v.course = c.id"


def course_row(
    db: sqlite3.Connection, app: str, course: str, version: int | None = None
) -> sqlite3.Row | None:
    """A course at one version, the newest unless another is named."""
    which = "v.version = c.newest" if version is None else "v.version = ?"
    values = (app, course) if version is None else (app, course, version)
    row: sqlite3.Row | None = db.execute(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE c.app = ? AND c.id = ? AND {which}", values
    ).fetchone()
    return row


def course_json(
    cloud: Cloud,
    db: sqlite3.Connection,
    row: sqlite3.Row,
    count_registrations: bool = False,
    metadata: bool = False,
) -> dict[str, Any]:
    """The Course object of a row with COLUMNS."""
    package = cloud.package(row["app"], row["id"], row["version"])
    shown: dict[str, Any] = {
        "id": row["id"],
        "title": row["title"],
        "xapiActivityId": f"{cloud.url}/activities/{row['app']}/{row['id']}",
        "created": row["created"],
        "updated": row["updated"],
        "version": row["version"],
        "activityId": package.root.identifier,
        "courseLearningStandard": row["standard"],
        "tags": json.loads(row["tags"]),
        "dispatched": False,
        "rootActivity": _activity(package.root),
    }
    if count_registrations:
        shown["registrationCount"] = db.execute(
            "SELECT count(*) FROM registrations WHERE app = ? AND course = ?",
            (row["app"], row["id"]),
        ).fetchone()[0]
    if metadata:
        language = package.languages[0] if package.languages else "en"
        shown["metadata"] = {
            "title": row["title"],
            "titleLanguage": language,
            "description": "",
            "descriptionLanguage": language,
            "keywords": [],
        }
    return shown


def passing_score(activity: "Activity") -> str | None:
    """The score from which the activity is passed, as a text between -1 and 1; None without."""
    if activity.scaled_passing_score is not None:
        return f"{activity.scaled_passing_score:g}"
    if activity.mastery_score is not None:
        return f"{activity.mastery_score / 100:g}"
    return None


def _activity(activity: "Activity") -> dict[str, Any]:
    shown = {
        "externalIdentifier": "",
        "itemIdentifier": activity.identifier,
        "resourceIdentifier": activity.resource or "",
        "activityType": activity.type,
        "href": activity.href or "",
        "title": activity.title,
        "children": [_activity(child) for child in activity.children],
    }
    passing = passing_score(activity)
    if passing is not None:
        shown["scaledPassingScore"] = passing
    return shown
