"""The verification page: whoever holds a certificate's number may see what it certifies.

It needs no session, outlives the enrolment, and shows neither the e-mail address nor anything else
of the account than its name, colour and logo.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.brand import brand
from app.certificates import issuing
from app.extensions import db
from app.limits import limiter, network
from app.models import Certificate, across_accounts, acting_for
from app.models.certificate import ALPHABET

blueprint = Blueprint("certificates_public", __name__)
GUESSES = "unknown certificate numbers from your network"
MOST_GUESSES = "30 per minute; 300 per day"


@blueprint.get("/verify/<number>")
def verify(number: str) -> Response:
    """Whoever brings a number that exists is answered; only guesses are limited."""
    certificate = by_number(number)
    if certificate is None:
        limiter.count(GUESSES, MOST_GUESSES, network())
        page = render_template("certificates/unknown.html", brand=None)
        return make_response(page, 404)
    return make_response(
        render_template(
            "certificates/verify.html",
            certificate=certificate,
            state=state(certificate),
            heading=issuing.heading(certificate),
            successor=successor(certificate),
            facts=issuing.facts(certificate, certificate.account.zone),
            brand=brand(certificate.account),
        )
    )


def by_number(number: str) -> Certificate | None:
    """Typed from paper, it may come in small letters or with other separators."""
    wanted = "".join(letter for letter in number.upper() if letter in ALPHABET)
    if len(wanted) != 26:
        return None
    parts = (wanted[:5], wanted[5:10], wanted[10:15], wanted[15:20], wanted[20:])
    with across_accounts():
        return db.session.scalar(
            select(Certificate)
            .where(Certificate.number == "-".join(parts))
            .options(joinedload(Certificate.account))
        )


def successor(certificate: Certificate) -> Certificate | None:
    if certificate.superseded_at is None:
        return None
    with acting_for(certificate.account_id):
        return issuing.successor(certificate)


def state(certificate: Certificate) -> str:
    if certificate.revoked_at is not None:
        return "Revoked"
    return "Superseded" if certificate.superseded_at is not None else "Valid"
