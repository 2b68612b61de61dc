"""Settings → Account Mode: trial or live, what is used of it, and the way to go live."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template

from app import audit
from app.accounts import closing, trial
from app.clients.http import OutsideError
from app.errors import Refused
from app.outside_trouble import log_cause
from app.tenancy import account_row, actor

blueprint = Blueprint("account_mode", __name__, url_prefix="/settings/account-mode")
NO_PLAN_YET = (
    "The CRM does not know of a plan yet. If you have just chosen one, ask again in a minute."
)
NO_ANSWER = "The CRM did not answer. Nothing was changed; ask again in a minute."
OPEN_NOW = "Your account is open again. What has changed meanwhile is written to the CRM now."
LIVE_NOW = "Your account is live. The registration limit is lifted."


@blueprint.get("")
def show() -> Response:
    return page()


@blueprint.post("/go-live")
def go_live() -> Response:
    """Self-hosted, the confirmation is enough; otherwise only the CRM's word lifts the limit."""
    account = account_row()
    if current_app.config["BILLING"] != "none":
        raise Refused("Choose a plan in the CRM's marketplace; it takes effect here at once.")
    if trial.go_live(account):
        audit.note(account, actor(), "went live", account.display_name)
    return page(LIVE_NOW)


@blueprint.post("/check-plan")
def check_plan() -> Response:
    """Somebody has chosen a plan and does not want to wait for the CRM to tell us."""
    account = account_row()
    was_live = account.live
    try:
        trial.ask_plan(account)
    except OutsideError as error:
        log_cause(error)
        return page(note=NO_ANSWER)
    if account.live != was_live:
        done = "went live" if account.live else "went back to the trial"
        audit.note(account, actor(), done, account.display_name)
    if not account.live:
        return page(note=NO_PLAN_YET)
    return page() if was_live else page(LIVE_NOW)


@blueprint.post("/reopen")
def reopen() -> Response:
    """Takes the cancellation back."""
    account = account_row()
    if closing.reopen(account):
        audit.note(account, actor(), "opened the account again", account.display_name)
    return page(OPEN_NOW)


def page(saved: str | None = None, note: str | None = None) -> Response:
    account = account_row()
    text = render_template(
        "settings/account_mode.html",
        account=account,
        used=trial.used(account),
        limit=trial.limit(account),
        months=trial.used_by_month(account),
        billing=current_app.config["BILLING"],
        plans_url=current_app.config["CRM_PLANS_URL"],
        saved=saved,
        note=note,
    )
    return make_response(text)
