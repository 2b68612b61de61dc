"""The activity page: what goes on between the hub, SCORM Cloud and the CRM, and who did what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app import audit
from app.background import later
from app.courses import publishing
from app.enrollments import enrolling
from app.errors import NotFound
from app.extensions import db
from app.htmx import page_number, redirect_to, render, toast, wants_fragment
from app.models import (
    Account,
    Course,
    CrmEffect,
    Enrollment,
    Learner,
    OwesWork,
    TriggerFiring,
    WebhookEvent,
)
from app.sync import activity, drift, push, triggers
from app.tenancy import actor, current_account, get_or_404
from app.webhooks import inbox

blueprint = Blueprint("sync", __name__)

LISTS = {
    "attention": ("Needs attention", activity.attention),
    "waiting": ("Waiting", activity.waiting),
    "written": ("Written", activity.written),
    "received": ("Received", activity.received),
    "people": ("Who did what", activity.people),
}
VERBS: dict[type[Any], Callable[[Any], None]] = {
    CrmEffect: push.write,
    Enrollment: enrolling.settle_registration,
    Course: publishing.publish,
    WebhookEvent: inbox.handle,
    TriggerFiring: triggers.fire,
}


@blueprint.get("/activity", endpoint="activity")
def index() -> Response:
    return show(request.args.get("show", ""), page_number())


def show(chosen: str, number: int = 1) -> Response:
    counts = activity.counts(current_account)
    if chosen not in LISTS:
        chosen = "attention" if counts.attention else "waiting" if counts.waiting else "written"
    page = LISTS[chosen][1](current_account, max(number, 1))
    return render(
        "sync/activity.html",
        "sync/_activity.html",
        counts=counts,
        chosen=chosen,
        lists={name: words for name, (words, _) in LISTS.items()},
        listing=page,
        url_of=lambda n: url_for("sync.activity", show=chosen, page=n if n > 1 else None),
        **({} if wants_fragment() else drift_values()),
    )


@blueprint.get("/activity/check")
def watch_check() -> Response:
    return checked()


@blueprint.post("/activity/check")
def check() -> Response:
    """Looks whether the CRM still shows what was written: for everybody, or for one learner."""
    learner_id = request.form.get("learner", "")
    learner = get_or_404(Learner, learner_id) if learner_id else None
    drift.start(account_row(), actor(), learner)
    audit.note(current_account, actor(), "checked the CRM", learner.name if learner else "")
    return checked()


@blueprint.post("/activity/check/repair")
def repair() -> Response:
    """Everything that differs is written again."""
    number = drift.repair(account_row(), actor())
    audit.note(current_account, actor(), "repaired the CRM", f"{number} differences")
    return toast(checked(), f"{number} written again now." if number else "Nothing differs.")


def checked() -> Response:
    if not wants_fragment():
        return redirect_to(url_for("sync.activity"))
    db.session.flush()
    return make_response(render_template("sync/_drift.html", **drift_values()))


def drift_values() -> dict[str, Any]:
    return {
        "check": drift.latest(current_account),
        "differing": drift.count(current_account),
        "differences": activity.differences(current_account),
    }


def account_row() -> Account:
    return current_account._get_current_object()  # type: ignore[attr-defined]


@blueprint.post("/activity/<table>/<row_id>/retry")
def retry(table: str, row_id: str) -> Response:
    """Tries one thing again now."""
    row = activity.find(current_account, table, row_id)
    if row is None:
        raise NotFound()
    if row.parked_at or row.owes_work or row.last_error:
        try_again(row)
    audit.note(current_account, actor(), "retried", table.replace("-", " "), row_id)
    return done("It is tried again now.")


@blueprint.post("/activity/retry")
def retry_all() -> Response:
    """Tries everything again that needs attention."""
    number = activity.owe_all_again(current_account)
    audit.note(current_account, actor(), "retried everything", f"{number} parked")
    return done(f"{number} tried again now." if number else "Nothing needs attention.")


def try_again(row: OwesWork) -> None:
    row.owe()
    later(VERBS[type(row)], row)


def done(sentence: str) -> Response:
    if request.headers.get("HX-Request"):
        return toast(show(request.args.get("show", "")), sentence)
    return redirect_to(url_for("sync.activity"))
