"""Expected trouble, each with the sentence a person may read, and how it is answered.

AppError
 +-- BadInput (422)        something typed or sent is not right; says what, loses nothing
 +-- NotFound (404)        not there, or another account's: the same answer
 +-- Conflict (409)        a stale form, something that exists already
 |    +-- LimitReached     the trial's registrations are used up
 +-- Refused (403)         may not be done
 |    +-- SignedOut (401)  no session
 +-- Gone (410)            a used ticket, an expired link
 +-- NotConnected (409)    the CRM or SCORM Cloud is not connected
 +-- Unavailable (503)     outside trouble while somebody waits
Hold                       work of the background that must wait, without counting as a failure
"""

from __future__ import annotations

import logging
from datetime import timedelta

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from app.clients.http import OutsideError
from app.extensions import db
from app.htmx import wants_fragment

log = logging.getLogger(__name__)


class AppError(Exception):
    status = 500
    title = "Something went wrong"

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class BadInput(AppError):
    status, title = 422, "Please check what you entered"


class NotFound(AppError):
    status, title = 404, "Not found"

    def __init__(self, sentence: str = "There is nothing at this address.") -> None:
        super().__init__(sentence)


class Conflict(AppError):
    status, title = 409, "This has changed meanwhile"


class LimitReached(Conflict):
    title = "Trial limit reached"


class Refused(AppError):
    status, title = 403, "Not allowed"


class SignedOut(AppError):
    status, title = 401, "Please sign in again"


class Gone(AppError):
    status, title = 410, "This link is no longer valid"


class NotConnected(AppError):
    status, title = 409, "Not connected"


class Unavailable(AppError):
    status, title = 503, "Not available right now"


class Hold(Exception):
    """Raised where background work must wait: not installed, reconnect needed, no pace left."""

    def __init__(self, reason: str, wait: timedelta = timedelta(minutes=5)) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


def answer(status: int, title: str, sentence: str) -> Response:
    """A page, a fragment or JSON, as the caller can use it."""
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        response = jsonify(error=sentence)
    elif wants_fragment():
        response = make_response(render_template("errors/_toast.html", title=title, sentence=sentence))
        response.headers["HX-Retarget"] = "#toasts"
        response.headers["HX-Reswap"] = "beforeend"
    else:
        page = render_template("errors/error.html", status=status, title=title, sentence=sentence)
        response = make_response(page)
    response.status_code = status
    return response


def expected(error: AppError) -> Response:
    return answer(error.status, error.title, error.sentence)


def outside(error: OutsideError) -> Response:
    """The CRM or SCORM Cloud did not do what somebody is waiting for."""
    log.warning("outside trouble: %s", error)
    sentence = f"{error.service} did not answer as expected: {error.reason} Please try again in a minute."
    return answer(503, "Not available right now", sentence)


HTTP_SENTENCES = {
    400: ("Bad request", "The request could not be understood."),
    404: ("Not found", "There is nothing at this address."),
    405: ("Not allowed", "This address does not accept that."),
    413: ("Too large", "What was sent is larger than this address accepts."),
    429: ("Too many tries", "Please wait a minute and try again."),
}


def from_http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < 400:
        return make_response(error.get_response())
    title, sentence = HTTP_SENTENCES.get(status, ("Something went wrong", "Please try again."))
    response = answer(status, title, sentence)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def unexpected(error: Exception) -> Response:
    log.exception("unexpected trouble", exc_info=error)
    db.session.rollback()
    return answer(500, "Something went wrong", "We have noted the problem. Please try again.")


def init_app(app: Flask) -> None:
    app.register_error_handler(AppError, expected)
    app.register_error_handler(OutsideError, outside)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(Exception, unexpected)
