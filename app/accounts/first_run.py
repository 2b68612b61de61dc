"""The checklist of the first day: it fills itself, and is gone once somebody is enrolled."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.accounts import tokens
from app.extensions import db
from app.models import Account, Course, Enrollment
from app.sync import objects


@dataclass(frozen=True)
class Step:
    """One line: what it is, whether it is done, and where to do it (None: nowhere yet)."""

    name: str
    done: bool
    hint: str
    href: str | None


def steps(account: Account) -> list[Step]:
    """In the order in which they are best done; none when the last of them is done."""
    if _any(Enrollment, account):
        return []
    connected = account.scorm_connected
    has_course = _any(Course, account)
    return [
        Step(
            "Your CRM is connected",
            not tokens.needs_reconnect(account),
            "The CRM has to accept our access again.",
            "/install?reconnect",
        ),
        Step(
            "SCORM Cloud is connected",
            connected,
            "Enter the App ID and Secret Key of your own SCORM Cloud account.",
            "/settings/scorm-cloud",
        ),
        Step(
            "Custom objects are provisioned",
            objects.state(account).ready,
            "Training Records in your CRM; everything else works without them.",
            "/settings/custom-objects",
        ),
        Step(
            "The first course is uploaded",
            has_course,
            "A SCORM 1.2 or SCORM 2004 package as a .zip file.",
            "/courses" if connected else None,
        ),
        Step(
            "The first learner is enrolled",
            False,
            "Open a course and search for a contact, or share its self-enrollment link.",
            "/courses" if has_course else None,
        ),
    ]


def _any(model: type[Course] | type[Enrollment], account: Account) -> bool:
    question = select(model.id).where(model.account_id == account.id).limit(1)
    return db.session.scalar(question) is not None
