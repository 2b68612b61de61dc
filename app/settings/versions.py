"""Several admins at once: a form made for older settings is told so, and nothing is lost."""

from __future__ import annotations

from sqlalchemy import update

from app.errors import Conflict
from app.extensions import db
from app.models import Account


class StaleForm(Conflict):
    """Somebody else saved first. What was typed is still in the form."""


def take_turn(account: Account, version: str) -> None:
    """Lets exactly one of the forms made for this version be saved.

    StaleForm for the others; whatever this request had changed until then is undone.
    """
    made_for = int(version) if version.isdecimal() and len(version) < 10 else 0
    done = db.session.execute(
        update(Account)
        .where(Account.id == account.id, Account.settings_version == made_for)
        .values(settings_version=Account.settings_version + 1)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        raise StaleForm(
            "These settings were changed meanwhile, in another tab or by somebody else. What you "
            "typed is still here: look it over and save again."
        )
    db.session.refresh(account, ["settings_version"])
