"""The plan: a trial has ten registrations, a live account any number.

A registration counts once per learner and course, from enrolment on. Taking somebody off who never
opened the course gives it back.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update

from app import connections
from app.clients.crm import OutsideError
from app.deployment import crm_app, setting
from app.errors import Cancelled, Hold, LimitReached
from app.extensions import db
from app.models import Account, Enrollment, acting_for, now

A_YEAR = timedelta(days=365)
COUNTS = or_(  # all but those that were taken off and never opened
    Enrollment.withdrawn_at.is_(None),
    Enrollment.attempts_made > 0,
    Enrollment.first_access_at.is_not(None),
    Enrollment.opened_at.is_not(None),
)


def limit(account: Account) -> int | None:
    """How many registrations the account may have; None for any number."""
    return None if account.live else int(setting("TRIAL_REGISTRATIONS"))


def used(account: Account) -> int:
    """Enrolments that count, over all courses."""
    question = select(func.count(Enrollment.id)).where(Enrollment.account_id == account.id, COUNTS)
    return db.session.scalar(question) or 0


def remaining(account: Account) -> int | None:
    """How many more may be enrolled; None for any number."""
    allowed = limit(account)
    return None if allowed is None else max(0, allowed - used(account))


def used_by_month(account: Account) -> list[tuple[date, int]]:
    """Registrations of the last year's months that had any, newest first, in the account's zone."""
    days = db.session.scalars(
        select(Enrollment.created_at).where(
            Enrollment.account_id == account.id,
            COUNTS,
            Enrollment.created_at > now() - A_YEAR,
        )
    )
    months: dict[date, int] = {}
    for moment in days:
        month = moment.astimezone(account.zone).date().replace(day=1)
        months[month] = months.get(month, 0) + 1
    return sorted(months.items(), reverse=True)


def require_room(account: Account) -> None:
    """Makes sure that one more may be enrolled, and holds the account until the transaction ends.

    Raises LimitReached, or Cancelled for an account that was cancelled.
    """
    hold(account)
    db.session.refresh(account, ["mode", "plan_id", "cancelled_at", "uninstalled_at"])
    if not account.active:
        raise Cancelled("This account is closed, so nobody new can be enrolled.")
    allowed = limit(account)
    if allowed is not None and used(account) >= allowed:
        raise LimitReached(
            f"Trial limit reached: all {allowed} free registrations are used. "
            "Go to Settings → Account Mode and choose Go Live to enroll more people. "
            "Everybody who is enrolled can go on."
        )


def hold(account: Account) -> None:
    """The UPDATE is the lock: a second enrolment waits here until the first has been counted."""
    db.session.flush()
    db.session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(counted_at=now())
        .execution_options(synchronize_session=False)
    )


def go_live(account: Account, plan_id: str | None = None) -> bool:
    """Lifts the limit; True unless it was lifted already."""
    was_live = account.live
    account.go_live(plan_id)
    return not was_live


def heard_plan_change(body: dict[str, Any]) -> str:
    """A PLAN_CHANGE of the CRM: what the plan is now decides, not what the message says it was.

    Everybody's plan is asked for before anything is written, so that no lock is held over a call.
    Returns what came of it, in words; raises OutsideError if the CRM should be asked again.
    """
    plans = [(account, _present_plan(account)) for account in _concerned(body)]
    for account, plan_id in plans:
        apply_plan(account, plan_id or str(body.get("newPlanId") or ""))
    return f"{len(plans)} account(s) now have their new plan" if plans else "nobody concerned"


def ask_plan(account: Account) -> None:
    """Takes over the plan that the CRM knows of now; raises OutsideError if it cannot be asked."""
    apply_plan(account, _present_plan(account))


def apply_plan(account: Account, plan_id: str) -> None:
    """Only a plan that is known to be paid for lifts the limit; any other one restores it."""
    if not plan_id or setting("BILLING") != "marketplace":
        return
    if plan_id in setting("CRM_LIVE_PLANS"):
        account.go_live(plan_id)
    else:
        account.back_to_trial()
        account.plan_id = plan_id


def _concerned(body: dict[str, Any]) -> list[Account]:
    question = select(Account).where(Account.uninstalled_at.is_(None))
    if location_id := body.get("locationId"):
        question = question.where(Account.location_id == str(location_id))
    elif company_id := body.get("companyId"):
        question = question.where(Account.company_id == str(company_id))
    else:
        return []
    return list(db.session.scalars(question))


def _present_plan(account: Account) -> str:
    """What the CRM says the plan is, asked now; empty if it will not tell us.

    Raises OutsideError for trouble that can pass.
    """
    try:
        with acting_for(account.id):
            return connections.crm(account).installer_details(crm_app().app_id).plan_id
    except Hold:
        return ""
    except OutsideError as error:
        if error.can_retry:
            raise
        return ""
