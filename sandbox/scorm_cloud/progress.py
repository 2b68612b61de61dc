"""From the items of a registration to its results, in the database.

Stores what an item reported, rolls all items up, and owes the postback if the results changed.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.scorm_cloud import rollup
from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.postbacks import owe_postback
from sandbox.scorm_cloud.sequencing import measures

if TYPE_CHECKING:
    from sandbox.scorm_cloud.packages import Activity


@dataclass(frozen=True)
class Launch:
    """One opened session. Without a registration it is a preview; untracked ones keep nothing."""

    id: str
    app: str
    course: str
    version: int
    registration: str | None
    instance: int | None
    learner: dict[str, str]  # id, firstName, lastName; empty texts where unknown
    title: str
    redirect: str
    start_sco: str | None

    @property
    def tracked(self) -> bool:
        return self.registration is not None


def instance_row(db: sqlite3.Connection, launch: Launch) -> sqlite3.Row | None:
    """The instance a session plays; None for a preview, or when it was deleted meanwhile."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM instances WHERE app = ? AND registration = ? AND instance = ?",
        (launch.app, launch.registration, launch.instance),
    ).fetchone()
    return row


def store_item(
    db: sqlite3.Connection, launch: Launch, item_id: str, cmi: dict[str, Any], final: bool
) -> None:
    """Keep what an item reports. Time of an earlier attempt that the content no longer counts
    is carried along."""
    key = (launch.app, launch.registration, launch.instance, item_id)
    former = db.execute(
        "SELECT * FROM items WHERE app = ? AND registration = ? AND instance = ? AND item = ?", key
    ).fetchone()
    attempts, carried = 1, 0.0
    if former is not None:
        attempts, carried = former["attempts"], former["carried"]
        if former["launch"] != launch.id:
            before = json.loads(former["cmi"])
            attempts += not rollup.is_suspended(before)
            lost = rollup.item_seconds(before, bool(former["final"])) - rollup.started_at(
                cmi, final
            )
            carried += max(0.0, lost)
    db.execute(
        "INSERT OR REPLACE INTO items (app, registration, instance, item, cmi, final, attempts,"
        " launch, carried) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*key, json.dumps(cmi), final, attempts, launch.id, carried),
    )


def roll_up(
    cloud: Cloud, db: sqlite3.Connection, launch: Launch, root: Mapping[str, Any] | None
) -> None:
    """Bring the registration and the launch history up to date with what its items report;
    ``root`` is what a sequencing engine says of the whole."""
    instance = instance_row(db, launch)
    if instance is None:
        return
    kept = json.loads(instance["root"] or "{}") if root is None else _known(root)
    result = _result(cloud, db, launch, kept)
    attempts = db.execute(
        "SELECT max(attempts) FROM items WHERE app = ? AND registration = ? AND instance = ?",
        (launch.app, launch.registration, launch.instance),
    ).fetchone()[0]
    now = cloud.now()
    completed = instance["completed"] or (now if result.completion == "COMPLETED" else None)
    db.execute(
        "UPDATE instances SET completion = ?, success = ?, score = ?, seconds = ?, root = ?,"
        " completed = ?, last_access = ?, updated = ?, attempts = ?"
        " WHERE app = ? AND registration = ? AND instance = ?",
        (
            result.completion,
            result.success,
            result.score,
            result.seconds,
            json.dumps(kept) if kept else None,
            completed,
            now,
            now,
            attempts or 1,
            launch.app,
            launch.registration,
            launch.instance,
        ),
    )
    db.execute(
        "UPDATE launches SET completion = ?, success = ?, score = ?, last_update = ?,"
        " seconds = max(0, ? - seconds_before) WHERE id = ?",
        (result.completion, result.success, result.score, now, result.seconds, launch.id),
    )
    owe_postback(cloud, db, launch.app, str(launch.registration))


def _result(
    cloud: Cloud, db: sqlite3.Connection, launch: Launch, root: Mapping[str, Any]
) -> rollup.Result:
    parts = scos(cloud, launch)
    mastery = {part.identifier: part.mastery_score for part in parts}
    rows = db.execute(
        "SELECT * FROM items WHERE app = ? AND registration = ? AND instance = ?",
        (launch.app, launch.registration, launch.instance),
    ).fetchall()
    results = [
        rollup.item_result(
            rollup.Reported(json.loads(row["cmi"]), bool(row["final"]), mastery.get(row["item"]))
        )
        for row in rows
    ]
    whole = rollup.of_items(results, len(parts))
    carried = sum(row["carried"] for row in rows)
    score = whole.score if _is_measured(cloud, launch) else None
    return rollup.Result(
        root.get("completion", whole.completion),
        root.get("success", whole.success),
        root.get("score", score),
        whole.seconds + carried,
    )


def scos(cloud: Cloud, launch: Launch) -> list["Activity"]:
    """The items that report to the LMS; plain pages (assets) do not."""
    root = cloud.package(launch.app, launch.course, launch.version).root
    return [each for each in root.launchable() if each.type == "SCO"]


def _is_measured(cloud: Cloud, launch: Launch) -> bool:
    """Whether the course as a whole can have a score; by the rules of a sequenced one perhaps no
    part counts towards it."""
    tree = cloud.package(launch.app, launch.course, launch.version).sequencing
    return tree is None or measures(tree)


def _known(root: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in root.items() if value is not None}
