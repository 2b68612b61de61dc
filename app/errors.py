"""Expected trouble, each with the sentence a person may read, and how it is answered.

AppError
 +-- BadInput (422)        something typed or sent is not right; says what, loses nothing
 +-- NotFound (404)        not there, or another account's: the same answer
 +-- Conflict (409)        a stale form, something that exists already
 |    +-- LimitReached     the trial's registrations are used up
 +-- Refused (403)         may not be done
 |    +-- SignedOut (401)  no session
 +-- NotConnected (409)    the CRM or SCORM Cloud is not connected
 +-- Unavailable (503)     outside trouble while somebody waits
Hold                       work of the background that must wait, without counting as a failure
"""

from __future__ import annotations

import logging
from datetime import timedelta

from flask import Flask, Response, jsonify, make_response, render_template, request
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from app.clients.http import OutsideError
from app.extensions import db
from app.htmx import toast, wants_fragment

log = logging.getLogger(__name__)


class AppError(Exception):
    status = 500

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class BadInput(AppError):
    status = 422


class NotFound(AppError):
    status = 404

    def __init__(self, sentence: str = "There is nothing at this address.") -> None:
        super().__init__(sentence)


class Conflict(AppError):
    status = 409


class LimitReached(Conflict):
    pass


class Refused(AppError):
    status = 403


class SignedOut(AppError):
    status = 401


class NotConnected(AppError):
    status = 409


class Unavailable(AppError):
    status = 503


class Hold(Exception):
    """Raised where background work must wait: not installed, reconnect needed, no pace left."""

    def __init__(self, reason: str, wait: timedelta = timedelta(minutes=5)) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


def answer(status: int, sentence: str | None = None) -> Response:
    """A page, a toast or JSON, as the caller can use it; a status has a sentence of its own."""
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        response = jsonify(error=sentence or "The request failed.")
    elif wants_fragment():
        response = make_response("")
        if sentence:
            toast(response, sentence, "bad")
        response.headers["HX-Reswap"] = "none"  # what the person typed stays where it is
    else:
        frame = "base_public.html" if (request.blueprint or "").endswith("_public") else "base.html"
        page = render_template("errors/page.html", status=status, sentence=sentence, frame=frame)
        response = make_response(page)
    response.status_code = status
    return response


def expected(error: AppError) -> Response:
    return answer(error.status, error.sentence)


def outside(error: OutsideError) -> Response:
    """The CRM or SCORM Cloud did not do what somebody is waiting for."""
    log.warning("outside trouble: %s", error)
    sentence = (
        f"{error.service} did not answer as expected: {error.reason} Please try again in a minute."
    )
    return answer(503, sentence)


def on_hold(trouble: Hold) -> Response:
    """Background work would wait here; a person is asked to."""
    return answer(503, f"{trouble.reason} Please try again in a minute.")


def from_http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < 400:
        return make_response(error.get_response())
    response = answer(status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def unstorable(_error: DataError) -> Response:
    """Something was sent that no column can hold, such as a zero byte or a number beyond all."""
    db.session.rollback()
    return answer(400)


def unexpected(error: Exception) -> Response:
    log.exception("unexpected trouble", exc_info=error)
    db.session.rollback()
    return answer(500)


def init_app(app: Flask) -> None:
    app.register_error_handler(AppError, expected)
    app.register_error_handler(OutsideError, outside)
    app.register_error_handler(Hold, on_hold)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(DataError, unstorable)
    app.register_error_handler(Exception, unexpected)
