"""Every table in its first shape."""

import sqlalchemy as sa
from alembic import op

import app.models.base
import app.models.encrypted

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("frame_origins", sa.JSON(), nullable=False),
        sa.Column("details_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("installed_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("uninstalled_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("purged_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("plan_id", sa.String(length=64), nullable=True),
        sa.Column("went_live_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("max_package_bytes", sa.Integer(), nullable=True),
        sa.Column("counted_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("scorm_app_id", sa.String(length=255), nullable=True),
        sa.Column("scorm_secret_key", app.models.encrypted.Encrypted(), nullable=True),
        sa.Column("scorm_connection", sa.String(length=16), nullable=False),
        sa.Column("scorm_checked_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("scorm_trouble", sa.Text(), nullable=True),
        sa.Column("scorm_facts", sa.JSON(), nullable=False),
        sa.Column("postback_password", app.models.encrypted.Encrypted(), nullable=False),
        sa.Column("last_postback_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reconciled_until", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("compared_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("organization_name", sa.String(length=120), nullable=True),
        sa.Column("primary_color", sa.String(length=7), nullable=False),
        sa.Column("logo_url", sa.Text(), nullable=True),
        sa.Column("logo_png", sa.LargeBinary(), nullable=True),
        sa.Column("logo_digest", sa.String(length=64), nullable=True),
        sa.Column("sync_tags", sa.Boolean(), nullable=False),
        sa.Column("write_notes", sa.Boolean(), nullable=False),
        sa.Column("course_tags", sa.Boolean(), nullable=False),
        sa.Column("crm_objects", sa.JSON(), nullable=False),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("location_id"),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_company_id"), ["company_id"], unique=False)

    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=True),
        sa.Column("access_token", app.models.encrypted.Encrypted(), nullable=True),
        sa.Column("refresh_token", app.models.encrypted.Encrypted(), nullable=True),
        sa.Column("expires_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("refresh_started_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("refused_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "subject"),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grants_company_id"), ["company_id"], unique=False)

    op.create_table(
        "oauth_states",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state_digest", sa.String(length=64), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=True),
        sa.Column("used_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("state_digest"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_entries_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            "ix_audit_entries_account_id_created_at", ["account_id", "created_at"], unique=False
        )

    op.create_table(
        "courses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("archived_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("certificate_rule", sa.String(length=16), nullable=False),
        sa.Column("storage_key", sa.String(length=255), nullable=True),
        sa.Column("scorm_course_id", sa.String(length=255), nullable=False),
        sa.Column("scorm_app_id", sa.String(length=255), nullable=True),
        sa.Column("scorm_version", sa.Integer(), nullable=False),
        sa.Column("import_job_id", sa.String(length=255), nullable=True),
        sa.Column("import_started_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ready_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("standard", sa.String(length=32), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("owed_since", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("parked_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("due_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "id", name="uq_courses_account_id_id"),
    )
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_courses_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_courses_due_at"), ["due_at"], unique=False)

    op.create_table(
        "learners",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("crm_contact_id", sa.String(length=64), nullable=True),
        sa.Column("contact_state", sa.String(length=16), nullable=False),
        sa.Column("first_name", sa.String(length=120), nullable=False),
        sa.Column("last_name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("email_key", sa.String(length=255), nullable=True),
        sa.Column("business_id", sa.String(length=64), nullable=True),
        sa.Column("company_name", sa.String(length=255), nullable=True),
        sa.Column("erased_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "crm_contact_id"),
        sa.UniqueConstraint("account_id", "id"),
    )
    with op.batch_alter_table("learners", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_learners_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            "ix_learners_account_id_email_key", ["account_id", "email_key"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_learners_business_id"), ["business_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("user_name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("embed_origin", sa.String(length=255), nullable=True),
        sa.Column("confirmed_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("seen_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_digest"),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_account_id"), ["account_id"], unique=False)

    op.create_table(
        "trigger_subscriptions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("trigger_id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("workflow_id", sa.String(length=64), nullable=False),
        sa.Column("target_url", sa.Text(), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("ended_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "id"),
        sa.UniqueConstraint("account_id", "trigger_id"),
    )
    with op.batch_alter_table("trigger_subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_trigger_subscriptions_account_id"), ["account_id"], unique=False
        )

    op.create_table(
        "webhook_events",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("handled_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=255), nullable=True),
        sa.Column("owed_since", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("parked_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("due_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "key"),
    )
    with op.batch_alter_table("webhook_events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_webhook_events_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_webhook_events_due_at"), ["due_at"], unique=False)

    op.create_table(
        "drift_checks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("learner_id", sa.String(length=32), nullable=True),
        sa.Column("started_by", sa.String(length=255), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("finished_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("repaired_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("repaired_by", sa.String(length=255), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("owed_since", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("parked_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("due_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "learner_id"], ["learners.account_id", "learners.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "id"),
    )
    with op.batch_alter_table("drift_checks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_drift_checks_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_drift_checks_due_at"), ["due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_drift_checks_learner_id"), ["learner_id"], unique=False
        )

    op.create_table(
        "enroll_links",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("course_id", sa.String(length=32), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("replaced_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "course_id"], ["courses.account_id", "courses.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "id"),
        sa.UniqueConstraint("token"),
    )
    with op.batch_alter_table("enroll_links", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_enroll_links_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_enroll_links_course_id"), ["course_id"], unique=False)

    op.create_table(
        "enrollments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("course_id", sa.String(length=32), nullable=False),
        sa.Column("learner_id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("enrolled_by", sa.String(length=255), nullable=True),
        sa.Column("registration_id", sa.String(length=64), nullable=False),
        sa.Column("registered_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("opened_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("completion", sa.String(length=16), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("score_raw", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("attempts_made", sa.Integer(), nullable=False),
        sa.Column("attempts_before_reset", sa.Integer(), nullable=False),
        sa.Column("seconds_before_reset", sa.Double(), nullable=False),
        sa.Column("first_access_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_access_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("completed_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("result_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reported_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reported_instance", sa.Integer(), nullable=False),
        sa.Column("reported_launches", sa.Integer(), nullable=False),
        sa.Column("reported_seconds", sa.Double(), nullable=False),
        sa.Column("last_synced_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("owed_since", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("parked_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("due_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "course_id"], ["courses.account_id", "courses.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "learner_id"], ["learners.account_id", "learners.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "course_id", "learner_id"),
        sa.UniqueConstraint("account_id", "id"),
        sa.UniqueConstraint("registration_id"),
    )
    with op.batch_alter_table("enrollments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrollments_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            "ix_enrollments_account_id_completed_at", ["account_id", "completed_at"], unique=False
        )
        batch_op.create_index(
            "ix_enrollments_account_id_created_at", ["account_id", "created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_enrollments_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrollments_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrollments_learner_id"), ["learner_id"], unique=False)

    op.create_table(
        "sync_runs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("course_id", sa.String(length=32), nullable=False),
        sa.Column("started_by", sa.String(length=255), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("read_until", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("owed_since", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("parked_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("due_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "course_id"], ["courses.account_id", "courses.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "id"),
    )
    with op.batch_alter_table("sync_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sync_runs_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sync_runs_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sync_runs_due_at"), ["due_at"], unique=False)

    op.create_table(
        "tickets",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("used_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code_digest"),
    )
    op.create_table(
        "certificates",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("enrollment_id", sa.String(length=32), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("learner_name", sa.String(length=255), nullable=False),
        sa.Column("learner_email", sa.String(length=255), nullable=True),
        sa.Column("course_title", sa.String(length=255), nullable=False),
        sa.Column("completed_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("superseded_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revocation", sa.Text(), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "enrollment_id"],
            ["enrollments.account_id", "enrollments.id"],
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "enrollment_id", "issue"),
        sa.UniqueConstraint("account_id", "id"),
        sa.UniqueConstraint("number"),
    )
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_certificates_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_certificates_enrollment_id"), ["enrollment_id"], unique=False
        )

    op.create_table(
        "crm_effects",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("learner_id", sa.String(length=32), nullable=True),
        sa.Column("enrollment_id", sa.String(length=32), nullable=True),
        sa.Column("business_id", sa.String(length=64), nullable=True),
        sa.Column("wanted_digest", sa.String(length=64), nullable=True),
        sa.Column("wanted_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("written_digest", sa.String(length=64), nullable=True),
        sa.Column("written_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("written", sa.JSON(), nullable=False),
        sa.Column("crm_id", sa.String(length=64), nullable=True),
        sa.Column("tried_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("unsure_since", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("drift", sa.Text(), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("owed_since", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("parked_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("due_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "enrollment_id"],
            ["enrollments.account_id", "enrollments.id"],
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "learner_id"], ["learners.account_id", "learners.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "id"),
        sa.UniqueConstraint("account_id", "kind", "subject"),
    )
    with op.batch_alter_table("crm_effects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_crm_effects_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_crm_effects_business_id"), ["business_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_crm_effects_due_at"), ["due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_crm_effects_enrollment_id"), ["enrollment_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_crm_effects_learner_id"), ["learner_id"], unique=False)

    op.create_table(
        "launches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("enrollment_id", sa.String(length=32), nullable=False),
        sa.Column("opened_by", sa.String(length=255), nullable=True),
        sa.Column("returned_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "enrollment_id"],
            ["enrollments.account_id", "enrollments.id"],
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "id"),
    )
    with op.batch_alter_table("launches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_launches_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_launches_enrollment_id"), ["enrollment_id"], unique=False
        )

    op.create_table(
        "trigger_firings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", app.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("subscription_id", sa.String(length=32), nullable=False),
        sa.Column("enrollment_id", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("occasion", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("tried_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("unsure_since", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("fired_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("owed_since", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("parked_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("due_at", app.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "enrollment_id"],
            ["enrollments.account_id", "enrollments.id"],
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "subscription_id"],
            ["trigger_subscriptions.account_id", "trigger_subscriptions.id"],
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "subscription_id", "enrollment_id", "event", "occasion"),
    )
    with op.batch_alter_table("trigger_firings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_trigger_firings_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_trigger_firings_due_at"), ["due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_trigger_firings_enrollment_id"), ["enrollment_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_trigger_firings_subscription_id"), ["subscription_id"], unique=False
        )


def downgrade() -> None:

    with op.batch_alter_table("trigger_firings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trigger_firings_subscription_id"))
        batch_op.drop_index(batch_op.f("ix_trigger_firings_enrollment_id"))
        batch_op.drop_index(batch_op.f("ix_trigger_firings_due_at"))
        batch_op.drop_index(batch_op.f("ix_trigger_firings_account_id"))

    op.drop_table("trigger_firings")
    with op.batch_alter_table("launches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_launches_enrollment_id"))
        batch_op.drop_index(batch_op.f("ix_launches_account_id"))

    op.drop_table("launches")
    with op.batch_alter_table("crm_effects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_effects_learner_id"))
        batch_op.drop_index(batch_op.f("ix_crm_effects_enrollment_id"))
        batch_op.drop_index(batch_op.f("ix_crm_effects_due_at"))
        batch_op.drop_index(batch_op.f("ix_crm_effects_business_id"))
        batch_op.drop_index(batch_op.f("ix_crm_effects_account_id"))

    op.drop_table("crm_effects")
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificates_enrollment_id"))
        batch_op.drop_index(batch_op.f("ix_certificates_account_id"))

    op.drop_table("certificates")
    op.drop_table("tickets")
    with op.batch_alter_table("sync_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sync_runs_due_at"))
        batch_op.drop_index(batch_op.f("ix_sync_runs_course_id"))
        batch_op.drop_index(batch_op.f("ix_sync_runs_account_id"))

    op.drop_table("sync_runs")
    with op.batch_alter_table("enrollments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enrollments_learner_id"))
        batch_op.drop_index(batch_op.f("ix_enrollments_due_at"))
        batch_op.drop_index(batch_op.f("ix_enrollments_course_id"))
        batch_op.drop_index("ix_enrollments_account_id_created_at")
        batch_op.drop_index("ix_enrollments_account_id_completed_at")
        batch_op.drop_index(batch_op.f("ix_enrollments_account_id"))

    op.drop_table("enrollments")
    with op.batch_alter_table("enroll_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enroll_links_course_id"))
        batch_op.drop_index(batch_op.f("ix_enroll_links_account_id"))

    op.drop_table("enroll_links")
    with op.batch_alter_table("drift_checks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_drift_checks_learner_id"))
        batch_op.drop_index(batch_op.f("ix_drift_checks_due_at"))
        batch_op.drop_index(batch_op.f("ix_drift_checks_account_id"))

    op.drop_table("drift_checks")
    with op.batch_alter_table("webhook_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_events_due_at"))
        batch_op.drop_index(batch_op.f("ix_webhook_events_account_id"))

    op.drop_table("webhook_events")
    with op.batch_alter_table("trigger_subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trigger_subscriptions_account_id"))

    op.drop_table("trigger_subscriptions")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_account_id"))

    op.drop_table("sessions")
    with op.batch_alter_table("learners", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_learners_business_id"))
        batch_op.drop_index("ix_learners_account_id_email_key")
        batch_op.drop_index(batch_op.f("ix_learners_account_id"))

    op.drop_table("learners")
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_courses_due_at"))
        batch_op.drop_index(batch_op.f("ix_courses_account_id"))

    op.drop_table("courses")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entries_account_id_created_at")
        batch_op.drop_index(batch_op.f("ix_audit_entries_account_id"))

    op.drop_table("audit_entries")
    op.drop_table("oauth_states")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grants_company_id"))

    op.drop_table("grants")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_company_id"))

    op.drop_table("accounts")
