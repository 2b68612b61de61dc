"""Keeps who did what. Called by views and commands, which know who is acting."""

from __future__ import annotations

from typing import Any

from app.extensions import db
from app.models import Account, AuditEntry


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
