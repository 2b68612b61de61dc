"""Settings: read once, all troubles named at once, nothing weak let through; a true example."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from config import SETTINGS, Config, ConfigurationError
from tools.places import ROOT

EXAMPLE = ROOT / ".env.example"
NAMES = [setting.name for setting in SETTINGS]
REQUIRED = [setting.name for setting in SETTINGS if setting.default is None]
WITH_DEFAULT = [setting for setting in SETTINGS if setting.default is not None]
SECRETS = {"SECRET_KEY", "ENCRYPTION_KEYS", "CRM_CLIENT_SECRET", "CRM_SHARED_SECRET"}

FERNET_KEYS = [base64.urlsafe_b64encode(letter * 32).decode() for letter in (b"a", b"b")]
GIVEN = {
    "PUBLIC_URL": "https://training.example.com",
    "SECRET_KEY": "k" * 32,
    "ENCRYPTION_KEYS": ",".join(FERNET_KEYS),
    "DATABASE_URL": "postgres://hub:secret@db.example.com:5432/hub",
    "REDIS_URL": "redis://cache.example.com:6379/0",
    "STORAGE_URL": "s3://packages?region=eu-central-1",
    "CRM_CLIENT_ID": "client-1",
    "CRM_CLIENT_SECRET": "client-secret",
    "CRM_SHARED_SECRET": "shared-secret",
}


def read(**changed: str | None) -> Config:
    """The settings above with some changed, or left out where None is given."""
    given = {**GIVEN, **changed}
    return Config.from_environment({name: text for name, text in given.items() if text is not None})


def refusal(**changed: str | None) -> str:
    """The sentence with which the hub refuses to start."""
    with pytest.raises(ConfigurationError) as refused:
        read(**changed)
    return str(refused.value)


def test_the_required_settings_are_enough() -> None:
    assert set(GIVEN) == set(REQUIRED)
    assert set(NAMES) <= set(read())


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_setting_is_named_in_the_refusal(name: str) -> None:
    assert f"{name} is not set" in refusal(**{name: None})


@pytest.mark.parametrize("name", REQUIRED)
def test_an_empty_setting_counts_as_missing(name: str) -> None:
    assert f"{name} is not set" in refusal(**{name: ""})


def test_several_wrong_settings_are_listed_at_once() -> None:
    sentence = refusal(
        SECRET_KEY=None,
        CRM_CLIENT_SECRET=None,
        PUBLIC_URL="training.example.com",
        BILLING="perhaps",
    )
    for name in ("SECRET_KEY", "CRM_CLIENT_SECRET", "PUBLIC_URL", "BILLING"):
        assert name in sentence
    assert "marketplace, none" in sentence, "says what may be chosen"


def test_a_refusal_shows_no_secret() -> None:
    sentence = refusal(PUBLIC_URL=None, TRIAL_REGISTRATIONS="many")
    assert "TRIAL_REGISTRATIONS" in sentence
    assert not any(GIVEN[name] in sentence for name in SECRETS)


def test_a_short_secret_key_is_refused() -> None:
    assert "SECRET_KEY is too short" in refusal(SECRET_KEY="k" * 31)
    assert "BILLING" in refusal(SECRET_KEY="k" * 31, BILLING="perhaps"), "with all the others"
    assert read(SECRET_KEY="k" * 32)["SECRET_KEY"] == "k" * 32


@pytest.mark.parametrize("name", REQUIRED)
def test_blanks_are_no_setting(name: str) -> None:
    assert f"{name} holds nothing but blanks" in refusal(**{name: "   "})


SHORT_KEY = base64.b64encode(b"x" * 31).decode()
AN_RSA_KEY = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALyB0vDN8QmmvHpjKhzJ9w0p0nDXx3V0m5tR5hJc7mUqT0JwV7Wc6h0C"
    "9b2Yy3Y4yXo1m8m7c0p4b5xJY2kCAwEAAQ=="
)
WRONG = [
    ("APP_ENV", "prod"),
    ("PUBLIC_URL", "http://training.example.com"),
    ("PUBLIC_URL", "http://localhost:8000"),  # production is the default
    ("PUBLIC_URL", "https://"),
    ("PUBLIC_URL", "https://training.example.com:port"),
    ("PUBLIC_URL", "https://training.example.com/hub"),
    ("PUBLIC_URL", "https://user:word@training.example.com"),
    ("PUBLIC_URL", "https://training .example.com"),
    ("ENCRYPTION_KEYS", "first,second"),
    ("ENCRYPTION_KEYS", f"{FERNET_KEYS[0]} {SHORT_KEY}"),
    ("ENCRYPTION_KEYS", ","),
    ("DATABASE_URL", "mysql://hub@db/hub"),
    ("DATABASE_URL", "postgres://hub:secret@db:port/hub"),
    ("DATABASE_URL", "postgres://db"),
    ("DATABASE_URL", "hub.sqlite3"),
    ("REDIS_URL", "http://cache.example.com"),
    ("REDIS_URL", "redis://"),
    ("REDIS_URL", "redis://cache.example.com:port/0"),
    ("STORAGE_URL", "ftp://files.example.com"),
    ("STORAGE_URL", "/var/packages"),
    ("STORAGE_URL", "file://packages"),
    ("STORAGE_URL", "s3://"),
    ("STORAGE_URL", "s3://packages?endpoint=minio"),
    ("CRM_API_URL", "http://services.example.com"),
    ("CRM_API_URL", "services.example.com"),
    ("CRM_AUTHORIZE_URL", "javascript:alert(1)"),
    ("CRM_WEBHOOK_PUBLIC_KEYS", "not base64"),
    ("CRM_WEBHOOK_PUBLIC_KEYS", AN_RSA_KEY),
    ("CRM_FRAME_ORIGINS", "*"),
    ("CRM_FRAME_ORIGINS", "https:"),
    ("CRM_FRAME_ORIGINS", "crm.example.com"),
    ("CRM_FRAME_ORIGINS", "https://crm.example.com/page"),
    ("CRM_FRAME_ORIGINS", "http://crm.example.com"),
    ("CRM_WORKFLOW_SECRET", "  "),
    ("CRM_PLANS_URL", "plans"),
    ("SCORM_CLOUD_API_URL", "http://cloud.example.com/api/v2"),
    ("SCORM_PLAYER_ORIGINS", "https://cloud.example.com; script-src *"),
    ("SUPPORT_EMAIL", "support"),
    ("BILLING", "perhaps"),
    ("METRICS_TOKEN", "  "),
    ("TRIAL_REGISTRATIONS", "-1"),
    ("TRIAL_REGISTRATIONS", "ten"),
    ("MAX_PACKAGE_MB", "0"),
    ("MAX_PACKAGE_MB", "50.5"),
    ("LEASE_SECONDS", "0"),
    ("SWEEP_SECONDS", "-15"),
    ("SWEEP_SECONDS", "²"),
    ("POSTBACK_URL", "http://tunnel.example.org/api/webhooks/scorm-cloud"),
    ("FORWARDED_ALLOW_IPS", "proxy.example.com"),
    ("TRUSTED_PROXIES", "0"),
    ("FLASK_DEBUG", "1"),
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_setting_is_refused_together_with_the_others(name: str, text: str) -> None:
    other = "MAX_PACKAGE_MB" if name != "MAX_PACKAGE_MB" else "SWEEP_SECONDS"
    sentence = refusal(**{name: text, other: "many"})
    assert f"{name} must" in sentence or f"{name} holds nothing" in sentence
    assert f"{other} must be a whole number" in sentence


def test_every_setting_that_can_be_wrong_is_tried() -> None:
    free = {"SECRET_KEY", "CRM_CLIENT_ID", "CRM_CLIENT_SECRET", "CRM_SHARED_SECRET"}
    assert set(NAMES) - {name for name, _ in WRONG} == free | {"CRM_LIVE_PLANS"}


def test_heroku_needs_no_word_about_its_router() -> None:
    assert read()["FORWARDED_ALLOW_IPS"] == []
    assert read(DYNO="web.1")["FORWARDED_ALLOW_IPS"] == ["*"]
    assert read(DYNO="web.1", FORWARDED_ALLOW_IPS="10.0.0.0/8")["FORWARDED_ALLOW_IPS"] == [
        "10.0.0.0/8"
    ]


def test_debugging_is_for_developers() -> None:
    assert read(FLASK_DEBUG="0")
    assert read(FLASK_DEBUG="1", APP_ENV="development")


@pytest.mark.parametrize("prefix", ["postgres://", "postgresql://"])
def test_the_database_address_names_its_driver(prefix: str) -> None:
    config = read(DATABASE_URL=prefix + "hub@db/hub")
    assert config["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://hub@db/hub"
    assert config["SQLALCHEMY_ENGINE_OPTIONS"]["pool_pre_ping"]


def test_sqlite_is_taken_as_it_is() -> None:
    config = read(DATABASE_URL="sqlite:////tmp/hub.sqlite3")
    assert config["SQLALCHEMY_DATABASE_URI"] == "sqlite:////tmp/hub.sqlite3"
    assert config["SQLALCHEMY_ENGINE_OPTIONS"] == {}


def test_addresses_lose_their_last_slash_and_lists_take_commas_and_blanks() -> None:
    config = read(
        PUBLIC_URL="https://training.example.com/", CRM_LIVE_PLANS="plan-1, plan-2 plan-3"
    )
    assert config["PUBLIC_URL"] == "https://training.example.com"
    assert config["CRM_LIVE_PLANS"] == ["plan-1", "plan-2", "plan-3"]
    assert config["ENCRYPTION_KEYS"] == FERNET_KEYS


def test_postbacks_come_to_this_deployment_unless_told_otherwise() -> None:
    assert read()["POSTBACK_URL"] == "https://training.example.com/api/webhooks/scorm-cloud"
    tunnel = "https://tunnel.example.org/api/webhooks/scorm-cloud"
    assert read(POSTBACK_URL=tunnel)["POSTBACK_URL"] == tunnel


def test_https_decides_whether_cookies_are_secure() -> None:
    assert read()["SECURE"] is True
    assert read(PUBLIC_URL="http://hub.localhost:8000", APP_ENV="development")["SECURE"] is False


@pytest.mark.parametrize(
    "storage, origin",
    [
        ("file:///var/packages", ""),
        ("s3://packages?region=eu-central-1", "https://packages.s3.eu-central-1.amazonaws.com"),
        ("s3://packages?endpoint=https://minio.example.com/", "https://minio.example.com"),
    ],
)
def test_browsers_may_send_packages_to_the_storage(storage: str, origin: str) -> None:
    assert read(STORAGE_URL=storage)["STORAGE_ORIGIN"] == origin


# The example file


def lines(path: Path = EXAMPLE) -> dict[str, str]:
    """Every NAME=value of the file; those with a default stand behind a comment mark."""
    found = re.findall(r"^(?:# )?([A-Z][A-Z_]+)=(.*)$", path.read_text(), re.MULTILINE)
    assert len(found) == len(dict(found)), "a setting stands twice"
    return dict(found)


def of_the_server() -> set[str]:
    """What gunicorn.conf.py reads beside the settings."""
    text = (ROOT / "gunicorn.conf.py").read_text()
    return set(re.findall(r'environ\.get\(\s*["\']([A-Z_]+)["\']', text))


def test_the_example_names_every_setting_and_nothing_else() -> None:
    assert set(lines()) == set(NAMES) | of_the_server()


def test_the_example_explains_every_setting_in_the_same_words() -> None:
    text = EXAMPLE.read_text()
    missing = [setting.name for setting in SETTINGS if f"# {setting.meaning}\n" not in text]
    assert not missing


def test_the_example_shows_the_true_defaults() -> None:
    shown = lines()
    for setting in WITH_DEFAULT:
        assert shown[setting.name] == setting.default, setting.name


def test_the_example_starts_only_once_its_secrets_are_filled_in() -> None:
    """Nobody can go into production with a secret that is published here."""
    example: Mapping[str, str] = lines()
    with pytest.raises(ConfigurationError) as refused:
        Config.from_environment(example)
    for name in SECRETS:
        assert f"{name} is not set" in str(refused.value)
    filled = {**example, **{name: GIVEN[name] for name in SECRETS}}
    assert Config.from_environment(filled)["PUBLIC_URL"].startswith("https://")
