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
from typing import TYPE_CHECKING, Any, cast

from sandbox.scorm_cloud import rollup
from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.instances import restart_if_due
from sandbox.scorm_cloud.links import Link
from sandbox.scorm_cloud.postbacks import owe_postback

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


@dataclass
class State:
    """Where a registration stands: each item's last ``cmi`` and the sequencing engine's state."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
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
        if opened.tracked and not _scos(cloud, opened):
            _roll_up(cloud, db, opened, {"completion": "COMPLETED"})  # pages only: seen is done
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
        instance = _instance(db, launch)
        if instance is None:
            return State()
        rows = db.execute(
            "SELECT item, cmi FROM items WHERE app = ? AND registration = ? AND instance = ?",
            (launch.app, launch.registration, launch.instance),
        ).fetchall()
    return State(
        {row["item"]: json.loads(row["cmi"]) for row in rows},
        json.loads(instance["sequencing"]) if instance["sequencing"] else None,
        instance["suspended_item"],
    )


def commit(
    cloud: Cloud,
    launch: Launch,
    item_id: str,
    cmi: dict[str, Any],
    final: bool,
    root: Mapping[str, Any] | None = None,
) -> None:
    """Store one item's runtime state and roll up.

    ``root`` may carry ``completion``, ``success`` (enum texts) and ``score`` (0–100) of the root
    activity, where a sequencing engine knows them; what it does not know is left out.
    """
    if not launch.tracked:
        return
    with cloud.store.write() as db:
        if _instance(db, launch) is None:
            return  # the registration was deleted or reset while somebody was in it
        _store_item(db, launch, item_id, cmi, final)
        _log(cloud, db, launch, "commit", item_id, final)
        _roll_up(cloud, db, launch, root)


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
        if not left.rowcount or _instance(db, launch) is None:
            return
        db.execute(
            "UPDATE instances SET last_access = ?, updated = ?"
            " WHERE app = ? AND registration = ? AND instance = ?",
            (now, now, launch.app, launch.registration, launch.instance),
        )
        _log(cloud, db, launch, "exit", None, True)
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


def _instance(db: sqlite3.Connection, launch: Launch) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM instances WHERE app = ? AND registration = ? AND instance = ?",
        (launch.app, launch.registration, launch.instance),
    ).fetchone()
    return row


def _store_item(
    db: sqlite3.Connection, launch: Launch, item_id: str, cmi: dict[str, Any], final: bool
) -> None:
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


def _roll_up(
    cloud: Cloud, db: sqlite3.Connection, launch: Launch, root: Mapping[str, Any] | None
) -> None:
    instance = _instance(db, launch)
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
    parts = _scos(cloud, launch)
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
    return rollup.Result(
        root.get("completion", whole.completion),
        root.get("success", whole.success),
        root.get("score", whole.score),
        whole.seconds + carried,
    )


def _scos(cloud: Cloud, launch: Launch) -> list["Activity"]:
    """The items that report to the LMS; plain pages (assets) do not."""
    root = cloud.package(launch.app, launch.course, launch.version).root
    return [each for each in root.launchable() if each.type == "SCO"]


def _known(root: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in root.items() if value is not None}


def _log(
    cloud: Cloud,
    db: sqlite3.Connection,
    launch: Launch,
    event: str,
    item: str | None,
    final: bool,
) -> None:
    entry = json.dumps({"at": cloud.now(), "event": event, "item": item, "final": final})
    db.execute(
        "UPDATE launches SET log = json_insert(log, '$[#]', json(?)) WHERE id = ?",
        (entry, launch.id),
    )
