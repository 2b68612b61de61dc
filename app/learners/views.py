"""The live search of contacts, and a learner's own page."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy import select

from app.accounts import trial
from app.extensions import db
from app.htmx import part
from app.learners import contacts
from app.models import Course, Enrollment, Launch, Learner
from app.tenancy import current_account, get_or_404

blueprint = Blueprint("learners", __name__)


@blueprint.get("/courses/<course_id>/contacts")
def search(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    found = contacts.look_for(course, request.args.get("q", ""))
    remaining = trial.remaining(current_account)
    page = url_for("courses.show", course_id=course.id, contact=found.query or None)
    return part("learners/_results.html", page, course=course, search=found, remaining=remaining)


@blueprint.get("/learners/<learner_id>")
def show(learner_id: str) -> str:
    learner = get_or_404(Learner, learner_id)
    enrollments = db.session.scalars(
        select(Enrollment)
        .where(Enrollment.learner_id == learner.id)
        .order_by(Enrollment.created_at.desc())
    ).all()
    launches = db.session.scalars(
        select(Launch)
        .where(Launch.enrollment_id.in_([enrollment.id for enrollment in enrollments]))
        .order_by(Launch.created_at.desc())
        .limit(50)
    ).all()
    return render_template(
        "learners/show.html", learner=learner, enrollments=enrollments, launches=launches
    )
