"""The five settings pages. Each answers a saved or refused form with itself, so nothing is lost."""

from __future__ import annotations

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
from app.accounts import trial
from app.accounts.brand import brand
from app.certificates.example import example
from app.clients.http import OutsideError
from app.courses import removing
from app.errors import AppError, BadInput, NotFound, Refused
from app.htmx import render, wants_fragment
from app.models import Account
from app.settings import branding as look
from app.settings import scorm_connection
from app.settings.versions import take_turn
from app.sync import objects, push
from app.tenancy import actor, current_account

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
LARGEST_FORM = 3 * 1024 * 1024  # a logo of 2 MB and what surrounds it


@blueprint.url_value_preprocessor
def let_a_logo_in(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything reads the form; every other form stays within the usual limit."""
    if endpoint == "settings.branding":
        request.max_content_length = LARGEST_FORM


@blueprint.get("")
def index() -> Response:
    return make_response(redirect("/settings/scorm-cloud"))


def account_row() -> Account:
    return current_account._get_current_object()  # type: ignore[attr-defined]


# SCORM Cloud


@blueprint.route("/scorm-cloud", methods=["GET", "POST"])
def scorm_cloud() -> Response:
    if request.method == "GET":
        return scorm_cloud_page()
    account = account_row()
    given = scorm_connection.typed(
        request.form.get("app_id", ""), request.form.get("secret_key", "")
    )
    try:
        scorm_connection.connect(account, given, "archive_old" in request.form)
        take_turn(account, request.form.get("version", ""))
    except AppError as error:
        return scorm_cloud_page(error, typed_app_id=given.app_id)
    audit.note(account, actor(), "connected SCORM Cloud", given.app_id)
    saved = "SCORM Cloud is connected."
    return scorm_cloud_page(saved=saved + (" Spaces around were removed." if given.trimmed else ""))


@blueprint.post("/scorm-cloud/check")
def check_scorm_cloud() -> Response:
    """Asks SCORM Cloud again with what is stored."""
    scorm_connection.check(account_row())
    return scorm_cloud_page()


@blueprint.post("/scorm-cloud/delete-again")
def delete_again() -> Response:
    """Deleting was switched on in SCORM Cloud meanwhile."""
    count = scorm_connection.counted(removing.try_again(account_row()), "course")
    return scorm_cloud_page(saved=f"SCORM Cloud is asked once more to delete {count}.")


@blueprint.post("/scorm-cloud/test")
def test_postback() -> Response:
    """Lets SCORM Cloud call this deployment once."""
    try:
        scorm_connection.test_postback(account_row())
    except OutsideError as error:
        return scorm_cloud_page(
            BadInput(f"SCORM Cloud could not send a test: {error.reason}", "test")
        )
    return scorm_cloud_page(saved="SCORM Cloud was asked to call this address now.")


def scorm_cloud_page(error: AppError | None = None, **values: Any) -> Response:
    page = render_template(
        "settings/scorm_cloud.html",
        account=account_row(),
        error=error,
        asks_to_archive=isinstance(error, scorm_connection.CoursesElsewhere),
        postback_url=current_app.config["POSTBACK_URL"],
        refused=removing.refused(account_row()),
        **values,
    )
    return make_response(page, error.status if error else 200)


# Branding


@blueprint.route("/branding", methods=["GET", "POST"])
def branding() -> Response:
    if request.method == "GET":
        return branding_page()
    account = account_row()
    try:
        png, address = chosen_logo(account)
        look.set_name(account, request.form.get("organization_name", ""))
        look.set_colour(account, request.form.get("primary_color", ""))
        take_turn(account, request.form.get("version", ""))
    except AppError as error:
        return branding_page(error)
    if "remove_logo" in request.form:
        look.remove_logo(account)
    elif png:
        look.set_logo(account, png, address)
    audit.note(account, actor(), "changed branding", account.display_name)
    return branding_page(saved="Branding is saved. New downloads show it at once.")


def chosen_logo(account: Account) -> tuple[bytes | None, str | None]:
    """A picture that was sent, or whose address is new, redrawn; nothing is written before."""
    file, address = request.files.get("logo"), request.form.get("logo_url", "").strip()
    if file is not None and file.filename:
        return look.redrawn(file.read()), None
    if address and address != account.logo_url:
        return look.fetched(address), address
    return None, None


def branding_page(error: AppError | None = None, saved: str | None = None) -> Response:
    account = account_row()
    typed = request.form if error else None
    present = brand(account)
    page = render_template(
        "settings/branding.html",
        account=account,
        brand=present,
        example=example(present.name),
        error=error,
        saved=saved,
        name=typed.get("organization_name", "") if typed else account.organization_name,
        colour=typed.get("primary_color", "") if typed else account.primary_color,
        logo_url=typed.get("logo_url", "") if typed else account.logo_url,
    )
    return make_response(page, error.status if error else 200)


# Account Mode


@blueprint.get("/account-mode")
def account_mode() -> Response:
    return account_mode_page()


@blueprint.post("/account-mode/go-live")
def go_live() -> Response:
    """Self-hosted, the confirmation is enough; otherwise only the CRM's word lifts the limit."""
    account = account_row()
    if current_app.config["BILLING"] != "none":
        raise Refused("Choose a plan in the CRM's marketplace; it takes effect here at once.")
    if trial.go_live(account):
        audit.note(account, actor(), "went live", account.display_name)
    return account_mode_page(saved="Your account is live. The registration limit is lifted.")


@blueprint.post("/account-mode/check-plan")
def check_plan() -> Response:
    """Somebody has chosen a plan and does not want to wait for the CRM to tell us."""
    account = account_row()
    was_live = account.live
    trial.ask_plan(account)
    if account.live and not was_live:
        audit.note(account, actor(), "went live", account.display_name)
        return account_mode_page(saved="Your account is live. The registration limit is lifted.")
    return account_mode_page(saved=None if account.live else "The CRM does not know of a plan yet.")


def account_mode_page(saved: str | None = None) -> Response:
    account = account_row()
    page = render_template(
        "settings/account_mode.html",
        account=account,
        used=trial.used(account),
        limit=trial.limit(account),
        months=trial.used_by_month(account),
        billing=current_app.config["BILLING"],
        plans_url=current_app.config["CRM_PLANS_URL"],
        saved=saved,
    )
    return make_response(page)


# Custom Objects


@blueprint.route("/custom-objects", methods=["GET", "POST"])
def custom_objects() -> Response:
    """What exists in the CRM; a POST has a worker look for what is missing and make it."""
    account = account_row()
    if request.method == "POST":
        push.provision(account)
        audit.note(account, actor(), "provisioned custom objects")
    return render(
        "settings/custom_objects.html", "settings/_objects.html", state=objects.state(account)
    )


# CRM Integration

SWITCHES = {
    "tags": ("sync_tags", "Tag syncing"),
    "notes": ("write_notes", "Automatic notes"),
    "course-tags": ("course_tags", "Tags per course"),
}


@blueprint.get("/crm-integration")
def crm_integration() -> Response:
    return make_response(render_template("settings/crm_integration.html", account=account_row()))


@blueprint.post("/crm-integration/<name>")
def set_switch(name: str) -> Response:
    """Saved at once; what the CRM should show now is worked out by a worker."""
    if name not in SWITCHES:
        raise NotFound()
    attribute, label = SWITCHES[name]
    account, on = account_row(), request.form.get(name) == "on"
    if getattr(account, attribute) != on:
        setattr(account, attribute, on)
        push.mark_account(account)
        audit.note(account, actor(), f"switched {'on' if on else 'off'}", label)
    if not wants_fragment():
        return crm_integration()
    return make_response(
        render_template("settings/_switch.html", account=account, name=name, saved=True)
    )
