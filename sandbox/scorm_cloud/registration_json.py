"""A registration as the API shows it: in answers, in lists and as the body of a postback."""

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.scorm_cloud import rollup
from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.course_json import passing_score
from sandbox.scorm_cloud.runtime_json import objectives_json, runtime_json

if TYPE_CHECKING:
    from sandbox.scorm_cloud.packages import Activity

# A registration with one of its instances and the course version of that instance.
COLUMNS = (
    "r.app, r.id, r.course, r.created AS registered, r.learner, r.email, r.first_name,"
    " r.last_name, r.tags, r.current, i.instance, i.course_version, i.xapi_id, i.updated,"
    " i.first_access, i.last_access, i.completed, i.completion, i.success, i.score, i.seconds,"
    " i.attempts, i.posted, i.root, i.suspended_item, v.title"
)
TABLES = (
    "registrations r JOIN instances i ON i.app = r.app AND i.registration = r.id"
    " LEFT JOIN course_versions v ON v.app = r.app AND v.course = r.course"
    " AND v.version = i.course_version"
)
PRESENT = "i.instance = r.current"


@dataclass(frozen=True)
class Detail:
    """What is included beyond the root activity's results."""

    children: bool = False
    runtime: bool = False
    objectives: bool = False


FORMATS = {
    "course": Detail(),
    "activity": Detail(children=True),
    "full": Detail(children=True, runtime=True, objectives=True),
}


def registration_row(
    db: sqlite3.Connection, app: str, registration: str, instance: int | None = None
) -> sqlite3.Row | None:
    """The registration with one instance, the present one unless another is named."""
    which = PRESENT if instance is None else "i.instance = ?"
    values = (app, registration) if instance is None else (app, registration, instance)
    row: sqlite3.Row | None = db.execute(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE r.app = ? AND r.id = ? AND {which}", values
    ).fetchone()
    return row


def registration_json(
    cloud: Cloud, db: sqlite3.Connection, row: sqlite3.Row, detail: Detail
) -> dict[str, Any]:
    """The Registration object of a row with COLUMNS."""
    done = row["completion"] == "COMPLETED"
    shown: dict[str, Any] = {
        "id": row["id"],
        "instance": row["instance"],
        "xapiRegistrationId": row["xapi_id"],
        "updated": row["updated"],
        "registrationCompletion": row["completion"],
        "registrationCompletionAmount": 1.0 if done else 0.0,
        "registrationSuccess": row["success"],
        "score": _score(row["score"]),
        "totalSecondsTracked": row["seconds"],
        "firstAccessDate": row["first_access"],
        "lastAccessDate": row["last_access"],
        "completedDate": row["completed"],
        "createdDate": row["registered"],
        "course": {
            "id": row["course"],
            "title": row["title"] or "",
            "version": row["course_version"],
        },
        "learner": learner_json(row),
        "tags": json.loads(row["tags"]),
        "globalObjectives": [],
        "sharedData": [],
        "suspendedActivityId": row["suspended_item"],
        "activityDetails": _root(cloud, db, row, detail),
    }
    return {name: value for name, value in shown.items() if value is not None}


def learner_json(row: sqlite3.Row) -> dict[str, str]:
    """The learner of a registration; the id always, the rest where known."""
    learner = {
        "id": row["learner"],
        "email": row["email"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
    }
    return {name: value for name, value in learner.items() if value is not None}


def clock_text(seconds: float) -> str:
    """Seconds as ``HHHH:MM:SS.ss``."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes // 60:04d}:{minutes % 60:02d}:{rest // 100:02d}.{rest % 100:02d}"


def _score(score: float | None) -> dict[str, float] | None:
    return None if score is None else {"scaled": score}


def _root(cloud: Cloud, db: sqlite3.Connection, row: sqlite3.Row, detail: Detail) -> dict[str, Any]:
    """The root activity: the registration's own results, and below it what was asked for."""
    shown = _activity(
        "root",
        row["title"] or "",
        rollup.Result(row["completion"], row["success"], row["score"], row["seconds"]),
        row["attempts"],
        suspended=row["suspended_item"] is not None,
    )
    if not (detail.children or detail.runtime):
        return shown
    try:
        root = cloud.package(row["app"], row["course"], row["course_version"]).root
    except KeyError:
        return shown  # the version was deleted; its results remain
    items = {item["item"]: item for item in _items(db, row)}
    shown["id"] = root.identifier
    if not root.children and root.identifier in items:
        return {**shown, **_details(items[root.identifier], detail)}
    shown["children"] = [_child(each, items, detail) for each in root.children]
    return shown


def _items(db: sqlite3.Connection, row: sqlite3.Row) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT * FROM items WHERE app = ? AND registration = ? AND instance = ?",
        (row["app"], row["id"], row["instance"]),
    ).fetchall()


def _child(activity: "Activity", items: dict[str, sqlite3.Row], detail: Detail) -> dict[str, Any]:
    item = items.get(activity.identifier)
    result = _branch_result(activity, items)
    shown = _activity(
        activity.identifier,
        activity.title,
        result,
        item["attempts"] if item else 0,
        suspended=item is not None and rollup.is_suspended(json.loads(item["cmi"])),
    )
    if item is not None:
        shown.update(_details(item, detail))
    shown["children"] = [_child(each, items, detail) for each in activity.children]
    passing = passing_score(activity)
    if passing is not None:
        shown["staticProperties"] = {
            "scaledPassingScore": passing,
            "scaledPassingScoreUsed": True,
        }
    return shown


def _branch_result(activity: "Activity", items: dict[str, sqlite3.Row]) -> rollup.Result:
    """A leaf's own result, or the roll-up of the leaves below."""
    item = items.get(activity.identifier)
    if item is not None:
        reported = rollup.Reported(
            json.loads(item["cmi"]), bool(item["final"]), activity.mastery_score
        )
        return rollup.item_result(reported)
    started = [
        _branch_result(child, items)
        for child in activity.children
        if any(leaf.identifier in items for leaf in child.launchable())
    ]
    return rollup.of_items(started, len(activity.children))


def _details(item: sqlite3.Row, detail: Detail) -> dict[str, Any]:
    cmi = json.loads(item["cmi"])
    shown: dict[str, Any] = {}
    if detail.objectives:
        shown["objectives"] = objectives_json(cmi)
    if detail.runtime:
        shown["runtime"] = runtime_json(
            cmi,
            clock_text(rollup.item_seconds(cmi, bool(item["final"]))),
            interactions=detail.objectives,
        )
    return shown


def _activity(
    identifier: str, title: str, result: rollup.Result, attempts: int, suspended: bool
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": identifier,
        "title": title,
        "attempts": attempts,
        "activityCompletion": result.completion,
        "activitySuccess": result.success,
        "score": _score(result.score),
        "timeTracked": clock_text(result.seconds),
        "completionAmount": {"scaled": 1.0 if result.completion == "COMPLETED" else 0.0},
        "suspended": suspended,
        "children": [],
    }
    if shown["score"] is None:
        del shown["score"]
    return shown
