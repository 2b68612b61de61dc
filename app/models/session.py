"""Sessions of admins: server-side rows, so that they can be ended; tokens only as digests."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import Base, now

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=8)
TICKET_LIFE = timedelta(seconds=60)
STATE_LIFE = timedelta(minutes=10)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class SessionKind(StrEnum):
    FRAME = "frame"  # the token travels as a header with every request
    TAB = "tab"  # an ordinary cookie with CSRF tokens


class AdminSession(Base):
    __tablename__ = "sessions"

    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64), default=lambda: secrets.token_urlsafe(24))
    kind: Mapped[SessionKind] = mapped_column(String(16))
    user_id: Mapped[str] = mapped_column(String(64))
    user_name: Mapped[str] = mapped_column(String(255), default="")
    role: Mapped[str] = mapped_column(String(32), default="")
    company_id: Mapped[str | None] = mapped_column(String(64))  # the agency that the CRM named
    embed_origin: Mapped[str | None] = mapped_column(String(255))
    confirmed_at: Mapped[datetime | None]  # the CRM's API said that this user may be here
    asked_at: Mapped[datetime | None]  # when it was asked again, whatever came of it
    seen_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()

    @property
    def open(self) -> bool:
        moment = now()
        alive = moment - self.seen_at < IDLE and moment - self.created_at < ABSOLUTE
        return self.ended_at is None and alive

    def end(self) -> None:
        self.ended_at = self.ended_at or now()


class SeenContext(Base):
    """A user context that was brought: it has no date of its own, so this is its first day."""

    __tablename__ = "seen_contexts"

    digest: Mapped[str] = mapped_column(String(64), unique=True)


class Ticket(Base):
    """A one-time link for exactly one address, for tabs and downloads that carry no header."""

    __tablename__ = "tickets"

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    code_digest: Mapped[str] = mapped_column(String(64), unique=True)
    path: Mapped[str] = mapped_column(Text)
    used_at: Mapped[datetime | None]

    session: Mapped[AdminSession] = relationship()

    @property
    def usable(self) -> bool:
        return self.used_at is None and now() - self.created_at < TICKET_LIFE


class OAuthState(Base):
    """What we sent along to the CRM's authorize page; to come back once, within ten minutes."""

    __tablename__ = "oauth_states"

    state_digest: Mapped[str] = mapped_column(String(64), unique=True)
    browser_digest: Mapped[str] = mapped_column(String(64))  # bound to the browser that started it
    location_id: Mapped[str | None] = mapped_column(String(64))  # set when reconnecting an account
    used_at: Mapped[datetime | None]

    @property
    def usable(self) -> bool:
        return self.used_at is None and now() - self.created_at < STATE_LIFE
