"""The clock: what happens by itself, as a list, and the sweeper that makes lost bells harmless.

Every round rings for rows whose time has come. Two clocks at once do no harm: a row is claimed by
one worker only.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

import click
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from app.accounts import install, sessions
from app.background import Bell, ring
from app.clients.http import OutsideError
from app.courses import leftovers, publishing
from app.enrollments import enrolling, form_uses, syncing
from app.extensions import db
from app.models import (
    Course,
    CrmEffect,
    DriftCheck,
    Enrollment,
    SyncRun,
    TriggerFiring,
    WebhookEvent,
    across_accounts,
    now,
)
from app.sync import drift, push, triggers
from app.webhooks import inbox

log = logging.getLogger(__name__)
BATCH = 500

# which verb does the work that a row of this table owes
OWED: list[tuple[type[Any], Callable[..., Any]]] = [
    (WebhookEvent, inbox.handle),
    (Course, publishing.publish),
    (Enrollment, enrolling.settle_registration),
    (CrmEffect, push.write),
    (SyncRun, syncing.continue_run),
    (TriggerFiring, triggers.fire),
    (DriftCheck, drift.continue_check),
]

assert all(verb.owed for _, verb in OWED)  # type: ignore[attr-defined]

# what happens regularly, besides sweeping
REGULAR: list[tuple[timedelta, Callable[[], Any]]] = [
    (timedelta(minutes=3), syncing.reconcile_all),
    (timedelta(hours=1), leftovers.remove_leftovers),
    (timedelta(hours=1), sessions.forget_old),
    (timedelta(hours=1), form_uses.forget_old),
    (timedelta(minutes=15), syncing.compare_all),
    (timedelta(minutes=10), install.fill_in_details),
]


def sweep() -> int:
    """Rings for every due row of every kind; returns how many. Doubled rings cost nothing."""
    rung = 0
    for bell in due_bells():
        if not ring(bell, unique=True):
            break  # Redis is away: it would not hear the others either
        rung += 1
    return rung


def due_bells() -> list[Bell]:
    bells = []
    with across_accounts():
        for model, verb in OWED:
            name = f"{verb.__module__}.{verb.__qualname__}"
            ids = db.session.scalars(model.due(BATCH)).all()
            bells += [Bell(name, model.__name__, row_id) for row_id in ids]
        db.session.rollback()
    return bells


class Clock:
    """Keeps when each regular thing was last done, and does all of them when it starts: platforms
    restart a process daily. It survives whatever goes wrong in one of them."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.last_done: dict[Callable[[], Any], datetime] = {}

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopped.set()

    def round(self) -> None:
        self._carefully(sweep)
        for every, verb in REGULAR:
            last = self.last_done.get(verb)
            if last is None or now() - last >= every:
                self.last_done[verb] = now()
                self._carefully(verb)

    def _carefully(self, verb: Callable[[], Any]) -> None:
        try:
            verb()
            db.session.commit()
        except (SQLAlchemyError, OutsideError) as error:
            log.warning("the clock could not do %s: %s", verb.__name__, type(error).__name__)
        except Exception:
            log.exception("the clock could not do %s", verb.__name__)
        finally:
            db.session.remove()


@click.command("clock")
def clock_command() -> None:
    """Rings for owed work every few seconds, until it is told to stop."""
    clock = Clock()
    signal.signal(signal.SIGTERM, clock.stop)
    signal.signal(signal.SIGINT, clock.stop)
    while not clock.stopped.is_set():
        clock.round()
        clock.stopped.wait(current_app.config["SWEEP_SECONDS"])


def init_app(app: Flask) -> None:
    app.cli.add_command(clock_command)
