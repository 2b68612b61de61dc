"""Tags of courses, registrations and learners: the same calls for each of the three.

PUT adds tags, DELETE takes the named ones away; neither minds what was there before.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue

from sandbox.scorm_cloud.cloud import the_cloud
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.query import body, texts

Read = Callable[[sqlite3.Connection, str, str], list[str]]  # ApiError 404 if the owner is unknown
Write = Callable[[sqlite3.Connection, str, str, list[str]], None]


def add_tag_routes(blueprint: Blueprint, noun: str, read: Read, write: Write) -> None:
    """GET, PUT and DELETE ``/<id>/tags`` and the batch PUT ``/tags``."""

    @blueprint.get("/<owner>/tags")
    def get_tags(owner: str) -> ResponseReturnValue:
        with the_cloud().store.read() as db:
            return jsonify(tags=read(db, g.app_id, owner))

    @blueprint.put("/<owner>/tags")
    def put_tags(owner: str) -> ResponseReturnValue:
        _change([owner], add=texts(body(), "tags"))
        return "", 204

    @blueprint.delete("/<owner>/tags")
    def delete_tags(owner: str) -> ResponseReturnValue:
        _change([owner], remove=texts(body(), "tags"))
        return "", 204

    @blueprint.put("/tags")
    def put_batch() -> ResponseReturnValue:
        owners = texts(body(), "ids")
        if not owners:
            raise ApiError(400, "Bad request: ids is required.")
        _change(owners, add=texts(body(), "tags"))
        return "", 204

    def _change(owners: list[str], add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        cloud = the_cloud()
        with cloud.store.write() as db:
            for owner in owners:
                before = read(db, g.app_id, owner)
                tags = [tag for tag in dict.fromkeys([*before, *add]) if tag not in set(remove)]
                write(db, g.app_id, owner, tags)
                cloud.ledger.applied(db, f"{noun}_tagged", None, {"id": owner, "tags": tags})


def add_column_routes(
    blueprint: Blueprint, noun: str, found: Callable[[sqlite3.Connection, str], sqlite3.Row]
) -> None:
    """The same where the tags are a column of the table named like the blueprint."""

    def read(db: sqlite3.Connection, app: str, owner: str) -> list[str]:
        return list(json.loads(found(db, owner)["tags"]))

    def write(db: sqlite3.Connection, app: str, owner: str, tags: list[str]) -> None:
        db.execute(
            f"UPDATE {blueprint.name} SET tags = ? WHERE app = ? AND id = ?",
            (json.dumps(tags), app, owner),
        )

    add_tag_routes(blueprint, noun, read, write)


def merged(old: str, added: list[str]) -> str:
    """The stored form of old tags with some added."""
    return json.dumps(list(dict.fromkeys([*json.loads(old), *added])))
