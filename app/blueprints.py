"""All addresses: which blueprint answers them; and in front of them all, what machines call."""

from __future__ import annotations

from flask import Flask

from app import documentation, health
from app.accounts import public as accounts_public
from app.accounts import views as accounts
from app.certificates import public as certificates_public
from app.certificates import views as certificates
from app.courses import public as courses_public
from app.courses import views as courses
from app.enrollments import public as enrollments_public
from app.enrollments import views as enrollments
from app.learners import views as learners
from app.reports import views as reports
from app.settings import account_mode_views, branding_views, crm_views, scorm_cloud_views
from app.sync import views as sync
from app.webhooks import views as webhooks
from app.workflows import public as workflows_public

MODULES = (
    account_mode_views, accounts, accounts_public, branding_views, certificates,
    certificates_public, courses, courses_public, crm_views, documentation, enrollments,
    enrollments_public, health, learners, reports, scorm_cloud_views, sync, workflows_public,
)  # fmt: skip


def init_app(app: Flask) -> None:
    for module in MODULES:
        app.register_blueprint(module.blueprint)
    webhooks.init_app(app)
