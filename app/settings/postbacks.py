"""How well SCORM Cloud's postbacks arrive, as one light.

It says when the last one came, and whether results have been found since that none told of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.extensions import db
from app.models import Account, Enrollment, now

PATIENCE_SECONDS = 45
MARGIN = timedelta(minutes=10)  # between a completion and the postback that tells of it


@dataclass(frozen=True)
class Health:
    """`tone` as of a status dot: good, warn or none."""

    words: str
    tone: str
    last_at: datetime | None


def health(account: Account) -> Health:
    last_at, completed_at = account.last_postback_at, newest_completion(account)
    if completed_at is not None and (last_at is None or completed_at > last_at + MARGIN):
        return Health("Results were found that no postback told of", "warn", last_at)
    if last_at is None:
        return Health("None yet", "", None)
    return Health("Arriving", "good", last_at)


@dataclass(frozen=True)
class Test:
    """A test postback, asked for at this second of Unix time."""

    account: Account
    asked: int

    @property
    def state(self) -> str:
        """`arrived`, `waiting`, or `missing` when it is later than a call takes."""
        last_at = self.account.last_postback_at
        if last_at is not None and last_at.timestamp() >= self.asked:
            return "arrived"
        return "waiting" if now().timestamp() < self.asked + PATIENCE_SECONDS else "missing"


def newest_completion(account: Account) -> datetime | None:
    newest = select(func.max(Enrollment.completed_at))
    return db.session.scalar(newest.where(Enrollment.account_id == account.id))
