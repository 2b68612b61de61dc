"""The live search of contacts, and a learner's own page."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy import select

from app.clients.http import OutsideError
from app.errors import Hold
from app.extensions import db
from app.learners import contacts
from app.models import Course, Enrollment, Launch, Learner
from app.outside_trouble import sentence_for
from app.tenancy import get_or_404

log = logging.getLogger(__name__)

blueprint = Blueprint("learners", __name__)


@blueprint.get("/courses/<course_id>/contacts")
def search(course_id: str) -> Response:
    course = get_or_404(Course, course_id)
    query = " ".join(request.args.get("q", "").split())
    values: dict[str, Any] = {"course": course, "query": query, "found": [], "trouble": None}
    values["too_short"] = 0 < len(query) < contacts.SHORTEST_QUERY
    if len(query) >= contacts.SHORTEST_QUERY:
        try:
            values["found"] = contacts.search(course, query)
        except (OutsideError, Hold) as trouble:
            log.warning("contacts were not searched: %s", trouble)
            values["trouble"] = (
                sentence_for(trouble) if isinstance(trouble, OutsideError) else trouble.reason
            )
    return current_app.make_response(render_template("learners/_results.html", **values))


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
