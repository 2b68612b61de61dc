"""What stands in the tab that a click on Launch or Preview has opened, when the player cannot be.

That tab belongs to nobody: opened from the CRM's frame it has no session of its own, so that no
link of ours would lead on. It says what happened, and lets the same be tried again.
"""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from app.errors import AppError, Unavailable
from app.outside_trouble import log_cause


def refused(error: AppError) -> Response:
    """The reason as a page; with a button where a second try may help."""
    log_cause(error)
    passing = isinstance(error, Unavailable)
    page = render_template(
        "enrollments/not_opened.html",
        sentence=error.sentence,
        again=request.path if passing else None,
        session_token=request.form.get("session_token"),
    )
    return make_response(page, error.status)
