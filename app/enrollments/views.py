"""What an admin does with enrolments: enrol a contact, launch for a learner, remove somebody."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from app import audit
from app.accounts import trial
from app.enrollments import enrolling, insight, launching
from app.errors import BadInput, Conflict
from app.htmx import redirect_to, render, toast, wants_fragment
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
    response = make_response(
        render_template(
            "enrollments/_enrolled.html",
            course=course,
            learner=learner,
            trial_limit=trial.limit(current_account),
            remaining=trial.remaining(current_account),
        )
    )
    toast(
        response, f"{learner.name} is enrolled." if new else f"{learner.name} was enrolled already."
    )
    response.headers["HX-Trigger-After-Swap"] = "progress-changed"
    return response


@blueprint.post("/enrollments/<enrollment_id>/launch")
def launch(enrollment_id: str) -> Response:
    """Opens the player for a learner, in the tab that the click has opened."""
    enrollment = get_or_404(Enrollment, enrollment_id)
    link = launching.launch(enrollment, opened_by=actor())
    audit.note(current_account, actor(), "launched for", enrollment.learner.name, enrollment.id)
    response = make_response(redirect(link, 303))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.post("/enrollments/<enrollment_id>/withdraw")
def withdraw(enrollment_id: str) -> Response:
    enrollment = get_or_404(Enrollment, enrollment_id)
    enrolling.withdraw(enrollment)
    audit.note(current_account, actor(), "removed", enrollment.learner.name, enrollment.id)
    return toast(current_app.make_response(""), f"{enrollment.learner.name} was removed.")


@blueprint.post("/enrollments/<enrollment_id>/register")
def register_again(enrollment_id: str) -> Response:
    """For a registration that somebody has deleted at SCORM Cloud."""
    enrollment = get_or_404(Enrollment, enrollment_id)
    if enrolling.register_again(enrollment):
        audit.note(
            current_account, actor(), "registered again", enrollment.learner.name, enrollment.id
        )
    if not wants_fragment():
        return redirect_to(url_for("enrollments.why", enrollment_id=enrollment.id))
    html = render_template(
        "enrollments/_why.html", enrollment=enrollment, insight=insight.look(enrollment)
    )
    return toast(make_response(html), f"{enrollment.learner.name} is being registered again.")


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
