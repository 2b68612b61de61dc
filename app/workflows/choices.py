"""What the forms in the CRM's workflow builder offer: our courses, and filters on our events."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.models import Account, Course, CourseStatus
from app.sync.trigger_filters import COURSE, SCORE

Option = dict[str, str]


def courses(account: Account) -> list[Option]:
    """The courses that people can be enrolled in, by title."""
    found = db.session.execute(
        select(Course.id, Course.title)
        .where(
            Course.account_id == account.id,
            Course.status == CourseStatus.READY,
            Course.archived_at.is_(None),
        )
        .order_by(Course.title, Course.id)
    )
    return [{"label": row.title, "value": row.id} for row in found]


def filters(account: Account) -> list[dict[str, Any]]:
    """The filters of our triggers."""
    return [
        {
            "field": COURSE,
            "title": "Course",
            "fieldType": "multiselect",
            "required": False,
            "options": courses(account),
        },
        {"field": SCORE, "title": "Score in per cent", "fieldType": "string", "required": False},
    ]


def inputs(account: Account) -> list[dict[str, Any]]:
    """The fields of the action "Enroll in course"."""
    course = {
        "field": COURSE,
        "title": "Course",
        "fieldType": "select",
        "required": True,
        "options": courses(account),
    }
    return [{"section": "Course", "fields": [course]}]
