"""Launch links: single addresses under ``/launch/`` that work until they expire.

A link says what is to be launched and where the learner goes afterwards. It may be opened any
number of times before its expiry; each time is a launch of its own.
"""

import json
import sqlite3
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.scorm_cloud.cloud import Cloud


@dataclass(frozen=True)
class Link:
    """What a launch link stands for. Without a registration it is a preview of a course."""

    app: str
    course: str
    registration: str | None = None
    version: int | None = None
    redirect: str = ""
    tracking: bool = True
    start_sco: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Expired:
    """The answer for a link that was opened too late; ``redirect`` is where it would have gone."""

    redirect: str


def make_link(cloud: Cloud, db: sqlite3.Connection, link: Link, expiry_s: int) -> str:
    """Store a link for so many seconds and give its address."""
    name = str(uuid.uuid4())
    db.execute(
        "INSERT INTO links VALUES (?, ?, ?, ?)",
        (name, link.app, cloud.clock.timestamp() + expiry_s, json.dumps(asdict(link))),
    )
    return f"{cloud.url}/launch/{name}"


def launch_by_link(cloud: Cloud, name: str) -> Link | Expired | None:
    """What the link ``name`` stands for now; None if there never was one."""
    with cloud.store.read() as db:
        row = db.execute("SELECT * FROM links WHERE id = ?", (name,)).fetchone()
    if row is None:
        return None
    link = Link(**json.loads(row["doc"]))
    if row["expires"] < cloud.clock.timestamp():
        return Expired(link.redirect)
    return link


def expire_all(cloud: Cloud) -> int:
    """Let every link expire at once; the number of links."""
    with cloud.store.write() as db:
        return db.execute(
            "UPDATE links SET expires = 0 WHERE expires >= ?", (cloud.clock.timestamp(),)
        ).rowcount
