"""How a learner's, or a whole company's, enrolments stand: read in one query, as plain data."""

from __future__ import annotations

from sqlalchemy import Select, func, select

from app.extensions import db
from app.models import Completion, Course, Enrollment, Learner, Outcome
from app.sync.crm_state import Standing


def of_learner(learner: Learner) -> list[Standing]:
    return _read(_standings().where(Enrollment.learner_id == learner.id))


def of_company(account_id: str, business_id: str) -> list[Standing]:
    learners = select(Learner.id).where(*_members(account_id, business_id))
    return _read(_standings().where(Enrollment.learner_id.in_(learners)))


def people(account_id: str, business_id: str) -> int:
    """How many learners the company has."""
    counted = select(func.count(Learner.id)).where(*_members(account_id, business_id))
    return db.session.scalar(counted) or 0


def company_name(account_id: str, business_id: str) -> str:
    names = select(func.max(Learner.company_name)).where(*_members(account_id, business_id))
    return db.session.scalar(names) or "Company"


def _members(account_id: str, business_id: str) -> tuple:
    return (
        Learner.account_id == account_id,
        Learner.business_id == business_id,
        Learner.erased_at.is_(None),
    )


def _standings() -> Select:
    return select(
        Course.title,
        Course.slug,
        Enrollment.completion,
        Enrollment.result,
        Enrollment.score,
        Enrollment.completed_at,
        Enrollment.standing_at,
        Enrollment.withdrawn_at,
    ).join(Course, Course.id == Enrollment.course_id)


def _read(statement: Select) -> list[Standing]:
    return [
        Standing(
            course=row.title,
            slug=row.slug,
            completion=Completion(row.completion),
            result=Outcome(row.result),
            score=row.score,
            completed_at=row.completed_at,
            standing_at=row.standing_at,
            withdrawn=row.withdrawn_at is not None,
        )
        for row in db.session.execute(statement)
    ]
