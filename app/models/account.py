"""Account: one CRM location, our tenant, with everything that is set once for all its courses."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.models.base import Base, now
from app.models.encrypted import Encrypted


class Mode(StrEnum):
    TRIAL = "trial"
    LIVE = "live"


class ScormConnection(StrEnum):
    """What the last check of the App ID and Secret Key said."""

    NONE = "none"
    CONNECTED = "connected"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class Account(Base):
    __tablename__ = "accounts"

    # the CRM's side
    location_id: Mapped[str] = mapped_column(String(64), unique=True)
    company_id: Mapped[str | None] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(255), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    frame_origins: Mapped[list[str]] = mapped_column(JSON, default=list)  # white-label domains
    details_at: Mapped[datetime | None]  # when the CRM told the above; None: still to be asked
    installed_at: Mapped[datetime] = mapped_column(default=now)
    uninstalled_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    purged_at: Mapped[datetime | None]

    # plan
    mode: Mapped[Mode] = mapped_column(String(16), default=Mode.TRIAL)
    plan_id: Mapped[str | None] = mapped_column(String(64))
    went_live_at: Mapped[datetime | None]
    max_package_bytes: Mapped[int | None]  # None: the deployment's limit
    counted_at: Mapped[
        datetime | None
    ]  # touched to lock the account while registrations are counted

    # SCORM Cloud
    scorm_app_id: Mapped[str | None] = mapped_column(String(255))
    scorm_secret_key: Mapped[str | None] = mapped_column(Encrypted)
    scorm_connection: Mapped[ScormConnection] = mapped_column(
        String(16), default=ScormConnection.NONE
    )
    scorm_checked_at: Mapped[datetime | None]
    scorm_trouble: Mapped[str | None] = mapped_column(Text)
    scorm_facts: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict
    )  # plan limits and the like
    postback_password: Mapped[str] = mapped_column(
        Encrypted, default=lambda: secrets.token_urlsafe(32)
    )
    last_postback_at: Mapped[datetime | None]
    reconciled_until: Mapped[datetime | None]  # changes up to here were read from SCORM Cloud
    compared_at: Mapped[datetime | None]  # the last full compare

    # branding
    organization_name: Mapped[str | None] = mapped_column(String(120))
    primary_color: Mapped[str] = mapped_column(String(7), default="#1f4fd8")
    logo_url: Mapped[str | None] = mapped_column(Text)
    logo_png: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    logo_digest: Mapped[str | None] = mapped_column(String(64))

    # what is written to the CRM
    sync_tags: Mapped[bool] = mapped_column(default=True)
    write_notes: Mapped[bool] = mapped_column(default=True)
    course_tags: Mapped[bool] = mapped_column(default=False)
    crm_objects: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # see sync/objects.py

    settings_version: Mapped[int] = mapped_column(
        default=1
    )  # a form made for an older one is stale

    @property
    def display_name(self) -> str:
        return self.organization_name or self.name or "Your organization"

    @property
    def active(self) -> bool:
        """Work for it goes on: installed and not cancelled."""
        return self.uninstalled_at is None and self.cancelled_at is None

    @property
    def live(self) -> bool:
        return self.mode == Mode.LIVE

    @property
    def scorm_connected(self) -> bool:
        """The credentials were good when last answered to; an outage does not change that."""
        return self.scorm_connection in (ScormConnection.CONNECTED, ScormConnection.UNREACHABLE)

    def scorm_answered(self, state: ScormConnection, trouble: str | None = None) -> None:
        """What SCORM Cloud said just now to the account's credentials, or that it said nothing."""
        self.scorm_connection, self.scorm_trouble = state, trouble
        self.scorm_checked_at = now()

    @property
    def zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            return ZoneInfo("UTC")

    def uninstall(self) -> None:
        self.uninstalled_at = self.uninstalled_at or now()

    def revive(self) -> None:
        """Installed (again), with the data that is still there. What was cancelled stays so until
        somebody opens it again; of what was purged nothing is left to be cancelled."""
        if self.purged_at is not None:
            self.cancelled_at = None
        self.uninstalled_at = self.purged_at = None
        self.installed_at = now()

    def cancel(self) -> None:
        self.cancelled_at = self.cancelled_at or now()

    def reopen(self) -> None:
        self.cancelled_at = None

    def purge(self) -> None:
        """Forgets what it knew of the customer; the location's id stays, so it may come back."""
        self.purged_at = now()
        self.name, self.organization_name, self.frame_origins = "", None, []
        self.scorm_app_id = self.scorm_secret_key = self.scorm_trouble = self.scorm_checked_at = (
            None
        )
        self.scorm_connection, self.scorm_facts = ScormConnection.NONE, {}
        self.logo_url = self.logo_png = self.logo_digest = None
        self.crm_objects = {}

    def go_live(self, plan_id: str | None = None) -> None:
        self.mode = Mode.LIVE
        self.plan_id = plan_id or self.plan_id
        self.went_live_at = self.went_live_at or now()

    def back_to_trial(self) -> None:
        self.mode = Mode.TRIAL
        self.plan_id = None
