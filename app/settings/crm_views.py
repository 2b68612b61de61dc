"""Settings → Custom Objects and → CRM Integration: what is kept in the CRM, and what is written."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from app import audit
from app.errors import NotFound
from app.htmx import render, wants_fragment
from app.sync import objects, push
from app.tenancy import account_row, actor

blueprint = Blueprint("crm_settings", __name__, url_prefix="/settings")

SWITCHES = {
    "tags": ("sync_tags", "Tag syncing"),
    "notes": ("write_notes", "Automatic notes"),
    "course-tags": ("course_tags", "Tags per course"),
}


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
    return render(
        "settings/crm_integration.html",
        "settings/_switch.html",
        account=account,
        name=name,
        saved=wants_fragment(),  # on the page it would stand at each of them
    )
