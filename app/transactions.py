"""One request is one transaction: committed once, here, when the answer is below 400.

Everything else rolls back, so no view and no verb can forget a commit or keep half of a change.
What goes wrong at the commit is answered like trouble in the view itself.
"""

from __future__ import annotations

from flask import Flask, Request, Response
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import MapAdapter

from app.extensions import db


class Hub(Flask):
    """Flask, with the commit, and a request that no address can be read from, where the error
    handlers see them."""

    def full_dispatch_request(self) -> Response:
        """What comes after the view, the commit above all, fails into the handlers as well."""
        try:
            return super().full_dispatch_request()
        except Exception as error:
            answer = self.handle_user_exception(error)
            return self.finalize_request(answer, from_error_handler=True)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """A Host that cannot be one is an error of the request, and its page has addresses, too."""
        try:
            return super().create_url_adapter(request)
        except (HTTPException, UnicodeError, ValueError) as error:
            if request is None:
                raise
            refusal = error if isinstance(error, HTTPException) else BadRequest()
            request.routing_exception = refusal  # answered when a view would be called
            request.environ["HTTP_HOST"] = self.config["PUBLIC_URL"].partition("://")[2]
            request.__dict__.pop("host", None)
            return super().create_url_adapter(request)


def commit_or_roll_back(response: Response) -> Response:
    if not db.session.registry.has():
        return response  # nobody asked the database for anything
    if response.status_code < 400:
        try:
            db.session.commit()
        except Exception:
            response.close()  # whatever it would have streamed
            raise
    else:
        db.session.rollback()
    return response


def init_app(app: Flask) -> None:
    app.after_request(commit_or_roll_back)
