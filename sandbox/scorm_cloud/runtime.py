"""A learner's session: opening it, what the content commits during it, leaving it.

The player and the robot learner both work through these functions, so their effect is the same:
an entry in the launch history, the runtime state per item, the registration's roll-up, and the
postback it owes. A launch of a preview link, or of a link without tracking, keeps nothing.
"""

import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.instances import restart_if_due
from sandbox.scorm_cloud.links import Link
from sandbox.scorm_cloud.postbacks import owe_postback
from sandbox.scorm_cloud.progress import Launch, instance_row, roll_up, scos, store_item
from sandbox.scorm_cloud.rollup import item_seconds

__all__ = ["Launch", "State"]  # with the functions below, all that a player needs


@dataclass
class State:
    """Where a registration stands: each item's last ``cmi``, the seconds spent in it so far, in
    which items content said that it had finished, which others are still going on in this launch,
    and the sequencing engine's state."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    totals: dict[str, float] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    going_on: frozenset[str] = frozenset()
    sequencing: Any = None
    suspended_item: str | None = None


def open_launch(cloud: Cloud, link: Link) -> Launch:
    """Begin a session. KeyError if the registration or course is gone meanwhile."""
    with cloud.store.write() as db:
        instance = None
        if link.registration and link.tracking:
            restart_if_due(cloud, db, link.app, link.registration)
            instance = _touch(cloud, db, link.app, link.registration)
        launch_id = str(uuid.uuid4())
        db.execute(
            "INSERT INTO launches (id, app, link, registration, instance, launched, completion,"
            " success, score, seconds_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                launch_id,
                link.app,
                json.dumps(link.__dict__),
                link.registration if instance else None,
                instance["instance"] if instance else None,
                cloud.now(),
                instance["completion"] if instance else "UNKNOWN",
                instance["success"] if instance else "UNKNOWN",
                instance["score"] if instance else None,
                instance["seconds"] if instance else 0,
            ),
        )
        opened = find_launch(cloud, launch_id)
        if opened is None:
            raise KeyError(link.course)
        if opened.tracked and not scos(cloud, opened):
            roll_up(cloud, db, opened, {"completion": "COMPLETED"})  # pages only: seen is done
        return opened


def find_launch(cloud: Cloud, launch_id: str) -> Launch | None:
    """A session opened before; None if it, its registration or its course is gone."""
    with cloud.store.read() as db:
        row = db.execute("SELECT * FROM launches WHERE id = ?", (launch_id,)).fetchone()
        if row is None:
            return None
        link = Link(**json.loads(row["link"]))
        learner = db.execute(
            "SELECT learner AS id, first_name AS firstName, last_name AS lastName"
            " FROM registrations WHERE app = ? AND id = ?",
            (link.app, link.registration),
        ).fetchone()
        course = db.execute(
            "SELECT version, title FROM course_versions WHERE app = ? AND course = ?"
            " AND version = ?",
            (link.app, link.course, _version(db, link, row)),
        ).fetchone()
    if course is None:
        return None
    return Launch(
        id=row["id"],
        app=row["app"],
        course=link.course,
        version=course["version"],
        registration=row["registration"],
        instance=row["instance"],
        learner={name: learner[name] or "" for name in learner.keys()}  # noqa: SIM118
        if learner
        else {"id": "preview", "firstName": "", "lastName": ""},
        title=course["title"],
        redirect=link.redirect,
        start_sco=link.start_sco,
    )


def state_for(cloud: Cloud, launch: Launch) -> State:
    """What the session starts from; empty for a preview."""
    with cloud.store.read() as db:
        instance = instance_row(db, launch)
        if instance is None:
            return State()
        rows = db.execute(
            "SELECT item, cmi, final, launch FROM items"
            " WHERE app = ? AND registration = ? AND instance = ?",
            (launch.app, launch.registration, launch.instance),
        ).fetchall()
    items = {row["item"]: json.loads(row["cmi"]) for row in rows}
    return State(
        items,
        {row["item"]: item_seconds(items[row["item"]], bool(row["final"])) for row in rows},
        frozenset(row["item"] for row in rows if row["final"]),
        frozenset(row["item"] for row in rows if row["launch"] == launch.id and not row["final"]),
        json.loads(instance["sequencing"]) if instance["sequencing"] else None,
        instance["suspended_item"],
    )


def commit(
    cloud: Cloud,
    launch: Launch,
    items: Mapping[str, dict[str, Any]],
    final: bool,
    root: Mapping[str, Any] | None = None,
) -> None:
    """Store the runtime state of items (by identifier) and roll up. Without any item, which is
    how a session on plain pages ends, only ``root`` counts.

    ``root`` may carry ``completion``, ``success`` (enum texts) and ``score`` (0–100) of the root
    activity, where a sequencing engine knows them; what it does not know is left out.
    """
    if not launch.tracked:
        return
    if not items and not scos(cloud, launch):
        return  # a course of pages only was done when it was opened
    with cloud.store.write() as db:
        if instance_row(db, launch) is None:
            return  # the registration was deleted or reset while somebody was in it
        for item, cmi in items.items():
            store_item(db, launch, item, cmi, final)
        _log(cloud, db, launch, "commit", list(items), final)
        roll_up(cloud, db, launch, root)


def save_sequencing(
    cloud: Cloud, launch: Launch, sequencing: Any, suspended_item: str | None
) -> None:
    """Keep the sequencing engine's own state and the item to resume at."""
    if not launch.tracked:
        return
    with cloud.store.write() as db:
        db.execute(
            "UPDATE instances SET sequencing = ?, suspended_item = ?"
            " WHERE app = ? AND registration = ? AND instance = ?",
            (
                None if sequencing is None else json.dumps(sequencing),
                suspended_item,
                launch.app,
                launch.registration,
                launch.instance,
            ),
        )


def leave(cloud: Cloud, launch: Launch) -> None:
    """End the session; a second time changes nothing."""
    if not launch.tracked:
        return
    with cloud.store.write() as db:
        now = cloud.now()
        left = db.execute(
            "UPDATE launches SET exited = ? WHERE id = ? AND exited IS NULL", (now, launch.id)
        )
        if not left.rowcount or instance_row(db, launch) is None:
            return
        db.execute(
            "UPDATE instances SET last_access = ?, updated = ?"
            " WHERE app = ? AND registration = ? AND instance = ?",
            (now, now, launch.app, launch.registration, launch.instance),
        )
        _log(cloud, db, launch, "exit", [], True)
        owe_postback(cloud, db, launch.app, str(launch.registration))


def _touch(cloud: Cloud, db: sqlite3.Connection, app: str, registration: str) -> sqlite3.Row:
    """Note an access of the current instance and give it as it was; KeyError if it is gone."""
    row = db.execute(
        "SELECT i.* FROM registrations r JOIN instances i ON i.app = r.app"
        " AND i.registration = r.id AND i.instance = r.current WHERE r.app = ? AND r.id = ?",
        (app, registration),
    ).fetchone()
    if row is None:
        raise KeyError(registration)
    now = cloud.now()
    db.execute(
        "UPDATE instances SET first_access = coalesce(first_access, ?), last_access = ?,"
        " updated = ?, attempts = max(attempts, 1), root = NULL"
        " WHERE app = ? AND registration = ? AND instance = ?",
        (now, now, now, app, registration, row["instance"]),
    )
    return cast(sqlite3.Row, row)


def _version(db: sqlite3.Connection, link: Link, launch: sqlite3.Row) -> int | None:
    if launch["registration"] is None and link.version is not None:
        return link.version
    if launch["registration"] is None:
        row = db.execute(
            "SELECT newest FROM courses WHERE app = ? AND id = ?", (link.app, link.course)
        ).fetchone()
    else:
        row = db.execute(
            "SELECT course_version FROM instances WHERE app = ? AND registration = ?"
            " AND instance = ?",
            (link.app, launch["registration"], launch["instance"]),
        ).fetchone()
    return row[0] if row else None


def _log(
    cloud: Cloud,
    db: sqlite3.Connection,
    launch: Launch,
    event: str,
    items: list[str],
    final: bool,
) -> None:
    entry = json.dumps({"at": cloud.now(), "event": event, "items": items, "final": final})
    db.execute(
        "UPDATE launches SET log = json_insert(log, '$[#]', json(?)) WHERE id = ?",
        (entry, launch.id),
    )
