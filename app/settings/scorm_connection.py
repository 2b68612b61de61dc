"""The account's own SCORM Cloud: its App ID and Secret Key, checked by real calls.

Nothing is kept as connected that was not answered to. Asking comes first and writing after.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from app import connections
from app.clients.scorm_cloud import OutsideError, ScormCloud
from app.deployment import setting
from app.errors import AppError, BadInput, Conflict, NotConnected
from app.extensions import db
from app.models import Account, Course, Enrollment, ScormConnection, new_id
from app.outside_trouble import sentence_for, what_happened

log = logging.getLogger(__name__)

RE_ENTER = (
    "SCORM Cloud refuses this App ID and Secret Key. Enter both again, without spaces before or "
    "after, and press Connect SCORM Cloud."
)


class CoursesElsewhere(Conflict):
    """The App ID would change while courses live in the old application."""

    def __init__(self, courses: int, enrollments: int) -> None:
        super().__init__(
            f"{counted(courses, 'course')} with {counted(enrollments, 'enrollment')} "
            f"{'lives' if courses == 1 else 'live'} in the application that is connected now. "
            "Connecting another one archives them: their records and certificates stay, but nobody "
            "can open them any more."
        )


class WrongCredentials(BadInput):
    """SCORM Cloud says no. The secret has to be typed again; it is never sent back."""


@dataclass(frozen=True)
class Credentials:
    """What was typed, without spaces around; `trimmed` says whether there were any."""

    app_id: str
    secret_key: str
    trimmed: bool


def typed(app_id: str, secret_key: str) -> Credentials:
    clean = Credentials(app_id.strip(), secret_key.strip(), False)
    trimmed = (clean.app_id, clean.secret_key) != (app_id, secret_key)
    return Credentials(clean.app_id, clean.secret_key, trimmed)


def connect(account: Account, given: Credentials, archive_old: bool = False) -> None:
    """Checks both values with SCORM Cloud, then keeps them and sets up its postbacks.

    Raises BadInput (a value is missing), WrongCredentials, CoursesElsewhere (unless `archive_old`),
    NotConnected (no answer). Only then is anything of the account changed.
    """
    require_both(given)
    old = courses_elsewhere(account, given.app_id)
    if old and not archive_old:
        raise CoursesElsewhere(len(old), enrollments_in(old))
    cloud = ScormCloud(setting("SCORM_CLOUD_API_URL"), given.app_id, given.secret_key)
    try:
        cloud.ping()
        facts = facts_of(cloud) | {"postbacks": set_up_postbacks(cloud, account)}
    except OutsideError as error:
        if error.is_unauthorised or error.is_forbidden:
            raise WrongCredentials(RE_ENTER, "secret_key") from None
        raise NotConnected(f"{sentence_for(error)} Nothing was changed.") from error
    for course in old:
        course.archive()
        course.settle()
    account.scorm_app_id, account.scorm_secret_key = given.app_id, given.secret_key
    account.scorm_facts = facts
    account.scorm_answered(ScormConnection.CONNECTED)


def require_both(given: Credentials) -> None:
    if not given.app_id:
        raise BadInput("Enter the App ID.", "app_id")
    if not given.secret_key:
        raise BadInput("Enter the Secret Key.", "secret_key")
    if max(len(given.app_id), len(given.secret_key)) > 255:
        raise BadInput("That is too long for an App ID and Secret Key.", "app_id")


def courses_elsewhere(account: Account, app_id: str) -> list[Course]:
    """Courses that would be lost from sight if this became the account's application."""
    if not account.scorm_app_id or account.scorm_app_id == app_id:
        return []
    question = select(Course).where(
        Course.account_id == account.id,
        Course.archived_at.is_(None),
        Course.scorm_app_id.is_not(None),
        Course.scorm_app_id != app_id,
    )
    return list(db.session.scalars(question))


def enrollments_in(courses: list[Course]) -> int:
    ids = [course.id for course in courses]
    question = select(func.count(Enrollment.id)).where(
        Enrollment.course_id.in_(ids), Enrollment.withdrawn_at.is_(None)
    )
    return db.session.scalar(question) or 0


def facts_of(cloud: ScormCloud) -> dict[str, Any]:
    """The plan's limits and whether courses may be deleted, to be shown."""
    return {**plan_of(cloud), "may_delete": may_delete(cloud)}


def plan_of(cloud: ScormCloud) -> dict[str, Any]:
    """Not every key may ask for it."""
    try:
        info = cloud.account_info()
    except OutsideError as error:
        if error.can_retry:
            raise
        return {}
    return {
        "plan": info.kind,
        "registration_limit": info.registration_limit,
        "registrations_this_month": info.registrations_this_month,
    }


def may_delete(cloud: ScormCloud) -> bool:
    """Asks to delete a course that nobody has, which is refused only where deleting is off."""
    try:
        cloud.delete_course(f"nobody-has-{new_id()}")
    except OutsideError as error:
        if error.can_retry:
            raise
        return False
    return True


def set_up_postbacks(cloud: ScormCloud, account: Account) -> str:
    """Tells the application where to report, and reads back what it understood.

    Registrations bring their own postback address as well, so a refusal here is no obstacle.
    """
    wanted = connections.postback(account)
    try:
        cloud.configure_postback(wanted)
        kept = cloud.postback_settings()
    except OutsideError as error:
        if error.can_retry:
            raise
        return "refused"
    return "set" if (kept.url, kept.user) == (wanted.url, wanted.user) else "different"


def check(account: Account) -> None:
    """Asks SCORM Cloud again with what is stored; the account's state says what came of it."""
    try:
        cloud = connections.scorm_cloud(account)
        cloud.ping()
        facts = facts_of(cloud)
    except AppError:
        account.scorm_answered(ScormConnection.NONE)
    except OutsideError as error:
        log.warning("%s", error)
        refused = error.is_unauthorised or error.is_forbidden
        state = ScormConnection.REFUSED if refused else ScormConnection.UNREACHABLE
        account.scorm_answered(state, RE_ENTER if refused else what_happened(error))
    else:
        account.scorm_facts = {**account.scorm_facts, **facts}
        account.scorm_answered(ScormConnection.CONNECTED)


def test_postback(account: Account) -> None:
    """Lets SCORM Cloud call our address now; whether it arrived shows in the account's last one."""
    connections.scorm_cloud(account).test_postback(connections.postback(account))


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
