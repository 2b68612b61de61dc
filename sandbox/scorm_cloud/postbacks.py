"""Registration results pushed to whoever the settings name.

A postback is owed when completion, success, score or time of a registration changed since the last
one. Its body is what GET registration would answer in the wanted format. Credentials travel as
Basic authentication (``httpbasic``) or as fields of a form (``form``).
"""

import base64
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sandbox.scorm_cloud.cloud import Cloud
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.registration_json import FORMATS, registration_json, registration_row
from sandbox.scorm_cloud.settings import Owner, effective

SETTING_OF = {
    "url": "ApiRollupRegistrationPostBackUrl",
    "authType": "ApiRollupRegistrationAuthType",
    "userName": "ApiRollupRegistrationAuthUser",
    "password": "ApiRollupRegistrationAuthPassword",
    "resultsFormat": "ApiRollupRegistrationFormat",
}


@dataclass(frozen=True)
class Target:
    """Where results go and how."""

    url: str
    auth_type: str
    user: str
    password: str
    results_format: str


def owe_postback(cloud: Cloud, db: sqlite3.Connection, app: str, registration: str) -> None:
    """Owe a postback of the registration's present instance if its results changed."""
    row = registration_row(db, app, registration)
    if row is None:
        return
    results = json.dumps([row["completion"], row["success"], row["score"], row["seconds"]])
    if row["posted"] == results or _nothing_yet(row):
        return
    owner = Owner(app, row["course"], row["course_version"], registration, row["instance"])
    target = Target(*effective(db, owner, SETTING_OF.values()))
    if not target.url:
        return
    db.execute(
        "UPDATE instances SET posted = ? WHERE app = ? AND registration = ? AND instance = ?",
        (results, app, registration, row["instance"]),
    )
    body = registration_json(cloud, db, row, FORMATS[target.results_format])
    _enqueue(cloud, db, "postback", target, body, f"{app}/{registration}")


def forge_postback(cloud: Cloud, app: str, registration: str) -> None:
    """Send what somebody else might: everything passed, with a password that was guessed, once."""
    with cloud.store.write() as db:
        row = registration_row(db, app, registration)
        if row is None:
            raise KeyError(registration)
        owner = Owner(app, row["course"], row["course_version"], registration, row["instance"])
        target = Target(*effective(db, owner, SETTING_OF.values()))
        lie = {**_dummy(cloud.now()), "id": registration}
        _enqueue(cloud, db, "test", replace(target, password="guessed"), lie, f"{app}/forged")


def test_postback(cloud: Cloud, app: str, post_back: Mapping[str, Any]) -> None:
    """Send dummy results to a PostBack once, without retries; ApiError 400 if it is incomplete."""
    values = checked_post_back(post_back)
    if not values.get("url"):
        raise ApiError(400, "Bad request: url is required.")
    target = Target(
        values["url"],
        values.get("authType", "form"),
        values.get("userName", ""),
        values.get("password", ""),
        values.get("resultsFormat", "course"),
    )
    with cloud.store.write() as db:
        _enqueue(cloud, db, "test", target, _dummy(cloud.now()), f"{app}/test")


def checked_post_back(post_back: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a PostBack that were given, in the settings' spelling; ApiError 400."""
    if not isinstance(post_back, Mapping):
        raise ApiError(400, "Bad request: postBack must be an object.")
    values = {name: post_back[name] for name in SETTING_OF if post_back.get(name) is not None}
    if not all(isinstance(value, str) for value in values.values()):
        raise ApiError(400, "Bad request: the fields of postBack must be strings.")
    for name, allowed in (("authType", ("form", "httpbasic")), ("resultsFormat", tuple(FORMATS))):
        if values.get(name, "UNDEFINED").upper() == "UNDEFINED":
            values.pop(name, None)
        elif values[name].lower() not in allowed:
            raise ApiError(400, f"Bad request: [{values[name]}] is not a value of {name}.")
        else:
            values[name] = values[name].lower()
    if values.get("url") and not values["url"].startswith(("http://", "https://")):
        raise ApiError(400, "Bad request: url must be an http address.")
    return values


def _nothing_yet(row: sqlite3.Row) -> bool:
    return row["posted"] is None and row["completion"] == "UNKNOWN" and not row["seconds"]


def _enqueue(
    cloud: Cloud,
    db: sqlite3.Connection,
    kind: str,
    target: Target,
    registration: dict[str, Any],
    key: str,
) -> None:
    text = json.dumps(registration)
    if target.auth_type == "httpbasic":
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        if target.user and target.password:
            pair = base64.b64encode(f"{target.user}:{target.password}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        body = text
    else:
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        body = urlencode({"data": text, "userName": target.user, "password": target.password})
    cloud.deliveries.enqueue(db, kind, target.url, headers, body.encode(), key)


def _dummy(now: str) -> dict[str, Any]:
    return {
        "id": "test-registration",
        "instance": 0,
        "updated": now,
        "createdDate": now,
        "registrationCompletion": "COMPLETED",
        "registrationSuccess": "PASSED",
        "registrationCompletionAmount": 1.0,
        "score": {"scaled": 100.0},
        "totalSecondsTracked": 60.0,
        "course": {"id": "test-course", "title": "Test course", "version": 0},
        "learner": {"id": "test-learner", "firstName": "Test", "lastName": "Learner"},
        "tags": [],
    }
