"""Grant: what the CRM gave us when somebody installed the app, for a location or a whole agency.

Refresh tokens rotate at each use. `refresh_started_at` lets accounts/tokens.py know of an answer
that was lost, and `generation` that somebody stored another pair while it was asking.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, now
from app.models.encrypted import Encrypted

EARLY = timedelta(minutes=5)


class Grant(Base):
    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("kind", "subject"),)

    kind: Mapped[str] = mapped_column(String(16))  # "location" or "company"
    subject: Mapped[str] = mapped_column(String(64))  # the location's or the company's id
    company_id: Mapped[str | None] = mapped_column(String(64), index=True)
    access_token: Mapped[str | None] = mapped_column(Encrypted)
    refresh_token: Mapped[str | None] = mapped_column(Encrypted)
    expires_at: Mapped[datetime | None]
    scope: Mapped[str] = mapped_column(Text, default="")
    generation: Mapped[int] = mapped_column(default=1)
    refresh_started_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]  # the CRM said no for good: the user must reconnect
    refusal: Mapped[str | None] = mapped_column(Text)

    @property
    def fresh(self) -> bool:
        return bool(self.access_token and self.expires_at and self.expires_at - EARLY > now())

    def renew(self, access: str, refresh: str | None, expires_in: int, scope: str = "") -> None:
        """Keeps a new pair; a missing refresh token never erases the stored one. Seconds."""
        self.access_token = access
        self.refresh_token = refresh or self.refresh_token
        self.expires_at = now() + timedelta(seconds=expires_in)
        self.scope = scope or self.scope
        self.generation = (self.generation or 0) + 1
        self.refresh_started_at = self.refused_at = self.refusal = None

    def forget(self) -> None:
        """Uninstalled: the tokens are worth nothing any more and are not kept."""
        self.access_token = self.refresh_token = self.expires_at = None
        self.refresh_started_at = None
        self.generation += 1  # a renewal that is under way must not bring them back

    def refuse(self, reason: str) -> None:
        self.refused_at, self.refusal = now(), reason
        self.refresh_started_at = None
