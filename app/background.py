"""`later(verb, row)`: run that verb on that row in a worker, once this transaction has committed.

The queue is only a doorbell. A job carries the verb's dotted name, the row's class and its id; the
row says whether work is owed. Redis may lose every bell: the clock rings again for due rows.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click
from flask import Flask, current_app
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction

from app.clients.http import OutsideError
from app.errors import AppError, Hold
from app.extensions import db, redis
from app.models import Account, OwesWork, across_accounts, acting_for

log = logging.getLogger(__name__)
QUEUE = "hub"
JOB_SECONDS = 110  # below the lease, so that nobody else takes the row meanwhile
NUDGE_SECONDS = 5  # a lost nudge silences further ones for so long at most
NUDGE_GAP = 0.02  # seconds
Verb = Callable[..., Any]


@dataclass(frozen=True)
class Bell:
    verb: str
    model: str
    row_id: str
    wait: timedelta = timedelta()


def owed(verb: Verb) -> Verb:
    """Marks the verb that does the work its row owes: it runs under a claim, and ends what is owed.

    Every other verb may be rung for at any time, whether the row owes something or not.
    """
    verb.owed = True  # type: ignore[attr-defined]
    return verb


def later(verb: Verb, row: Any, wait: timedelta = timedelta()) -> None:
    """Rings for `verb(row)` after the commit; nothing is rung if the transaction rolls back."""
    if row.id is None:
        db.session.flush()
    bell = Bell(f"{verb.__module__}.{verb.__qualname__}", type(row).__name__, row.id, wait)
    db.session().info.setdefault("bells", {})[bell] = None


def ring(bell: Bell, app: Flask | None = None, unique: bool = False) -> bool:
    """Puts one job into Redis. False if Redis is away: the sweeper will ring again."""
    app = app or current_app._get_current_object()  # type: ignore[attr-defined]
    queue = Queue(QUEUE, connection=redis(app), serializer=JSONSerializer)
    options: dict[str, Any] = {
        "args": [bell.verb, bell.model, bell.row_id],
        "job_timeout": JOB_SECONDS,
        "result_ttl": 0,
        "failure_ttl": 3600,
    }
    try:
        if bell.wait:
            queue.enqueue_in(bell.wait, run, **options)
        elif unique:
            queue.enqueue(run, job_id=once_per_lease(bell, app), unique=True, **options)
        else:
            queue.enqueue(run, **options)
    except DuplicateJobError:
        return True
    except RedisError as error:
        log.warning("the bell could not be rung: %s", type(error).__name__)
        return False
    return True


def once_per_lease(bell: Bell, app: Flask) -> str:
    """A job's name, so that a row that waits in the queue is not put there at every sweep.

    It changes with time: a job that failed or died keeps its name in Redis for long.
    """
    turn = int(time.time() // app.config["LEASE_SECONDS"])
    return f"sweep-{bell.model}-{bell.row_id}-{turn}"


def nudge(verb: Callable[[], Any]) -> None:
    """Rings for `verb()`, which looks for due rows by itself; one bell for many commits.

    To be called after the commit. While a nudge waits for a worker, further ones cost a single
    question to Redis. The worker takes the mark away before it looks, so whoever finds the mark has
    committed before that look.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    nudges.add(f"{verb.__module__}.{verb.__qualname__}", app)


class Nudges:
    """Rings at once, in a burst at most every few milliseconds, then for all that came since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rung_at = 0.0
        self._waiting: set[str] = set()

    def add(self, verb_name: str, app: Flask) -> None:
        with self._lock:
            if verb_name in self._waiting:
                return  # a timer is on its way and will ring after this commit
            wait = self._rung_at + NUDGE_GAP - time.monotonic()
            if wait <= 0:
                self._rung_at = time.monotonic()
            else:
                self._waiting.add(verb_name)
        if wait <= 0:
            ring_nudge(verb_name, app)
        else:
            timer = threading.Timer(wait, self._ring, [verb_name, app])
            timer.daemon = True  # a process that ends leaves the rest to the sweeper
            timer.start()

    def _ring(self, verb_name: str, app: Flask) -> None:
        with self._lock:
            self._waiting.discard(verb_name)
            self._rung_at = time.monotonic()
        ring_nudge(verb_name, app)


nudges = Nudges()


def ring_nudge(verb_name: str, app: Flask) -> None:
    try:
        if not redis(app).set(nudge_mark(verb_name), "1", nx=True, ex=NUDGE_SECONDS):
            return
        queue = Queue(QUEUE, connection=redis(app), serializer=JSONSerializer)
        queue.enqueue(run_nudge, verb_name, job_timeout=JOB_SECONDS, result_ttl=0, failure_ttl=60)
    except RedisError as error:
        log.warning("the bell could not be rung: %s", type(error).__name__)


def nudge_mark(verb_name: str) -> str:
    return f"hub:nudged:{verb_name}"


def run_nudge(verb_name: str) -> None:
    with current_app.app_context():
        redis(current_app._get_current_object()).delete(nudge_mark(verb_name))  # type: ignore[attr-defined]
        try:
            _verb(verb_name)()
            db.session.commit()
        finally:
            db.session.remove()


def ring_bells(session: Session) -> None:
    if not session.in_nested_transaction():
        for bell in session.info.pop("bells", {}):
            ring(bell)


def forget_bells(session: Session, previous: SessionTransaction) -> None:
    if not previous.nested:
        session.info.pop("bells", None)


def run(verb_name: str, model_name: str, row_id: str) -> None:
    """What a worker does for a bell: claim the row if it owes work, call the verb, commit."""
    with current_app.app_context():
        try:
            _run(_verb(verb_name), _model(model_name), row_id)
        finally:
            db.session.remove()


def _run(verb: Verb, model: type[Any], row_id: str) -> None:
    with across_accounts():
        row = db.session.get(model, row_id)
        if row is None:
            return
        claimed: datetime | None = None
        owes = isinstance(row, OwesWork) and getattr(verb, "owed", False)
        if owes:
            claimed = row.due_at
            if claimed is None or not row.claim(_lease()):
                db.session.rollback()
                return
            db.session.commit()
        account_id = row.id if isinstance(row, Account) else getattr(row, "account_id", None)
    with acting_for(account_id) if account_id else across_accounts():
        if owes:
            _close(verb, row, claimed, _attempt(verb, row))
        else:
            _oblige(verb, row)


def _oblige(verb: Verb, row: Any) -> None:
    """Calls a verb that nobody owes. Outside trouble is only noted: the clock asks again anyway."""
    try:
        verb(row)
        db.session.commit()
    except (OutsideError, AppError, Hold) as trouble:
        db.session.rollback()
        log.warning("%s was not done: %s", verb.__qualname__, trouble)


def _attempt(verb: Verb, row: Any) -> Exception | None:
    """Calls the verb; its changes are flushed on success and undone on trouble."""
    try:
        verb(row)
        db.session.flush()
    except Exception as trouble:
        db.session.rollback()
        return trouble
    return None


def _close(verb: Verb, row: OwesWork, claimed: datetime | None, trouble: Exception | None) -> None:
    if inspect(row).deleted:
        db.session.commit()  # the work was to remove the row itself
        return
    if trouble is not None and row.due_at == claimed:
        note_trouble(row, trouble)  # else something new came in, and is tried at once
    if not row.finish(claimed):
        later(verb, row)  # something new came in while we worked
    elif row.due_at is not None:
        later(verb, row, wait=max(row.due_at - datetime.now(row.due_at.tzinfo), timedelta(0)))
    db.session.commit()


def note_trouble(row: OwesWork, trouble: Exception) -> None:
    """Says on the row what happened and when, if ever, it is worth another try."""
    if isinstance(trouble, Hold):
        row.postpone(trouble.wait, trouble.reason)
    elif isinstance(trouble, OutsideError) and not trouble.can_retry:
        row.park(in_words(trouble))
    elif isinstance(trouble, OutsideError):
        wait = timedelta(seconds=trouble.retry_after) if trouble.retry_after else None
        row.fail(in_words(trouble), wait)
    elif isinstance(trouble, AppError):
        row.park(trouble.sentence)
    else:
        log.exception("work failed on %s", type(row).__name__, exc_info=trouble)
        row.fail("An unexpected problem on our side.")


def in_words(error: OutsideError) -> str:
    """What an admin reads of outside trouble; the client keeps secrets out of `reason`."""
    answered = f"answered {error.status}" if error.status else "did not answer"
    return f"{error.service} {answered}: {error.reason}"


def let_go() -> None:
    """Before a long call: ends the reading transaction, so that no connection waits idle for it.

    Rows are read anew when they are used next. Nothing may have been written before.
    """
    assert not db.session.dirty and not db.session.new, "a change would be lost"
    db.session.rollback()


def _lease() -> timedelta:
    return timedelta(seconds=current_app.config["LEASE_SECONDS"])


def _verb(name: str) -> Verb:
    """Only functions of our own package can be named by a job."""
    module, _, function = name.rpartition(".")
    if not module.startswith("app."):
        raise ValueError(f"{name} is not a verb")
    return getattr(importlib.import_module(module), function)


def _model(name: str) -> type[Any]:
    return getattr(importlib.import_module("app.models"), name)


def make_worker(app: Flask) -> Any:
    """An RQ worker on our one queue; one queue per process, or RQ can lose a job it took.

    It works without forking, several times as fast: what a fork would protect from, a job that
    takes its process down, the supervisor and the rows' leases heal.
    """
    from rq import SimpleWorker

    return SimpleWorker(
        [QUEUE],
        connection=redis(app),
        serializer=JSONSerializer,
        default_worker_ttl=30,
        maintenance_interval=15,
        job_monitoring_interval=5,
    )


@click.command("worker")
def worker_command() -> None:
    """Works through what the queue rings for, until it is told to stop."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    make_worker(app).work(with_scheduler=True, logging_level="WARNING")


def init_app(app: Flask) -> None:
    app.cli.add_command(worker_command)
    if not event.contains(Session, "after_commit", ring_bells):
        event.listen(Session, "after_commit", ring_bells)
        event.listen(Session, "after_soft_rollback", forget_bells)
