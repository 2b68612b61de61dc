"""What an admin does with enrolments: enrol a contact, launch for a learner, remove somebody."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    request,
    url_for,
)

from app import audit, opened_tab
from app.accounts import trial
from app.enrollments import enrolling, insight, launching
from app.errors import AppError, BadInput, Conflict
from app.htmx import part, render, toast
from app.learners import contacts
from app.models import Course, Enrollment, Source
from app.tenancy import actor, current_account, get_or_404

blueprint = Blueprint("enrollments", __name__)


@blueprint.post("/courses/<course_id>/enrollments")
def enroll(course_id: str) -> Response:
    """Enrols one contact; answers with the search result as it is now; the table reloads itself."""
    course = get_or_404(Course, course_id)
    contact_id = request.form.get("contact", "")
    if not contact_id:
        raise BadInput("Please choose a contact.")
    if not course.ready:
        raise Conflict("Course not available")
    learner = contacts.learner_from_contact(current_account._get_current_object(), contact_id)  # type: ignore[attr-defined]
    enrollment, new = enrolling.enroll(learner, course, Source.DASHBOARD, by=actor())
    if new:
        audit.note(
            current_account, actor(), "enrolled", f"{learner.name}: {course.title}", enrollment.id
        )
    response = part(
        "enrollments/_enrolled.html",
        url_for("courses.show", course_id=course.id),
        course=course,
        learner=learner,
        trial_limit=trial.limit(current_account),
        remaining=trial.remaining(current_account),
    )
    toast(
        response, f"{learner.name} is enrolled." if new else f"{learner.name} was enrolled already."
    )
    return room_changed(response, full=0)


def room_changed(response: Response, full: int) -> Response:
    """Lets the table read itself again, and the search results as well when so many registrations
    are left: then nobody, or somebody again, can be enrolled."""
    changed = "progress-changed"
    if trial.remaining(current_account) == full:
        changed += ", room-changed"
    response.headers["HX-Trigger-After-Swap"] = changed
    return response


@blueprint.post("/enrollments/<enrollment_id>/launch")
def launch(enrollment_id: str) -> Response:
    """Opens the player for a learner, in the tab that the click has opened."""
    enrollment = get_or_404(Enrollment, enrollment_id)
    try:
        link = launching.launch(enrollment, opened_by=actor())
    except AppError as error:
        return opened_tab.refused(error)
    audit.note(current_account, actor(), "launched for", enrollment.learner.name, enrollment.id)
    response = make_response(redirect(link, 303))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.post("/enrollments/<enrollment_id>/withdraw")
def withdraw(enrollment_id: str) -> Response:
    enrollment = get_or_404(Enrollment, enrollment_id)
    enrolling.withdraw(enrollment)
    audit.note(current_account, actor(), "removed", enrollment.learner.name, enrollment.id)
    response = part(
        "enrollments/_registrations_left.html",
        url_for("courses.show", course_id=enrollment.course_id),
        fresh=True,
        trial_limit=trial.limit(current_account),
        remaining=trial.remaining(current_account),
    )
    return toast(room_changed(response, full=1), f"{enrollment.learner.name} was removed.")


@blueprint.post("/enrollments/<enrollment_id>/register")
def register_again(enrollment_id: str) -> Response:
    """For a registration that somebody has deleted at SCORM Cloud."""
    enrollment = get_or_404(Enrollment, enrollment_id)
    if enrolling.register_again(enrollment):
        audit.note(
            current_account, actor(), "registered again", enrollment.learner.name, enrollment.id
        )
    response = part(
        "enrollments/_why.html",
        url_for("enrollments.why", enrollment_id=enrollment.id),
        enrollment=enrollment,
        insight=insight.look(enrollment),
    )
    return toast(response, f"{enrollment.learner.name} is being registered again.")


@blueprint.get("/enrollments/<enrollment_id>/why")
def why(enrollment_id: str) -> Response:
    """Why somebody stands where they stand. `ask` has SCORM Cloud read as well, `ask=questions`
    with what was answered; the page shows what is known here and then asks by itself."""
    enrollment = get_or_404(Enrollment, enrollment_id)
    asking = request.args.get("ask")
    asked = insight.ask(enrollment, questions=asking == "questions") if asking else None
    return render(
        "enrollments/why.html",
        "enrollments/_why.html",
        enrollment=enrollment,
        insight=insight.look(enrollment, asked),
    )
