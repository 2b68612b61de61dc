"""Removes packages and half-made courses that nobody is waiting for any more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app import connections
from app.extensions import db
from app.models import Course, CourseStatus, across_accounts, now

LEFT_BEHIND = timedelta(days=1)


def remove_leftovers() -> None:
    """Uploads that were never finished, and packages in storage that no course points to."""
    with across_accounts():
        abandoned = select(Course).where(
            Course.status == CourseStatus.UPLOADING, Course.created_at < now() - LEFT_BEHIND
        )
        courses = db.session.scalars(abandoned).all()
        wanted = set(db.session.scalars(select(Course.storage_key)))
        wanted -= {course.storage_key for course in courses}
        remove_packages(wanted)
        for course in courses:
            db.session.delete(course)
        db.session.flush()


def remove_packages(wanted: set[str | None]) -> None:
    storage = connections.storage()
    for key in storage.keys(unchanged_since=now() - LEFT_BEHIND):
        if key not in wanted:
            storage.delete(key)
