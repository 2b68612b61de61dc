"""What a customer takes along at the end: all records and all certificates' facts, as CSV files.

A certificate is drawn anew at each download, so what it states is what has to be kept of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from app.certificates import issuing
from app.extensions import db
from app.models import Account, Certificate, now
from app.reports import export
from app.reports.export import Cell, File
from app.reports.queries import Filter

HEADINGS = (
    "Certificate ID",
    "Learner Name",
    "Email",
    "Course",
    "Completion Date",
    "Passed On",
    "Result",
    "Score",
    "State",
    "Verification Address",
)


def files(account: Account) -> list[File]:
    """The training report of everything, and the list of certificates."""
    return [export.export(account, Filter(), "csv"), certificates(account)]


def certificates(account: Account) -> File:
    """One line per certificate, the superseded and revoked ones too, the oldest first."""
    question = (
        select(Certificate)
        .where(Certificate.account_id == account.id)
        .order_by(Certificate.created_at, Certificate.id)
    )
    found = db.session.scalars(question.execution_options(yield_per=500))
    lines = (cells(one, account) for one in found)
    day = now().astimezone(account.zone).date().isoformat()
    return File(f"certificates-{day}.csv", export.CSV, export.csv_file(HEADINGS, lines))


def cells(certificate: Certificate, account: Account) -> Iterator[Cell]:
    yield certificate.number
    yield export.clean(certificate.learner_name)
    yield export.clean(certificate.learner_email or "")
    yield export.clean(certificate.course_title)
    yield export.local(certificate.completed_at, account.zone)
    yield export.local(certificate.passed_at, account.zone) if certificate.passed_at else None
    yield export.result_in_words(certificate.result)
    yield certificate.score
    yield state(certificate)
    yield issuing.verification_address(certificate)


def state(certificate: Certificate) -> str:
    if certificate.revoked_at is not None:
        return "Revoked"
    return "Valid" if certificate.valid else "Replaced"
