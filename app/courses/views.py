"""The Courses tab: the list with its upload area, and a course's own page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    redirect,
    request,
    url_for,
)
from sqlalchemy import select

from app import audit, connections, opened_tab
from app.accounts import first_run, trial
from app.courses import listing, publishing, removing
from app.enrollments import launching, syncing
from app.errors import AppError, BadInput, Conflict
from app.extensions import db
from app.htmx import page_number, part, redirect_to, render, toast
from app.learners import contacts
from app.models import CertificateRule, Completion, Course, SyncRun, now
from app.tenancy import actor, current_account, get_or_404

blueprint = Blueprint("courses", __name__)
DELETE_HINT = "SCORM Cloud refuses to delete courses: see Settings → SCORM Cloud."
USUAL = timedelta(minutes=1)  # an import that takes longer is said to be late


@blueprint.get("/courses")
def index() -> Response:
    return render("courses/index.html", "courses/_list.html", **list_values())


def list_values() -> dict[str, Any]:
    query = request.args.get("q", "")
    page = listing.courses(query, page_number())
    return {
        "query": query,
        "page": page,
        "url_of": lambda number: url_for("courses.index", q=query or None, page=number),
        "steps": first_run.steps(current_account),
        "largest": largest_package(),
    }


def largest_package() -> int:
    """Bytes; a larger limit can be set per account."""
    return current_account.max_package_bytes or current_app.config["MAX_PACKAGE_MB"] * 1_048_576


@blueprint.post("/courses")
def begin() -> Response:
    """A file was chosen: checked by name and size, then told where its bytes may go."""
    course = publishing.begin_upload(
        current_account,
        request.form.get("filename", ""),
        request.form.get("size", 0, int),
        largest_package(),
        current_app.config["SUPPORT_EMAIL"],
    )
    target = connections.storage().upload_target(course.storage_key or "", course.size)
    return jsonify(
        url=target.url.removeprefix(current_app.config["PUBLIC_URL"]),
        method=target.method,
        fields=target.fields,
        finish=url_for("courses.uploaded", course_id=course.id),
    )


@blueprint.post("/courses/<course_id>/uploaded")
def uploaded(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    if publishing.finish_upload(course):
        audit.note(current_account, actor(), "uploaded a course", course.filename, course.id)
    return render("courses/index.html", "courses/_list.html", **list_values())


@blueprint.get("/courses/<course_id>")
def show(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    if request.args.get("part") == "learners":
        return render("courses/show.html", "courses/_learners.html", **page_values(course))
    return render("courses/show.html", "courses/_body.html", **page_values(course))


def page_values(course: Course) -> dict[str, Any]:
    query, status = request.args.get("q", ""), request.args.get("status", "")
    page = listing.learners(course, query, status, page_number())
    link = course.link

    def url_of(number: int) -> str:
        kept: dict[str, Any] = {"q": query or None, "status": status or None, "page": number}
        return url_for("courses.show", course_id=course.id, part="learners", **kept)

    return {
        "course": course,
        "page": page,
        "query": query,
        "only": status,
        "statuses": list(Completion),
        "url_of": url_of,
        "link_address": connections.public_address(f"/e/{link.token}") if link else None,
        "run": latest_run(course),
        "search": contacts.look_for(course, request.args.get("contact", "")),
        "trial_limit": trial.limit(current_account),
        "remaining": trial.remaining(current_account),
        "late": course.import_started_at and now() - course.import_started_at > USUAL,
        "affected": removing.learners_of(course),
    }


def latest_run(course: Course) -> SyncRun | None:
    newest = select(SyncRun).where(SyncRun.course_id == course.id)
    return db.session.scalar(newest.order_by(SyncRun.created_at.desc()).limit(1))


@blueprint.post("/courses/<course_id>/sync")
def sync_all(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    if not course.ready:
        raise Conflict("The course is not ready yet.")
    run = syncing.start(course, actor())
    audit.note(current_account, actor(), "started Sync All", course.title, course.id)
    db.session.flush()
    return sync_status(course, run)


@blueprint.get("/courses/<course_id>/sync")
def watch_sync(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    return sync_status(course, latest_run(course))


def sync_status(course: Course, run: SyncRun | None) -> Response:
    page = url_for("courses.show", course_id=course.id)
    response = part("courses/_sync.html", page, run=run, course=course)
    if run is not None and not run.running:
        response.headers["HX-Trigger"] = "progress-changed"  # the table reads itself again
    return response


@blueprint.post("/courses/<course_id>/title")
def rename(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    title = publishing.clean_title(request.form.get("title", ""))
    if not title:
        raise BadInput("Please enter a title.", "title")
    audit.note(
        current_account,
        actor(),
        "renamed a course",
        f"“{course.title}” is now “{title}”",
        course.id,
    )
    course.title = title
    return redirect_to(url_for("courses.show", course_id=course.id))


@blueprint.post("/courses/<course_id>/certificates")
def choose_certificates(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    passed_only = request.form.get("certificates") == "on"
    course.certificate_rule = CertificateRule.PASSED if passed_only else CertificateRule.COMPLETED
    audit.note(current_account, actor(), "changed certificates", course.title, course.id)
    page = url_for("courses.show", course_id=course.id)
    return part("courses/_certificates.html", page, course=course, saved=True)


@blueprint.post("/courses/<course_id>/link")
def replace_link(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    removing.replace_link(course)
    audit.note(current_account, actor(), "replaced a self-enrollment link", course.title, course.id)
    return redirect_to(url_for("courses.show", course_id=course.id))


@blueprint.post("/courses/<course_id>/delete")
def delete(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    title = course.title
    gone = removing.remove(course)
    audit.note(current_account, actor(), "deleted a course" if gone else "archived a course", title)
    said = "was deleted" if gone else "was archived; its learners' records stay"
    hint = f" {DELETE_HINT}" if removing.refused(course.account) else ""
    return toast(redirect_to(url_for("courses.index")), f"“{title}” {said}.{hint}")


@blueprint.post("/courses/<course_id>/preview")
def preview(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    try:
        link = launching.preview(course)
    except AppError as error:
        return opened_tab.refused(error)
    return current_app.make_response(redirect(link, 303))
