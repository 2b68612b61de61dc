"""A certificate as a PDF, drawn at each download in the account's present branding.

Whoever imports this loads all that makes PDFs, a tenth of a program's start. So views import it
when somebody downloads, and a worker, which only issues, never does.
"""

from __future__ import annotations

from dataclasses import dataclass

from app import pdf
from app.accounts.brand import brand
from app.certificates import paper
from app.certificates.issuing import facts, verification_address
from app.models import Certificate

ROOM, PANEL_ROOM = 490, 165  # width of the text and of the panel, in points


@dataclass(frozen=True)
class Sizes:
    """Sizes of type in points, so that long names and titles still fit one page."""

    name: float
    course: float
    issuer: float
    name_breaks: bool = False  # anywhere, because a single word is wider than the line
    course_breaks: bool = False
    issuer_breaks: bool = False


def drawn(certificate: Certificate) -> bytes:
    """The certificate as a PDF of one page, in the account's present branding."""
    account = certificate.account
    look, address = brand(account), verification_address(certificate)
    logo = account.logo_png
    title = f"Certificate: {certificate.course_title}"
    text = pdf.render(
        "pdf/certificate.html",
        title=title,
        certificate=certificate,
        brand=look,
        address=address,
        facts=facts(certificate, account.zone),
        sizes=sizes(certificate, look.name),
        logo=pdf.data_uri(logo),
        logo_size=pdf.fitted(logo, 136, 72) if logo else None,
    )
    ornament = paper.ornament(look.colour, look.on_colour, look.ink, logo is not None)
    return pdf.laid_over(text, [ornament, paper.code(address)], title)


def sizes(certificate: Certificate, issuer: str) -> Sizes:
    title, person = certificate.course_title, certificate.learner_name
    name = pdf.fitting_size(person, 36, 13, ROOM, lines=3)
    course = pdf.fitting_size(title, 21, 11, ROOM, lines=3)
    own = pdf.fitting_size(issuer, 17, 9, PANEL_ROOM, lines=4)
    return Sizes(
        name=name,
        course=course,
        issuer=own,
        name_breaks=pdf.has_word_wider_than(person, name, ROOM),
        course_breaks=pdf.has_word_wider_than(title, course, ROOM),
        issuer_breaks=pdf.has_word_wider_than(issuer, own, PANEL_ROOM),
    )
