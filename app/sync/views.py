"""The activity page: what goes on between the hub, SCORM Cloud and the CRM, and who did what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request, url_for

from app import audit
from app.background import later
from app.courses import publishing
from app.enrollments import enrolling, syncing
from app.errors import CANCELLED, BadInput, Cancelled, NotFound
from app.extensions import db
from app.htmx import page_number, part, redirect_to, render, toast, wants_fragment
from app.models import (
    Course,
    CrmEffect,
    DriftCheck,
    Enrollment,
    Learner,
    OwesWork,
    SyncRun,
    TriggerFiring,
    WebhookEvent,
)
from app.sync import activity, attention, drift, lines, push, triggers
from app.sync.attention import Group
from app.tenancy import account_row, actor, current_account, get_or_404
from app.webhooks import inbox

blueprint = Blueprint("sync", __name__)

LISTS = {
    "attention": ("Needs attention", activity.attention),
    "waiting": ("Waiting", activity.waiting),
    "written": ("Written", activity.written),
    "received": ("Received", activity.received),
    "dismissed": ("Dismissed", activity.dismissed),
    "people": ("Who did what", activity.people),
}
VERBS: dict[type[Any], Callable[[Any], None]] = {
    CrmEffect: push.write,
    Enrollment: enrolling.settle_registration,
    Course: publishing.publish,
    WebhookEvent: inbox.handle,
    TriggerFiring: triggers.fire,
    SyncRun: syncing.continue_run,
    DriftCheck: drift.continue_check,
}


@blueprint.get("/activity", endpoint="activity")
def index() -> Response:
    return show(request.args.get("show", ""), page_number())


def show(chosen: str, number: int = 1) -> Response:
    counts = activity.counts(current_account)
    if chosen not in LISTS:
        chosen = "attention" if counts.attention else "waiting" if counts.waiting else "written"
    everything = chosen == "received" and "everything" in request.args
    if everything:
        page = activity.received(current_account, max(number, 1), everything=True)
    else:
        page = LISTS[chosen][1](current_account, max(number, 1))
    groups = attention.groups(current_account) if chosen == "attention" else []
    return render(
        "sync/activity.html",
        "sync/_activity.html",
        counts=counts,
        chosen=chosen,
        lists={name: words for name, (words, _) in LISTS.items()},
        listing=page,
        groups=groups,
        unsure=attention.unsure(groups),
        everything=everything,
        hidden=activity.hidden(current_account) if chosen == "received" else 0,
        url_of=lambda n: address(chosen, n, everything),
        **({} if wants_fragment() else drift_values()),
    )


def address(chosen: str, number: int, everything: bool) -> str:
    values = {"everything": "yes"} if everything else {}
    if number > 1:
        values["page"] = str(number)
    return url_for("sync.activity", show=chosen, _external=False, **values)


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
    db.session.flush()
    return part("sync/_drift.html", url_for("sync.activity"), **drift_values())


def drift_values() -> dict[str, Any]:
    return {
        "check": drift.latest(current_account),
        "differing": drift.count(current_account),
        "differences": activity.differences(current_account),
    }


@blueprint.post("/activity/<table>/<row_id>/retry")
def retry(table: str, row_id: str) -> Response:
    """Tries one thing again now."""
    row = row_or_404(table, row_id)
    require_active()
    if not (row.parked_at or row.owes_work or row.last_error):
        return done("Nothing is left to do here.")
    subject = in_short(row)
    try_again(row)
    audit.note(current_account, actor(), "retried", subject, row_id)
    return done("It is tried again now.")


@blueprint.post("/activity/<table>/<row_id>/dismiss")
def dismiss(table: str, row_id: str) -> Response:
    """Nobody is asked about this one thing any more."""
    row = row_or_404(table, row_id)
    if row.parked_at and not row.dismissed_at:
        row.dismiss(actor())
        reason = row.last_error or ""
        audit.note(current_account, actor(), "dismissed", in_short(row), row_id, reason=reason)
    return done("Dismissed. It is not tried again; you find it under Dismissed.")


@blueprint.post("/activity/retry")
def retry_all() -> Response:
    """Tries everything again that needs attention, or one group of it.

    Starts of workflows that may have happened already are left, unless the form says that they are
    to be started again.
    """
    require_active()
    found = chosen_groups()
    again = [group for group in found if not group.unsure or request.form.get("unsure") == "again"]
    number, first = attention.try_again(account_row(), again)
    for row in first:
        later(VERBS[type(row)], row)
    left = sum(group.number for group in found) - number
    if number:
        said = "retried" if request.form.get("group") else "retried everything"
        audit.note(current_account, actor(), said, in_group(number, again))
    return done(told_of(number, left))


@blueprint.post("/activity/dismiss")
def dismiss_group() -> Response:
    """Nobody is asked about these things any more; always one group, never everything."""
    if not request.form.get("group"):
        raise BadInput("Choose what to dismiss: each group has a button of its own.")
    found = chosen_groups()
    number = sum(attention.dismiss(account_row(), group, actor()) for group in found)
    if number:
        reason = found[0].reason
        audit.note(current_account, actor(), "dismissed", in_group(number, found), reason=reason)
    said = f"{number} dismissed. You find {'it' if number == 1 else 'them'} under Dismissed."
    return done(said if number else "Nothing was left to dismiss.")


def chosen_groups() -> list[Group]:
    key, found = request.form.get("group", ""), attention.groups(current_account)
    return [group for group in found if group.key == key] if key else found


def in_group(number: int, found: list[Group]) -> str:
    """The subject of the audit's line."""
    return f"{number} × {', '.join(sorted({group.what for group in found}))}"


def told_of(number: int, left: int) -> str:
    """What was tried again and what was not, so that the numbers add up."""
    if not left:
        return f"{number} tried again now." if number else "Nothing needs attention."
    starts = "workflow start" if left == 1 else "workflow starts"
    kept = f"{left} {starts} may have happened already and {'was' if left == 1 else 'were'} left."
    return f"{number} tried again now. {kept}" if number else kept


def row_or_404(table: str, row_id: str) -> OwesWork:
    row = activity.find(current_account, table, row_id)
    if row is None:
        raise NotFound()
    return row


def in_short(row: OwesWork) -> str:
    """What the row is about, for the audit list."""
    [line] = lines.of([row])
    return " · ".join(filter(None, (line.what, line.about)))


def require_active() -> None:
    if not current_account.active:
        raise Cancelled(CANCELLED)


def try_again(row: OwesWork) -> None:
    row.owe()
    later(VERBS[type(row)], row)


def done(sentence: str) -> Response:
    if request.headers.get("HX-Request"):
        db.session.flush()
        return toast(show(request.args.get("show", "")), sentence)
    return redirect_to(url_for("sync.activity"))
