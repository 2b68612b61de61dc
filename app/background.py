"""`later(verb, row)`: run that verb on that row in a worker, once this transaction has committed.

The row says whether work is owed; the bell (`app/doorbell.py`) only wakes a worker. Here stands
what happens around a verb: bells wait for the commit; a worker claims the row, calls the verb,
commits, and notes trouble on the row. Verbs find all that they need of this in this one file.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import click
from flask import Flask, current_app
from rq.serializers import JSONSerializer
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, SessionTransaction

from app import nudges
from app.clients.http import OutsideError
from app.doorbell import QUEUE, Bell, Verb, name_of, once_per_lease, ring
from app.errors import AppError, Hold
from app.extensions import db, redis
from app.models import Account, OwesWork, across_accounts, acting_for
from app.models.owed_work import STOPPED_ITS_WORKERS
from app.nudges import nudge
from app.outside_trouble import in_words

__all__ = [
    "QUEUE", "Bell", "in_words", "later", "let_go", "note_trouble", "nudge", "once_per_lease",
    "owed", "owed_with", "ring", "run", "run_nudge",
]  # fmt: skip

log = logging.getLogger(__name__)
Others = Callable[[Any], Iterable[OwesWork]]
Claims = dict[OwesWork, datetime | None]  # each row's `due_at` when it was claimed


def owed(verb: Verb) -> Verb:
    """Marks the verb that does the work its row owes: it runs under a claim, and ends what is owed.

    Every other verb may be rung for at any time, whether the row owes something or not.
    """
    verb.owed = True  # type: ignore[attr-defined]
    return verb


def owed_with(others: Others, early: timedelta) -> Callable[[Verb], Verb]:
    """Like `owed`, for a verb that can do the work of several rows by one call outside.

    `others(row)` finds rows that may come along, also such as are due `early` from now. Those that
    nobody else holds are claimed too, and the verb gets them as its second argument; each of them
    ends as if it had been rung for alone.
    """

    def marked(verb: Verb) -> Verb:
        verb.others, verb.early = others, early  # type: ignore[attr-defined]
        return owed(verb)

    return marked


def later(verb: Verb, row: Any, wait: timedelta = timedelta()) -> None:
    """Rings for `verb(row)` after the commit; nothing is rung if the transaction rolls back."""
    if row.id is None:
        db.session.flush()
    bell = Bell(name_of(verb), type(row).__name__, row.id, wait)
    db.session().info.setdefault("bells", {})[bell] = None


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
        if owes and row.stops_workers:
            _give_up(row, claimed)
        elif owes:
            _do(verb, {row: claimed, **_claim_others(verb, row)})
        else:
            _oblige(verb, row)


def run_nudge(verb_name: str) -> None:
    """What a worker does for a nudge: call the verb, which looks for due rows by itself."""
    with current_app.app_context():
        nudges.forget(verb_name)
        try:
            _verb(verb_name)()
            db.session.commit()
        finally:
            db.session.remove()


def _claim_others(verb: Verb, row: OwesWork) -> Claims:
    """The rows that come along; claimed before anything is called, as the first one was.

    A row that may have stopped a worker comes alone, or its neighbors would be given up with it.
    """
    others: Others | None = getattr(verb, "others", None)
    if others is None or row.lost_claims:
        return {}
    found = [one for one in others(row) if not one.leased_until]
    claims = {one: one.due_at for one in found if one.claim(_lease(), verb.early)}  # type: ignore[attr-defined]
    if found:
        db.session.commit()
    return claims


def _give_up(row: OwesWork, claimed: datetime | None) -> None:
    """Parks a row whose workers die, before it takes the next one with it."""
    log.error("%s %s has stopped %s workers", type(row).__name__, row.id, row.lost_claims)
    row.park(STOPPED_ITS_WORKERS)
    row.finish(claimed)
    db.session.commit()


def _do(verb: Verb, claims: Claims) -> None:
    trouble = _attempt(verb, *claims)
    for row, claimed in claims.items():
        _close(verb, row, claimed, trouble)
    db.session.commit()


def _oblige(verb: Verb, row: Any) -> None:
    """Calls a verb that nobody owes. Outside trouble is only noted: the clock asks again anyway."""
    try:
        verb(row)
        db.session.commit()
    except (OutsideError, AppError, Hold) as trouble:
        db.session.rollback()
        log.warning("%s was not done: %s", verb.__qualname__, trouble)


def _attempt(verb: Verb, row: Any, *others: Any) -> Exception | None:
    """Calls the verb; its changes are flushed on success and undone on trouble."""
    try:
        if others:
            verb(row, others)
        else:
            verb(row)
        db.session.flush()
    except Exception as trouble:
        db.session.rollback()
        return trouble
    return None


def _close(verb: Verb, row: OwesWork, claimed: datetime | None, trouble: Exception | None) -> None:
    if inspect(row).deleted:
        return  # the work was to remove the row itself
    if trouble is not None and row.due_at == claimed:
        note_trouble(row, trouble)  # else something new came in, and is tried at once
    if not row.finish(claimed):
        later(verb, row)  # something new came in while we worked
    elif row.due_at is not None:
        later(verb, row, wait=row.due_in)


def note_trouble(row: OwesWork, trouble: Exception) -> None:
    """Says on the row what happened and when, if ever, it is worth another try.

    The other side's own words are for the log only.
    """
    if isinstance(trouble, OutsideError):
        log.warning("%s %s: %s", type(row).__name__, row.id, trouble)
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
