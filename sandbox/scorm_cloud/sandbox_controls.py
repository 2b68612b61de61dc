"""The stand-in's own controls: the robot learner, forgeries, links, applications' permissions."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.controls import controls_blueprint, json_body
from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.database import MANAGERS
from sandbox.scorm_cloud.links import expire_all
from sandbox.scorm_cloud.postbacks import forge_postback
from sandbox.scorm_cloud.robot import play, prepare

_APPLICATION = {
    "allowDelete": ("allow_delete", bool),
    "regLimit": ("reg_limit", int),
    "strictLimit": ("strict_limit", bool),
    "accountType": ("account_type", str),
}


def cloud_controls(cloud: Cloud) -> Blueprint:
    """The controls under ``/sandbox/``."""
    controls = controls_blueprint(
        "SCORM Cloud sandbox",
        cloud.store,
        cloud.clock,
        cloud.faults,
        cloud.ledger,
        cloud.deliveries,
        cloud.knobs,
        overview=lambda: _overview(cloud),
        start_over=cloud.clear_packages,
    )

    @controls.post("/play")
    def play_registration() -> ResponseReturnValue:
        wanted = json_body()
        try:
            if "plays" not in wanted:
                return jsonify(play(cloud, prepare(cloud, wanted)))
            return jsonify(played=_play_all(cloud, wanted["plays"]))
        except KeyError as error:
            return jsonify(error=f"There is no registration {error.args[0]}."), 404

    @controls.post("/forge")
    def forge() -> ResponseReturnValue:
        """Send a forged postback: ``{"registrationId", "app"}``."""
        asked = json_body()
        try:
            forge_postback(cloud, asked.get("app", "SANDBOX"), str(asked.get("registrationId")))
        except KeyError as error:
            return jsonify(error=f"There is no registration {error.args[0]}."), 404
        return jsonify(forged=True)

    @controls.post("/links/expire")
    def expire_links() -> ResponseReturnValue:
        return jsonify(expired=expire_all(cloud))

    @controls.put("/applications/<app>")
    def change_application(app: str) -> ResponseReturnValue:
        changes = _checked(json_body())
        with cloud.store.write() as db:
            for column, value in changes.items():
                done = db.execute(
                    f"UPDATE applications SET {column} = ? WHERE id = ?", (value, app)
                )
                if not done.rowcount:
                    return jsonify(error=f"There is no application {app}."), 404
        return jsonify(next(each for each in _applications(cloud) if each["id"] == app))

    @controls.get("/launches")
    def launches() -> ResponseReturnValue:
        with cloud.store.read() as db:
            rows = db.execute(
                "SELECT id, app, registration, instance, launched, exited FROM launches"
                " WHERE ? = '' OR registration = ? ORDER BY rowid DESC LIMIT 200",
                (request.args.get("registrationId", ""),) * 2,
            ).fetchall()
        return jsonify(launches=[dict(row) for row in rows])

    return controls


def _play_all(cloud: Cloud, plays: Any) -> int:
    """Many sessions in one call. If one of them is wrong, none is played; between two of them
    other callers get their turn."""
    if not isinstance(plays, list) or not all(isinstance(each, dict) for each in plays):
        raise ValueError("plays is a list of objects.")
    for session in [prepare(cloud, each) for each in plays]:
        play(cloud, session)
    return len(plays)


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    checked = {}
    for name, value in changes.items():
        if name not in _APPLICATION:
            raise ValueError(f"Unknown field {name}; known: {', '.join(_APPLICATION)}.")
        column, kind = _APPLICATION[name]
        if type(value) is not kind:
            raise ValueError(f"{name} has the wrong type.")
        checked[column] = value
    return checked


def _overview(cloud: Cloud) -> dict[str, Any]:
    with cloud.store.read() as db:
        counts = {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("courses", "registrations", "launches", "deliveries", "ledger")
        }
    return {
        "api": f"{cloud.url}/api/v2",
        "applications": _applications(cloud),
        "managers": [{"id": name, "secret": secret} for name, secret in MANAGERS.items()],
        "counts": counts,
    }


def _applications(cloud: Cloud) -> list[dict[str, Any]]:
    with cloud.store.read() as db:
        rows = db.execute("SELECT * FROM applications ORDER BY id").fetchall()
    return [
        {
            "id": row["id"],
            "secret": row["secret"],
            "allowDelete": bool(row["allow_delete"]),
            "regLimit": row["reg_limit"],
            "strictLimit": bool(row["strict_limit"]),
            "accountType": row["account_type"],
        }
        for row in rows
    ]
