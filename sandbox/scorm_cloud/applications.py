"""An application itself: what it may do, its configuration, its tokens, its account figures."""

import sqlite3
from datetime import UTC, datetime

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.clock import iso
from sandbox.scorm_cloud import auth
from sandbox.scorm_cloud.cloud import the_cloud
from sandbox.scorm_cloud.configuration import add_setting_routes
from sandbox.scorm_cloud.errors import ApiError
from sandbox.scorm_cloud.query import body, choice, flag
from sandbox.scorm_cloud.settings import Owner, kind_of_content

applications = Blueprint("applications", __name__)

OWNER_EMAIL = "owner@example.test"

_STANDARDS = {
    name.lower(): name
    for name in (
        "SCORM11",
        "SCORM12",
        "SCORM20042NDEDITION",
        "SCORM20043RDEDITION",
        "SCORM20044THEDITION",
        "AICC",
        "XAPI",
        "CMI5",
        "LTI13",
    )
}


@applications.get("/ping")
def ping() -> ResponseReturnValue:
    return jsonify(apiMessage="API is reachable (sandbox).", currentTime=the_cloud().now())


@applications.get("/about")
def about() -> ResponseReturnValue:
    return jsonify(version="2.0", distribution="SCORM Cloud sandbox")


@applications.post("/oauth/authenticate/application/token")
def application_token() -> ResponseReturnValue:
    auth.require_basic()
    text = request.form.get("expiration", "300")
    if not text.isdigit():
        raise ApiError(400, "Bad request: expiration must be a whole number of seconds.")
    token = auth.make_token(the_cloud(), g.app_id, request.form.get("scope", "").split(), int(text))
    return jsonify(access_token=token, expires_in=int(text), token_type="bearer")


@applications.post("/appManagement/token")
def managed_token() -> ResponseReturnValue:
    auth.require_basic()
    sent = body()
    scopes = (sent.get("permissions") or {}).get("scopes")
    if not isinstance(scopes, list):
        raise ApiError(400, "Bad request: permissions.scopes is required.")
    try:
        expiry = datetime.fromisoformat(str(sent.get("expiry")))
    except ValueError as error:
        raise ApiError(400, "Bad request: expiry must be a date.") from error
    expiry = expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)
    seconds = (expiry - the_cloud().clock.now()).total_seconds()
    return jsonify(result=auth.make_token(the_cloud(), g.app_id, scopes, seconds))


@applications.get("/reporting/accountInfo")
def account_info() -> ResponseReturnValue:
    cloud = the_cloud()
    month = iso(cloud.clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    with cloud.store.read() as db:
        row = application_row(db)
        launched, total, total_courses = db.execute(
            "SELECT (SELECT count(*) FROM instances WHERE app = :app AND instance = 0"
            " AND first_access >= :month), (SELECT count(*) FROM registrations WHERE app = :app),"
            " (SELECT count(*) FROM courses WHERE app = :app)",
            {"app": g.app_id, "month": month},
        ).fetchone()
    return jsonify(
        email=OWNER_EMAIL,
        firstName="Sandbox",
        lastName="Owner",
        company="Sandbox",
        accountType=row["account_type"],
        regLimit=row["reg_limit"],
        strictLimit=bool(row["strict_limit"]),
        createDate=row["created"],
        usage={
            "monthStart": month,
            "regCount": launched,
            "totalRegistrations": total,
            "totalCourses": total_courses,
        },
    )


def application_row(db: sqlite3.Connection) -> sqlite3.Row:
    """The calling application."""
    row: sqlite3.Row = db.execute("SELECT * FROM applications WHERE id = ?", (g.app_id,)).fetchone()
    return row


def require_delete(db: sqlite3.Connection) -> None:
    """ApiError 403 where "Enable Delete Operations" is off for the application."""
    if not application_row(db)["allow_delete"]:
        raise ApiError(403, "Delete operations are not enabled for this application.")


def _owner() -> Owner:
    """The application, or the content of one learning standard in it."""
    given = [request.args.get(name) for name in ("learningStandard", "singleSco")]
    if not any(given):
        return Owner(g.app_id)
    if not all(given):
        raise ApiError(400, "Bad request: learningStandard and singleSco go together.")
    standard = choice(request.args, "learningStandard", _STANDARDS, "")
    return Owner(g.app_id, content=kind_of_content(standard, flag(request.args, "singleSco")))


add_setting_routes(applications, ["/appManagement"], _owner)
