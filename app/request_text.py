"""What is sent is text, or the request is refused: at the edge, before anybody looks at it.

No column of the database holds a zero byte or half of a surrogate pair, no client can send one on,
and no person types one. Path, query, headers and cookies are looked at before every request, a
form before its view, JSON when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask, Request, Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, NotFound

from app.error_answers import answer

NO_TEXT = re.compile("[\0\ud800-\udfff]")
FORM = "application/x-www-form-urlencoded"


class NotText(BadRequest):
    """A zero byte or half a character was sent."""

    description = (
        "What was sent holds a character that is no text. Type it by hand instead of pasting it."
    )


def is_text(value: str) -> bool:
    return NO_TEXT.search(value) is None


def require_text(values: Iterable[str]) -> None:
    """Raises NotText for the first that is none."""
    if not all(map(is_text, values)):
        raise NotText()


def require_text_in(fields: MultiDict[str, str], but: str) -> None:
    """`but` is a proof of a session: only its digest is looked for, and a wrong one is told so."""
    for key, values in fields.lists():
        require_text([key] if key == but else [key, *values])


def strings_in(value: Any) -> Iterator[str]:
    """All texts within what JSON can hold, keys among them, however deep they lie."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            left += one


class TextRequest(Request):
    """A request whose JSON and form can only be read if they are text."""

    def get_json(self, *args: Any, **kwargs: Any) -> Any:
        found = super().get_json(*args, **kwargs)
        require_text(strings_in(found))
        return found

    def _load_form_data(self) -> None:
        super()._load_form_data()
        require_text_in(self.form, but="session_token")
        for key, file in self.files.items(multi=True):
            require_text([key, file.filename or ""])


def refuse_what_is_no_text() -> None:
    """Before every request."""
    if not is_text(request.path):
        raise NotFound()
    require_text_in(request.args, but="ticket")
    require_text(request.headers.values())
    for key, value in request.cookies.items(multi=True):
        require_text([key, value])
    if request.method == "POST" and request.mimetype == FORM:
        _ = request.form  # other bodies are read, within their own limits, by who takes them


def refused(error: NotText) -> Response:
    return answer(error.code, error.description)


def init_app(app: Flask) -> None:
    app.request_class = TextRequest
    app.before_request(refuse_what_is_no_text)
    app.register_error_handler(NotText, refused)
