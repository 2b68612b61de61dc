"""Every setting of the hub, read from the environment once and checked before anything starts.

A missing secret stops the program with a sentence that names it, in every environment: development
and the tests bring their own values (`bin/dev` generates them) instead of taking a weaker path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from setting_values import (
    Reader,
    address,
    at_least,
    base,
    database,
    ed25519_keys,
    email,
    fernet_keys,
    one_of,
    optional,
    origins,
    own_address,
    proxies,
    redis,
    storage,
    whole_number,
    words,
)

# Published by the CRM's vendor for all its webhooks; a list, because rotation is announced ahead.
CRM_VENDOR_PUBLIC_KEY = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg="
CRM_VENDOR_FRAMES = (
    "https://app.gohighlevel.com https://*.gohighlevel.com "
    "https://app.leadconnectorhq.com https://*.leadconnectorhq.com"
)


class ConfigurationError(SystemExit):
    """Raised with a sentence that says which setting is missing or wrong; ends the process."""


@dataclass(frozen=True)
class Setting:
    """A name in the environment. Without a default it must be given."""

    name: str
    meaning: str
    default: str | None = None
    read: Reader = str

    def value(self, environment: Mapping[str, str]) -> Any:
        """Raises ValueError saying what is wrong, without the text itself."""
        given = environment.get(self.name) or self.default_in(environment)
        if given is None:
            raise ValueError(f"is not set ({self.meaning})")
        if given and not given.strip():
            raise ValueError("holds nothing but blanks")
        return self.read(given.strip())

    def default_in(self, environment: Mapping[str, str]) -> str | None:
        """Heroku's router is the only one who can connect to a process there."""
        if self.name == "FORWARDED_ALLOW_IPS" and "DYNO" in environment:
            return "*"
        return self.default


SETTINGS = [
    Setting("APP_ENV", "production, development or test", "production",
            one_of("production", "development", "test")),
    Setting("PUBLIC_URL", "this deployment's own address, as browsers reach it",
            read=own_address),
    Setting("SECRET_KEY", "signs links and forms; 32 random characters or more",
            read=at_least(32)),
    Setting("ENCRYPTION_KEYS", "Fernet keys for stored tokens, newest first", read=fernet_keys),
    Setting("DATABASE_URL", "postgres://… or sqlite:///…", read=database),
    Setting("REDIS_URL", "redis://…, rediss://… or unix://…", read=redis),
    Setting("STORAGE_URL", "where packages wait for import: s3://bucket?region=… or file:///folder",
            read=storage),
    Setting("CRM_CLIENT_ID", "client id of the marketplace app"),
    Setting("CRM_CLIENT_SECRET", "client secret of the marketplace app"),
    Setting("CRM_SHARED_SECRET", "shared secret that encrypts the user context in the frame"),
    Setting("CRM_API_URL", "base of the CRM's API",
            "https://services.leadconnectorhq.com", base),
    Setting("CRM_AUTHORIZE_URL", "the CRM's page where a location is chosen",
            "https://marketplace.gohighlevel.com/v2/oauth/chooselocation", base),
    Setting("CRM_WEBHOOK_PUBLIC_KEYS", "Ed25519 keys of the CRM's webhooks, base64 of the DER form",
            CRM_VENDOR_PUBLIC_KEY, ed25519_keys),
    Setting("CRM_FRAME_ORIGINS", "origins that may always frame the hub",
            CRM_VENDOR_FRAMES, origins),
    Setting("CRM_WORKFLOW_SECRET",
            "proves the CRM's workflows, in the header X-Workflow-Secret; empty keeps them out",
            ""),
    Setting("CRM_LIVE_PLANS", "plan ids of the marketplace that lift the trial's limit",
            "", words),
    Setting("CRM_PLANS_URL", "the marketplace's page where a plan is chosen (BILLING=marketplace)",
            "", optional(address)),
    Setting("SCORM_CLOUD_API_URL", "base of the SCORM Cloud API",
            "https://cloud.scorm.com/api/v2", base),
    Setting("SCORM_PLAYER_ORIGINS", "where SCORM Cloud's launch links lead; a form may go there",
            "https://cloud.scorm.com https://*.scorm.com", origins),
    Setting("SUPPORT_EMAIL", "where people are sent for help", "support@scormhub.app", email),
    Setting("BILLING", "marketplace: a confirmed plan lifts the trial; none: self-hosted",
            "marketplace", one_of("marketplace", "none")),
    Setting("METRICS_TOKEN", "bearer token of /metrics; empty keeps the page closed", ""),
    Setting("TRIAL_REGISTRATIONS", "registrations a trial account has", "10",
            whole_number(0, 1_000_000)),
    Setting("MAX_PACKAGE_MB", "largest package in MB of 1,048,576 bytes", "50",
            whole_number(1, 10_000)),
    Setting("LEASE_SECONDS", "how long claimed work is one worker's own", "120",
            whole_number(1, 86_400)),
    Setting("SWEEP_SECONDS", "how often the clock rings for owed work", "15",
            whole_number(1, 3600)),
    Setting("POSTBACK_URL", "address SCORM Cloud calls back; empty: PUBLIC_URL's own", "",
            optional(address)),
    Setting("FORWARDED_ALLOW_IPS",
            "proxies whose X-Forwarded headers are believed: addresses, networks or * for whoever "
            "connects; none unless named, on Heroku *",
            "", proxies),
    Setting("TRUSTED_PROXIES", "how many of them stand in a row before the hub", "1",
            whole_number(1, 10)),
]  # fmt: skip


class Config(dict[str, Any]):
    """What Flask's configuration is filled with."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Config:
        """Reads every setting; raises ConfigurationError naming all that are missing or wrong."""
        values, troubles = cls(), list[str]()
        for setting in SETTINGS:
            try:
                values[setting.name] = setting.value(environment)
            except ValueError as error:
                troubles.append(f"{setting.name} {error}")
        troubles.extend(unfit_for_production(values, environment))
        if troubles:
            raise ConfigurationError("SCORM Hub cannot start: " + "; ".join(troubles) + ".")
        return values.derive()

    def derive(self) -> Config:
        """Adds what follows from the settings: Flask's and SQLAlchemy's own names."""
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


def unfit_for_production(
    values: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[str]:
    """What is fine on a developer's machine and nowhere else, in words."""
    if values.get("APP_ENV") != "production":
        return
    for name in ("PUBLIC_URL", "POSTBACK_URL"):
        if str(values.get(name, "")).startswith("http://"):
            yield f"{name} must start with https:// in production"
    debug = environment.get("FLASK_DEBUG", "").strip().casefold()
    if debug not in ("", "0", "false", "no"):
        yield "FLASK_DEBUG must be off in production: it shows the code to whoever meets an error"


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
