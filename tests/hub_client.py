"""How tests call the hub in their own process: its requests, and the jobs that these leave."""

from __future__ import annotations

import contextvars
from typing import Any

from flask.testing import FlaskClient
from rq import SimpleWorker
from rq.timeouts import TimerDeathPenalty
from werkzeug.test import TestResponse

from app.extensions import db


class HubClient(FlaskClient):
    """Each request runs in a context of its own, as in a server: it shares neither session, nor
    `g`, nor the account that the test acts for. What the test arranged is committed before, and
    what the test holds is read anew afterwards."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.commit()
        kwargs.setdefault("base_url", self.application.config["PUBLIC_URL"])
        response = contextvars.Context().run(super().open, *args, **kwargs)
        db.session.rollback()
        return response


class InlineWorker(SimpleWorker):
    """RQ's worker without a fork, and without the signals that pytest needs for itself."""

    death_penalty_class = TimerDeathPenalty

    def _install_signal_handlers(self) -> None:
        pass


def empty_tables() -> None:
    """Deletes all rows, children first. Tests commit for real, so nothing could be rolled back."""
    with db.engine.begin() as connection:
        for table in reversed(db.metadata.sorted_tables):
            connection.execute(table.delete())
