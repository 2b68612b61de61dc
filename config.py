"""Every setting of the hub, read from the environment once and checked before anything starts.

A missing secret stops the program with a sentence that names it, in every environment: development
and the tests bring their own values (`bin/dev` generates them) instead of taking a weaker path.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# Published by the CRM's vendor for all its webhooks; a list, because rotation is announced ahead.
CRM_VENDOR_PUBLIC_KEY = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="
CRM_VENDOR_FRAMES = (
    "https://app.gohighlevel.com https://*.gohighlevel.com "
    "https://app.leadconnectorhq.com https://*.leadconnectorhq.com"
)


class ConfigurationError(SystemExit):
    """Raised with a sentence that says which setting is missing or wrong; ends the process."""


def words(text: str) -> list[str]:
    """A list given with commas or blanks between its members."""
    return text.replace(",", " ").split()


def database(text: str) -> str:
    """Platforms hand out `postgres://`; SQLAlchemy wants the driver named."""
    for prefix in ("postgres://", "postgresql://"):
        if text.startswith(prefix):
            return "postgresql+psycopg://" + text.removeprefix(prefix)
    return text


def address(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("must start with https:// (or http:// on your own machine)")
    return text.rstrip("/")


def one_of(*choices: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return check


@dataclass(frozen=True)
class Setting:
    """A name in the environment. Without a default it must be given."""

    name: str
    meaning: str
    default: str | None = None
    read: Callable[[str], Any] = str


SETTINGS = [
    Setting("APP_ENV", "production, development or test", "production",
            one_of("production", "development", "test")),
    Setting("PUBLIC_URL", "this deployment's own address, as browsers reach it", read=address),
    Setting("SECRET_KEY", "signs links and forms; 32 random characters or more"),
    Setting("ENCRYPTION_KEYS", "Fernet keys for stored tokens, newest first", read=words),
    Setting("DATABASE_URL", "postgres://… or sqlite:///…", read=database),
    Setting("REDIS_URL", "redis://…, rediss://… or unix://…"),
    Setting("STORAGE_URL", "where packages wait for import: s3://bucket?region=… or file:///folder"),
    Setting("CRM_CLIENT_ID", "client id of the marketplace app"),
    Setting("CRM_CLIENT_SECRET", "client secret of the marketplace app"),
    Setting("CRM_SHARED_SECRET", "shared secret that encrypts the user context in the frame"),
    Setting("CRM_API_URL", "base of the CRM's API",
            "https://services.leadconnectorhq.com", address),
    Setting("CRM_AUTHORIZE_URL", "the CRM's page where a location is chosen",
            "https://marketplace.gohighlevel.com/v2/oauth/chooselocation", address),
    Setting("CRM_WEBHOOK_PUBLIC_KEYS", "Ed25519 keys of the CRM's webhooks, base64 of the DER form",
            CRM_VENDOR_PUBLIC_KEY, words),
    Setting("CRM_FRAME_ORIGINS", "origins that may always frame the hub",
            CRM_VENDOR_FRAMES, words),
    Setting("CRM_WORKFLOW_SECRET",
            "proves the CRM's workflows, in the header X-Workflow-Secret; empty keeps them out",
            ""),
    Setting("CRM_LIVE_PLANS", "plan ids of the marketplace that lift the trial's limit",
            "", words),
    Setting("CRM_PLANS_URL", "the marketplace's page where a plan is chosen (BILLING=marketplace)",
            ""),
    Setting("SCORM_CLOUD_API_URL", "base of the SCORM Cloud API",
            "https://cloud.scorm.com/api/v2", address),
    Setting("SCORM_PLAYER_ORIGINS", "where SCORM Cloud's launch links lead; a form may go there",
            "https://cloud.scorm.com https://*.scorm.com", words),
    Setting("SUPPORT_EMAIL", "where people are sent for help", "support@scormhub.app"),
    Setting("BILLING", "marketplace: a confirmed plan lifts the trial; none: self-hosted",
            "marketplace", one_of("marketplace", "none")),
    Setting("METRICS_TOKEN", "bearer token of /metrics; empty keeps the page closed", ""),
    Setting("TRIAL_REGISTRATIONS", "registrations a trial account has", "10", int),
    Setting("MAX_PACKAGE_MB", "largest package in MB of 1,048,576 bytes", "50", int),
    Setting("LEASE_SECONDS", "how long claimed work is one worker's own", "120", int),
    Setting("SWEEP_SECONDS", "how often the clock rings for owed work", "15", int),
    Setting("POSTBACK_URL", "address SCORM Cloud calls back; empty: PUBLIC_URL's own", ""),
]  # fmt: skip


class Config(dict[str, Any]):
    """What Flask's configuration is filled with."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Config:
        """Reads every setting; raises ConfigurationError naming all that are missing or wrong."""
        values, troubles = cls(), []
        for setting in SETTINGS:
            text = environment.get(setting.name) or setting.default
            if text is None:
                troubles.append(f"{setting.name} is not set ({setting.meaning})")
                continue
            try:
                values[setting.name] = setting.read(text)
            except ValueError as error:
                troubles.append(f"{setting.name} {error}")
        if troubles:
            raise ConfigurationError("SCORM Hub cannot start: " + "; ".join(troubles) + ".")
        return values.derive()

    def derive(self) -> Config:
        """Adds what follows from the settings: Flask's and SQLAlchemy's own names."""
        if len(self["SECRET_KEY"]) < 32:
            raise ConfigurationError("SCORM Hub cannot start: SECRET_KEY is too short.")
        self["SQLALCHEMY_DATABASE_URI"] = self["DATABASE_URL"]
        self["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(self["DATABASE_URL"])
        self["POSTBACK_URL"] = (
            self["POSTBACK_URL"] or self["PUBLIC_URL"] + "/api/webhooks/scorm-cloud"
        )
        self["STORAGE_ORIGIN"] = storage_origin(self["STORAGE_URL"])
        self["MAX_CONTENT_LENGTH"] = 1_048_576
        self["MAX_FORM_MEMORY_SIZE"] = 500_000
        self["SECURE"] = self["PUBLIC_URL"].startswith("https://")
        self["TESTING"] = self["APP_ENV"] == "test"
        return self


def engine_options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {}
    return {
        "pool_size": 5,
        "max_overflow": 3,
        "pool_pre_ping": True,
        "pool_recycle": 280,
        "connect_args": {
            "connect_timeout": 5,
            "options": "-c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000",
        },
    }


def storage_origin(url: str) -> str:
    """Where browsers send packages, for the content policy; empty when that is the hub itself."""
    if not url.startswith("s3://"):
        return ""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if "endpoint" in options:
        return options["endpoint"].rstrip("/")
    bucket = parts.netloc.rpartition("@")[2]  # what stands before it are keys, never for a page
    return f"https://{bucket}.s3.{options.get('region', 'us-east-1')}.amazonaws.com"
