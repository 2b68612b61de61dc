"""Learner: a person who takes courses, tied to a contact of the CRM and perhaps to a company."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import AccountOwned, Base, now


class ContactState(StrEnum):
    WANTED = "wanted"  # self-enrolled: the contact is still to be found or made
    LINKED = "linked"
    DELETED = "deleted"  # gone from the CRM; shown, and nothing is written there any more


def email_key(email: str | None) -> str | None:
    """How an e-mail address is compared: without outer spaces and without regard to case."""
    return email.strip().casefold() or None if email else None


class Learner(AccountOwned, Base):
    __tablename__ = "learners"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        UniqueConstraint("account_id", "crm_contact_id"),
        Index("ix_learners_account_id_email_key", "account_id", "email_key"),
    )

    crm_contact_id: Mapped[str | None] = mapped_column(String(64))
    contact_state: Mapped[ContactState] = mapped_column(String(16), default=ContactState.WANTED)
    first_name: Mapped[str] = mapped_column(String(120), default="")
    last_name: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str | None] = mapped_column(String(255))
    email_key: Mapped[str | None] = mapped_column(String(255))
    business_id: Mapped[str | None] = mapped_column(String(64), index=True)
    company_name: Mapped[str | None] = mapped_column(String(255))
    erased_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(viewonly=True)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or "Unnamed contact"

    def set_email(self, email: str | None) -> None:
        self.email = email.strip() if email else None
        self.email_key = email_key(email)

    def link_contact(self, contact_id: str) -> None:
        self.crm_contact_id = contact_id
        self.contact_state = ContactState.LINKED

    def lose_contact(self) -> None:
        self.contact_state = ContactState.DELETED

    def erase(self) -> None:
        self.first_name, self.last_name, self.company_name = "Erased", "learner", None
        self.set_email(None)
        self.erased_at = now()
