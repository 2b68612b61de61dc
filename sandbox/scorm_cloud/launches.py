"""Launch link requests and the launch history."""

import json
import re
import sqlite3
from dataclasses import replace
from typing import Any

from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.links import Link, make_link
from sandbox.scorm_cloud.query import texts

DEFAULT_EXPIRY_S = 120
SHORTEST_S, LONGEST_S = 10, 300
KEYWORDS = ("closer", "blank", "message")

_URL = re.compile(r"https?://[^\s/]+\S*")


def link_answer(
    cloud: Cloud,
    db: sqlite3.Connection,
    link: Link,
    sent: dict[str, Any],
    redirect_required: bool,
) -> dict[str, str]:
    """Make the link a LaunchLinkRequest asks for; ApiError 400 for a wrong one."""
    redirect = _redirect(sent, redirect_required)
    tracking = sent.get("tracking", True)
    if not isinstance(tracking, bool):
        raise ApiError(400, "Bad request: tracking must be true or false.")
    _check_launch_auth(sent.get("launchAuth"))
    names = ("culture", "cssUrl", "additionalvalues", "launchAuth")
    options = {name: sent[name] for name in names if sent.get(name) is not None}
    wanted = replace(
        link,
        redirect=redirect,
        tracking=tracking and link.registration is not None,
        start_sco=sent.get("startSco"),
        options=options,
    )
    return {"launchLink": make_link(cloud, db, wanted, _expiry(sent))}


def link_tags(sent: dict[str, Any]) -> dict[str, list[str]]:
    """The tags a launch link request or a new registration adds, by what they are added to."""
    return {name: texts(sent, f"{name}Tags") for name in ("learner", "course", "registration")}


def history_json(row: sqlite3.Row, with_log: bool) -> dict[str, Any]:
    """The LaunchHistory entry of a row of launches."""
    shown: dict[str, Any] = {
        "id": row["registration"],
        "instance": row["instance"],
        "launchHistoryId": row["id"],
        "launchTime": row["launched"],
        "exitTime": row["exited"],
        "lastRuntimeUpdate": row["last_update"],
        "completionStatus": row["completion"],
        "successStatus": row["success"],
        "score": None if row["score"] is None else {"scaled": row["score"]},
        "totalSecondsTracked": row["seconds"],
    }
    if with_log:
        shown["historyLog"] = json.dumps(json.loads(row["log"]))
    return {name: value for name, value in shown.items() if value is not None}


def _redirect(sent: dict[str, Any], required: bool) -> str:
    redirect = sent.get("redirectOnExitUrl")
    if redirect is None and not required:
        return "message"
    if not isinstance(redirect, str):
        raise ApiError(400, "Bad request: redirectOnExitUrl is required.")
    if redirect and redirect.lower() not in KEYWORDS and not _URL.fullmatch(redirect):
        raise ApiError(400, f"Bad request: redirectOnExitUrl [{redirect}] is not a valid URL.")
    return redirect


def _expiry(sent: dict[str, Any]) -> int:
    expiry = sent.get("expiry", DEFAULT_EXPIRY_S)
    if isinstance(expiry, bool) or not isinstance(expiry, int):
        raise ApiError(400, "Bad request: expiry must be a whole number of seconds.")
    if not SHORTEST_S <= expiry <= LONGEST_S:
        raise ApiError(
            400, f"Bad request: expiry must be between {SHORTEST_S} and {LONGEST_S} seconds."
        )
    return expiry


def _check_launch_auth(auth: Any) -> None:
    if auth is None:
        return
    kind = auth.get("type", "cookies") if isinstance(auth, dict) else None
    if not isinstance(kind, str) or kind.lower() not in ("cookies", "vault"):
        raise ApiError(400, "Bad request: launchAuth.type must be cookies or vault.")
