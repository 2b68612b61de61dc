"""One request is one transaction: committed once, here, when the answer is below 400.

Everything else rolls back, so no view and no verb can forget a commit or keep half of a change.
"""

from __future__ import annotations

from flask import Flask, Response

from app.extensions import db


def commit_or_roll_back(response: Response) -> Response:
    if not db.session.registry.has():
        return response  # nobody asked the database for anything
    if response.status_code < 400:
        db.session.commit()
    else:
        db.session.rollback()
    return response


def init_app(app: Flask) -> None:
    app.after_request(commit_or_roll_back)
