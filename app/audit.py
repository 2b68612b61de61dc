"""Keeps who did what. Called by views and commands, which know who is acting."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Account, AuditEntry, acting_for


def note(
    account: Account,
    actor: str,
    action: str,
    subject: str = "",
    subject_id: str = "",
    **details: Any,
) -> None:
    """Adds one line to the account's audit list; details never contain a secret."""
    db.session.add(
        AuditEntry(
            account_id=account.id,
            actor=actor[:255],
            action=action,
            subject=subject[:255],
            subject_id=subject_id or None,
            details=details,
        )
    )


def note_refusal(
    account_id: str, actor: str, action: str, subject: str, subject_id: str, **details: Any
) -> None:
    """Adds a line about what is being refused: the request's own transaction rolls back.

    Nothing may be written in that one yet; it would be waited for.
    """
    entry = AuditEntry(
        account_id=account_id,
        actor=actor,
        action=action,
        subject=subject[:255],
        subject_id=subject_id,
        details=details,
    )
    with acting_for(account_id), Session(db.engine) as rows, rows.begin():
        rows.add(entry)
