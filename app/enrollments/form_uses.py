"""Each self-enrollment form is taken once. Sent a second time for the same person, as by a double
click, it leads where it led before; for somebody else a new form is needed.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.enrollments.passes import FORM_LIFE
from app.errors import BadInput
from app.extensions import db
from app.models import EnrollLink, FormUse, across_accounts, email_key, now

KEPT_FOR = timedelta(seconds=2 * FORM_LIFE)


class UsedBefore(BadInput):
    def __init__(self) -> None:
        super().__init__("This form was sent before. Look over what you entered and send it again.")


def take(link: EnrollLink, form_id: str, email: str) -> tuple[FormUse, bool]:
    """The form's one use, and whether this is it and not a repetition.

    UsedBefore if the form was sent for somebody else before. Of two requests at once the second
    waits here until the first has committed.
    """
    digest = hashlib.sha256(f"{form_id}\n{email_key(email)}".encode()).hexdigest()
    use = FormUse(id=form_id, account_id=link.account_id, email_digest=digest)
    try:
        with db.session.begin_nested():
            db.session.add(use)
    except IntegrityError:
        before = db.session.get(FormUse, form_id, populate_existing=True)
        if before is None or before.email_digest != digest:
            raise UsedBefore() from None
        return before, False
    return use, True


def forget_old() -> None:
    """Deletes the uses of forms that are too old to be sent again."""
    with across_accounts():
        db.session.execute(delete(FormUse).where(FormUse.created_at < now() - KEPT_FOR))
