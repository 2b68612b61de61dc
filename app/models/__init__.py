"""Every table, re-exported, so that migrations see them all and callers need one import."""

from app.models.account import Account, Mode, ScormConnection
from app.models.audit_entry import AuditEntry
from app.models.base import Base, across_accounts, acting_for, new_id, now
from app.models.certificate import Certificate
from app.models.course import CertificateRule, Course, CourseStatus, EnrollLink
from app.models.crm_effect import CrmEffect, EffectKind
from app.models.drift_check import DriftCheck
from app.models.enrollment import Enrollment, Launch, Source
from app.models.form_use import FormUse
from app.models.grant import Grant
from app.models.learner import ContactState, Learner, email_key
from app.models.owed_work import OwesWork
from app.models.progress import Completion, Outcome, Progress, Reading, Standing
from app.models.session import AdminSession, OAuthState, SeenContext, SessionKind, Ticket
from app.models.sync_run import SyncRun
from app.models.webhook_event import WebhookEvent
from app.models.workflow import TriggerEvent, TriggerFiring, TriggerSubscription

__all__ = [
    "Account",
    "AdminSession",
    "AuditEntry",
    "Base",
    "Certificate",
    "CertificateRule",
    "Completion",
    "ContactState",
    "Course",
    "CourseStatus",
    "CrmEffect",
    "DriftCheck",
    "EffectKind",
    "EnrollLink",
    "Enrollment",
    "FormUse",
    "Grant",
    "Launch",
    "Learner",
    "Mode",
    "OAuthState",
    "Outcome",
    "OwesWork",
    "Progress",
    "Reading",
    "ScormConnection",
    "SeenContext",
    "SessionKind",
    "Source",
    "Standing",
    "SyncRun",
    "Ticket",
    "TriggerEvent",
    "TriggerFiring",
    "TriggerSubscription",
    "WebhookEvent",
    "across_accounts",
    "acting_for",
    "email_key",
    "new_id",
    "now",
]
