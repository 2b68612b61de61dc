"""The product's documentation at /docs: public, one page, every section with its own address.

The text lives in templates/docs/, in the order of `SECTIONS`, which is also the table of contents.
Facts that differ from one deployment to the next (the postback address, whom to write to) come from
the configuration, so that the page is right on every host.
"""

from typing import NamedTuple

from flask import Blueprint, current_app, render_template

blueprint = Blueprint("documentation", __name__)


class Section(NamedTuple):
    anchor: str
    title: str


SECTIONS = (
    Section("getting-started", "Getting Started"),
    Section("connecting-scorm-cloud", "Connecting SCORM Cloud"),
    Section("uploading-courses", "Uploading Courses"),
    Section("enrolling-learners", "Enrolling Learners"),
    Section("self-enrollment-links", "Self-Enrollment Links"),
    Section("tracking-and-sync", "Tracking & Sync"),
    Section("reports-and-exports", "Reports & Exports"),
    Section("completion-certificates", "Completion Certificates"),
    Section("settings-and-branding", "Settings & Branding"),
    Section("faq", "FAQ"),
    Section("troubleshooting", "Troubleshooting"),
)


@blueprint.get("/docs")
def index() -> str:
    return render_template(
        "docs/index.html",
        sections=SECTIONS,
        postback_url=current_app.config["POSTBACK_URL"],
        support_email=current_app.config["SUPPORT_EMAIL"],
    )
