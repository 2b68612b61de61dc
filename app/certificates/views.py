"""Downloading a certificate, for the account's admins."""

from __future__ import annotations

from flask import Blueprint, Response, make_response

from app import audit
from app.certificates import issuing
from app.models import Certificate
from app.tenancy import actor, current_account, get_or_404

blueprint = Blueprint("certificates", __name__)


@blueprint.get("/certificates/<certificate_id>.pdf")
def download(certificate_id: str) -> Response:
    """Drawn now, in the account's present branding. There is nothing here before completion."""
    from app.certificates import drawing  # with all that makes PDFs, so not at every start

    certificate = get_or_404(Certificate, certificate_id)
    subject = f"{certificate.learner_name}: {certificate.course_title}"
    audit.note(current_account, actor(), "downloaded a certificate", subject, certificate.id)
    response = make_response(drawing.drawn(certificate))
    response.mimetype = "application/pdf"
    name = issuing.file_name(certificate)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
