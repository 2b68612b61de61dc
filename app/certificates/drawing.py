"""A certificate as a PDF, drawn at each download in the account's present branding.

The template draws what is always there. Name, e-mail, title and organization can be of any length
and in any script: they are measured here, drawn by `documents/text.py`, and the rest moves along.

Whoever imports this loads all that makes PDFs, a tenth of a program's start. So views import it
when somebody downloads, and a worker, which only issues, never does.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from app import pdf
from app.accounts.brand import Brand, brand
from app.certificates import paper
from app.certificates.issuing import CERTIFICATE, facts, heading, verification_address
from app.documents import fonts
from app.documents.text import SANS, SERIF, Paragraph, draw_paragraph, fitted, in_one_line
from app.models import Certificate

ROOM, PANEL_ROOM = 490.0, 165.0  # width of the text and of the panel, in points
LEFT, PANEL_LEFT = 280.0, 46.0
FIRST_LEAD, BOTTOM = 136.0, 488.0  # from the top: where "This certifies that" is, where all ends
LEAD, FACTS = 13.0, 36.0  # heights of a leading sentence and of the facts
GAPS = (3.8, 11.7, 34.0, 5.8, 44.0)  # above name, e-mail, second sentence, title and facts
NAME_INK, GRAY = "#14161b", "#5a606b"


@dataclass(frozen=True)
class Layout:
    """What was measured, and how far from the top of the page the parts around it stand."""

    name: Paragraph
    email: Paragraph | None
    course: Paragraph
    issuer: Paragraph
    name_top: float
    email_top: float
    second_lead: float
    course_top: float
    facts_top: float


def drawn(certificate: Certificate) -> bytes:
    """The certificate as a PDF of one page, in the account's present branding.

    Raises MissingLetters if no font of ours has one of its letters.
    """
    account = certificate.account
    look, address = brand(account), verification_address(certificate)
    logo = account.logo_png
    kind = "Certificate" if heading(certificate) == CERTIFICATE else heading(certificate)
    title = f"{kind}: {certificate.course_title}"
    layout = laid_out(certificate, look.name)
    text = pdf.render(
        "pdf/certificate.html",
        title=title,
        certificate=certificate,
        brand=look,
        address=address,
        heading=heading(certificate),
        facts=facts(certificate, account.zone),
        layout=layout,
        logo=pdf.data_uri(logo),
        logo_size=pdf.fitted(logo, 136, 72) if logo else None,
    )
    ornament = paper.ornament(look.colour, look.on_colour, look.ink, logo is not None)
    letters = lettering(layout, look, 152.0 if logo else 64.0)
    return pdf.laid_over(text, [ornament, paper.code(address), letters], title)


def laid_out(certificate: Certificate, issuer: str) -> Layout:
    """Sizes of type so that everything fits one page; the gaps shrink first if it is a lot."""
    person, email, title = (
        in_one_line(text)
        for text in (
            certificate.learner_name,
            certificate.learner_email or "",
            certificate.course_title,
        )
    )
    issuer = in_one_line(issuer)
    pdf.refuse_missing_letters(person, email, title, issuer)
    zone = certificate.account.timezone
    han = fonts.han_family(person, title, issuer, zone=zone)
    name = fitted(person, SERIF, 36, 13, ROOM, lines=3, leading=1.18, han=han)
    mail = fitted(email, SANS, 9.5, 6, ROOM, lines=2, leading=1.25, han=han) if email else None
    course = fitted(title, SERIF, 21, 11, ROOM, lines=3, leading=1.25, han=han)
    fixed = name.height + course.height + (mail.height if mail else 0) + 2 * LEAD + FACTS
    above = [gap * min(1.0, (BOTTOM - FIRST_LEAD - fixed) / sum(GAPS)) for gap in GAPS]
    name_top = FIRST_LEAD + LEAD + above[0]
    email_top = name_top + name.height + above[1]
    second_lead = email_top + (mail.height if mail else 0) + above[2]
    course_top = second_lead + LEAD + above[3]
    return Layout(
        name=name,
        email=mail,
        course=course,
        issuer=issued_by(issuer, han),
        name_top=name_top,
        email_top=email_top,
        second_lead=second_lead,
        course_top=course_top,
        facts_top=course_top + course.height + above[4],
    )


def issued_by(issuer: str, han: str | None = None) -> Paragraph:
    """The organization's name as it stands on the panel."""
    return fitted(issuer, SERIF, 17, 9, PANEL_ROOM, lines=4, leading=1.3, han=han)


def lettering(layout: Layout, look: Brand, issuer_top: float) -> bytes:
    """Name, e-mail, title and organization as one page."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(paper.WIDTH, paper.HEIGHT), pageCompression=1)
    for found, top, color in (
        (layout.name, layout.name_top, NAME_INK),
        (layout.email, layout.email_top, GRAY),
        (layout.course, layout.course_top, look.ink),
    ):
        if found:
            draw_paragraph(canvas, found, LEFT, paper.HEIGHT - top, ROOM, HexColor(color))
    panel = paper.HEIGHT - issuer_top
    on_panel = HexColor(look.on_colour)
    draw_paragraph(canvas, layout.issuer, PANEL_LEFT, panel, PANEL_ROOM + 3, on_panel, True)
    canvas.showPage()
    canvas.save()
    return target.getvalue()
