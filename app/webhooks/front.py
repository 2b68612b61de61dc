"""What other systems call, answered in front of the application that makes pages.

A page needs an address to be matched, a session, a tenant, a content policy, a transaction at its
edge; a webhook proves itself by its own bytes and is one row. A burst of postbacks should not pay
for what it does not use, nor fail by it. So this is a small WSGI application of its own: it takes
its few addresses and hands on everything else. See docs/decisions/0008.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException

from app.headers import fixed

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

View = Callable[["Call"], Response]


class Call(Request):
    """A webhook's request; what is larger is refused before it is read."""

    max_content_length = 256 * 1024


@dataclass(frozen=True)
class Address:
    """What answers here, and the status after which its sender tries again."""

    view: View
    again: int


class Front:
    """A WSGI application: its own addresses, and behind it the application's former one."""

    def __init__(self, app: Flask, addresses: Mapping[str, Address]) -> None:
        self._app, self._pages, self._addresses = app, app.wsgi_app, addresses

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        address = self._addresses.get(environ["PATH_INFO"].removesuffix("/"))
        if address is None:
            return self._pages(environ, start_response)
        with self._app.app_context():  # its end gives the database session back
            response = answered(address, Call(environ))
            response.headers.extend(fixed())
        return response(environ, start_response)


def answered(address: Address, call: Call) -> Response:
    """Never raises, and never says more of trouble than that it should be sent again."""
    try:
        if call.method != "POST":
            return answer(405, "Only POST is taken here", Allow="POST")
        return address.view(call)
    except HTTPException as refusal:
        return answer(refusal.code or 400, refusal.name)
    except SQLAlchemyError as trouble:
        current_app.logger.warning("a webhook could not be stored: %s", type(trouble).__name__)
    except Exception:
        current_app.logger.exception("a webhook met unexpected trouble")
    return answer(address.again, "Please send it again", Retry_After="10")


def answer(status: int, word: str, **headers: str) -> Response:
    response = Response(f'{{"status": "{word}"}}\n', status, mimetype="application/json")
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response
