"""How trouble is answered: a page, a toast or JSON, as the caller can use it.

What goes wrong at the commit arrives here like trouble in a view (`transactions.Hub`). Whatever is
not expected is logged once, here, and rolled back. No answer says more than the sentence of the
error, or of its status (templates/errors/sentences.html).
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app import database_trouble
from app.clients.http import OutsideError
from app.errors import AppError, Hold
from app.extensions import db
from app.htmx import toast, wants_fragment
from app.outside_trouble import log_cause, sentence_for

log = logging.getLogger(__name__)

RETRY_SECONDS = "10"


def answer(status: int, sentence: str = "", title: str = "") -> Response:
    """A page, a toast or JSON; without a sentence the one that the status has."""
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        response = jsonify(error=sentence or "The request failed.")
    elif wants_fragment():
        response = make_response("")
        if sentence:
            toast(response, sentence, "bad")
        response.headers["HX-Reswap"] = "none"  # what the person typed stays where it is
    else:
        response = make_response(page(status, sentence, title))
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def page(status: int, sentence: str, title: str) -> str:
    """The error's page. Where not even the account can be read, it is one for nobody in
    particular."""
    frame = "base_public.html" if (request.blueprint or "").endswith("_public") else "base.html"
    values = {"status": status, "sentence": sentence, "own_title": title, "frame": frame}
    values["again"] = where_it_began()
    try:
        return render_template("errors/page.html", **values)
    except SQLAlchemyError:
        db.session.rollback()
        forget_session()
        return render_template("errors/page.html", **values)


def where_it_began() -> str:
    """The page to load again: this one, or the one whose form was sent."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    if came_from.netloc != request.host or not came_from.path.startswith("/"):
        return ""
    path = "/" + came_from.path.lstrip("/")
    return f"{path}?{came_from.query}" if came_from.query else path


def forget_session() -> None:
    """For the rest of this request nobody is signed in: who it was cannot be read any more."""
    g.pop("admin_session", None)


def expected(error: AppError) -> Response:
    log_cause(error)
    return answer(error.status, error.sentence, error.title)


def outside(error: OutsideError) -> Response:
    """The CRM or SCORM Cloud did not do what somebody is waiting for."""
    log_cause(error)
    return answer(503, sentence_for(error))


def on_hold(trouble: Hold) -> Response:
    """Background work would wait here; a person is asked to."""
    return answer(503, trouble.reason)


def from_http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < 400:
        return make_response(error.get_response())
    response = answer(status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def of_the_database(error: SQLAlchemyError) -> Response:
    """Refused, locked or gone: in a view or at the commit, the answer is the same."""
    status = database_trouble.status_of(error)
    log.log(
        logging.WARNING if status < 500 else logging.ERROR,
        "%s %s was rolled back: %s",
        request.method,
        request.path,
        type(error).__name__,
        exc_info=error,
    )
    undo()
    return answer(status)


def unexpected(error: Exception) -> Response:
    log.exception("unexpected trouble", exc_info=error)
    undo()
    return answer(500)


def undo() -> None:
    """Ends the transaction, also where the connection to roll it back has gone."""
    try:
        db.session.rollback()
    except SQLAlchemyError:
        db.session.close()
        forget_session()


def init_app(app: Flask) -> None:
    app.register_error_handler(AppError, expected)
    app.register_error_handler(OutsideError, outside)
    app.register_error_handler(Hold, on_hold)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(SQLAlchemyError, of_the_database)
    app.register_error_handler(Exception, unexpected)
