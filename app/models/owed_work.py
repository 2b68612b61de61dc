"""Owed work: rows that say themselves that something is still to be done.

The database is the ledger and the queue is only a doorbell. A row owes work while `due_at` is set;
a worker claims it by one conditional UPDATE that exactly one of many can win, on SQLite and on
PostgreSQL, and keeps it for a lease. A worker that dies simply lets the lease run out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Text,
    and_,
    case,
    or_,
    select,
    update,
)
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column, object_session

from app.models.base import now

FIRST_GAP, LONGEST_GAP = timedelta(seconds=5), timedelta(hours=1)
PATIENCE = timedelta(hours=72)
MOST_LOST = 3
STOPPED_ITS_WORKERS = (
    "Three times in a row the program that did this was stopped before its end, so it is not tried "
    "again by itself."
)
_OF_TROUBLE = ("owed_since", "parked_at", "last_error", "dismissed_at", "dismissed_by")


class OwesWork:
    """Mixin. `parked_at` set means: trouble that time does not heal, waiting for a person.

    A person may also dismiss it: it stays parked, and nobody is asked about it any more.
    """

    id: Mapped[str]

    @declared_attr
    def due_at(cls) -> Mapped[datetime | None]:
        return mapped_column(index=True)

    owed_since: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    lost_claims: Mapped[int] = mapped_column(default=0)  # in a row, whose lease ran out
    dismissed_at: Mapped[datetime | None]
    dismissed_by: Mapped[str | None] = mapped_column(String(255))

    @property
    def owes_work(self) -> bool:
        return self.due_at is not None

    @property
    def due_in(self) -> timedelta:
        """How long until its time has come; nothing if it has, or if no work is owed."""
        return max(self.due_at - now(), timedelta()) if self.due_at else timedelta()

    def owe(self, after: timedelta = timedelta()) -> None:
        """Work is owed from now (or a little later); an older trouble is forgotten."""
        self.due_at = now() + after
        self.owed_since = self.owed_since or now()
        self.parked_at = self.last_error = self.dismissed_at = self.dismissed_by = None
        self.attempts = 0

    def postpone(self, gap: timedelta, reason: str | None = None) -> None:
        """Not now, and nobody's fault: something that must come first is not there yet."""
        self.due_at = now() + gap
        self.last_error = reason

    def fail(self, reason: str, wait: timedelta | None = None) -> None:
        """Trouble that can pass: try again after a growing gap, and give up after 72 hours."""
        if self.owed_since and now() - self.owed_since > PATIENCE:
            self.park(f"Given up after 72 hours: {reason}")
            return
        gap = min(FIRST_GAP * 2 ** min(self.attempts, 12), LONGEST_GAP)
        self.attempts += 1
        self.due_at = now() + max(gap, wait or gap)
        self.last_error = reason

    def dismiss(self, by: str) -> None:
        """Somebody has seen that it cannot be put right, or need not be."""
        self.dismissed_at, self.dismissed_by = now(), by[:255]

    @classmethod
    def needs_attention(cls) -> ColumnElement[bool]:
        return and_(cls.parked_at.is_not(None), cls.dismissed_at.is_(None))

    def park(self, reason: str) -> None:
        """Trouble that time does not heal: kept with its reason until somebody retries."""
        self.due_at = None
        self.parked_at = now()
        self.last_error = reason

    def wait_for(self, reason: str) -> None:
        """Cannot be done yet: no bell rings until whoever does the first thing makes it due."""
        self.due_at = self.parked_at = self.dismissed_at = self.dismissed_by = None
        self.last_error = reason

    def settle(self) -> None:
        """Nothing is owed any more."""
        self.due_at = self.owed_since = self.parked_at = self.last_error = None
        self.dismissed_at = self.dismissed_by = None
        self.attempts = 0

    @classmethod
    def due(cls, limit: int) -> Select[Any]:
        """Ids of rows whose time has come and that no living worker holds."""
        return select(cls.id).where(cls.can_be_claimed()).order_by(cls.due_at).limit(limit)

    @classmethod
    def can_be_claimed(cls, early: timedelta = timedelta()) -> ColumnElement[bool]:
        """Its time has come, or will have come a little later, and no living worker holds it."""
        moment = now()
        free = or_(cls.leased_until.is_(None), cls.leased_until < moment)
        return and_(cls.due_at <= moment + early, free)

    def claim(self, lease: timedelta, early: timedelta = timedelta()) -> bool:
        """Takes the row for one worker; False if it owes nothing or somebody else was first.

        A lease that is still noted has run out: the worker that had the row never came to an end.
        """
        kind = type(self)
        lost = case((kind.leased_until.is_not(None), kind.lost_claims + 1), else_=kind.lost_claims)
        until = now() + lease
        return self._update_if(self.can_be_claimed(early), leased_until=until, lost_claims=lost)

    @property
    def stops_workers(self) -> bool:
        """One more try would most likely end like the ones before: with a worker that is gone."""
        return self.lost_claims >= MOST_LOST

    def finish(self, claimed: datetime | None) -> bool:
        """Ends a claim. False if new work came in meanwhile, so that the bell must be rung again.

        The row was claimed with `due_at == claimed`. If the verb left that as it was, all work is
        done; but only if nobody moved `due_at` in the database while the verb was busy.
        """
        if self.due_at != claimed:  # the verb itself said when to come back, or parked the row
            self.leased_until, self.lost_claims = None, 0
            return True
        settled = dict.fromkeys(("due_at", "leased_until", *_OF_TROUBLE))
        if self._update_if(type(self).due_at == claimed, attempts=0, lost_claims=0, **settled):
            return True
        self._update_if(type(self).id == self.id, leased_until=None, lost_claims=0)
        return False

    def _update_if(self, condition: Any, **values: Any) -> bool:
        session: Session | None = object_session(self)
        assert session is not None
        statement = update(type(self)).where(type(self).id == self.id, condition).values(**values)
        done = session.execute(statement, execution_options={"synchronize_session": False})
        session.expire(self, list(values))
        return isinstance(done, CursorResult) and done.rowcount == 1
