"""Settings → SCORM Cloud: the connection, what it says of itself, and where it reports to.

Like all settings pages it answers a saved or refused form with itself, so nothing typed is lost.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)

from app import audit
from app.clients.http import OutsideError
from app.courses import removing
from app.errors import AppError, BadInput
from app.htmx import part
from app.models import now
from app.outside_trouble import log_cause, sentence_for
from app.settings import postbacks, scorm_connection
from app.settings.versions import take_turn
from app.tenancy import account_row, actor

log = logging.getLogger(__name__)

blueprint = Blueprint("scorm_cloud_settings", __name__, url_prefix="/settings")


@blueprint.get("")
def first_page() -> Response:
    return make_response(redirect("/settings/scorm-cloud"))


@blueprint.route("/scorm-cloud", methods=["GET", "POST"])
def scorm_cloud() -> Response:
    if request.method == "GET":
        return page()
    account = account_row()
    given = scorm_connection.typed(
        request.form.get("app_id", ""), request.form.get("secret_key", "")
    )
    try:
        scorm_connection.connect(account, given, "archive_old" in request.form)
        take_turn(account, request.form.get("version", ""))
    except AppError as error:
        log_cause(error)
        return page(error, typed_app_id=given.app_id)
    audit.note(account, actor(), "connected SCORM Cloud", given.app_id)
    saved = "SCORM Cloud is connected."
    return page(saved=saved + (" Spaces around were removed." if given.trimmed else ""))


@blueprint.post("/scorm-cloud/check")
def check() -> Response:
    """Asks SCORM Cloud again with what is stored."""
    account = account_row()
    scorm_connection.check(account)
    audit.note(account, actor(), "checked SCORM Cloud", account.scorm_app_id or "")
    return page()


@blueprint.post("/scorm-cloud/delete-again")
def delete_again() -> Response:
    """Deleting was switched on in SCORM Cloud meanwhile."""
    account = account_row()
    count = scorm_connection.counted(removing.try_again(account), "course")
    audit.note(account, actor(), "asked SCORM Cloud again to delete", count)
    return page(saved=f"SCORM Cloud is asked once more to delete {count}.")


@blueprint.post("/scorm-cloud/test")
def test_postback() -> Response:
    """Lets SCORM Cloud call this deployment once; the page then waits for the call."""
    account, asked = account_row(), int(now().timestamp())
    try:
        scorm_connection.test_postback(account)
    except OutsideError as error:
        log.warning("no test of the postbacks: %s", error)
        return page(BadInput(sentence_for(error), "test"))
    audit.note(account, actor(), "tested the postbacks")
    return page(test=postbacks.Test(account, asked))


@blueprint.get("/scorm-cloud/test")
def postback_test() -> Response:
    """What became of the test that was asked for at this second."""
    account = account_row()
    test = postbacks.Test(account, request.args.get("asked", 0, type=int))
    light = postbacks.health(account)
    page = "/settings/scorm-cloud"
    return part("settings/_postbacks.html", page, account=account, postbacks=light, test=test)


def page(error: AppError | None = None, **values: Any) -> Response:
    text = render_template(
        "settings/scorm_cloud.html",
        account=account_row(),
        error=error,
        asks_to_archive=isinstance(error, scorm_connection.CoursesElsewhere),
        postback_url=current_app.config["POSTBACK_URL"],
        postbacks=postbacks.health(account_row()),
        refused=removing.refused(account_row()),
        **values,
    )
    return make_response(text, error.status if error else 200)
