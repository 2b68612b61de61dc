"""Certificate: the facts as they were at completion, and the number that proves them."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.account import Account
from app.models.base import AccountOwned, Base, now
from app.models.enrollment import Enrollment
from app.models.progress import Outcome, Standing

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that can be misread on paper


def new_number() -> str:
    """26 letters and digits in groups, about 127 bit: `XXXXX-XXXXX-XXXXX-XXXXX-XXXXXX`."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(26))
    return "-".join((text[:5], text[5:10], text[10:15], text[15:20], text[20:]))


class Certificate(AccountOwned, Base):
    __tablename__ = "certificates"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        UniqueConstraint("account_id", "enrollment_id", "issue"),
        ForeignKeyConstraint(
            ["account_id", "enrollment_id"],
            ["enrollments.account_id", "enrollments.id"],
            ondelete="CASCADE",
        ),
    )

    enrollment_id: Mapped[str] = mapped_column(String(32), index=True)
    issue: Mapped[int] = mapped_column(default=1)  # a re-issue is a new row; the old says so
    number: Mapped[str] = mapped_column(String(40), unique=True, default=new_number)
    learner_name: Mapped[str] = mapped_column(String(255))
    learner_email: Mapped[str | None] = mapped_column(String(255))
    course_title: Mapped[str] = mapped_column(String(255))
    completed_at: Mapped[datetime]
    # the standing that it certifies
    score: Mapped[float | None]
    score_raw: Mapped[float | None]
    result: Mapped[Outcome] = mapped_column(String(16))
    standing_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revocation: Mapped[str | None] = mapped_column(Text)

    account: Mapped[Account] = relationship(viewonly=True)
    enrollment: Mapped[Enrollment] = relationship(viewonly=True)

    @property
    def passed_at(self) -> datetime | None:
        return self.standing_at if self.result == Outcome.PASSED else None

    def certifies(self, standing: Standing) -> bool:
        """This result and score; the moment may have become known more exactly since."""
        facts = (self.result, self.score, self.score_raw)
        return facts == (standing.result, standing.score, standing.score_raw)

    @property
    def valid(self) -> bool:
        return self.revoked_at is None and self.superseded_at is None

    def revoke(self, reason: str) -> None:
        self.revoked_at, self.revocation = now(), reason

    def supersede(self) -> None:
        self.superseded_at = now()
