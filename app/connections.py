"""The only place that turns an account into a ready client of an outside system."""

from __future__ import annotations

from flask import current_app

from app.accounts import tokens
from app.clients.crm import Crm
from app.clients.scorm_cloud import Postback, ScormCloud
from app.clients.storage import Storage, storage_from_url
from app.errors import Hold, NotConnected
from app.extensions import redis
from app.models import Account
from app.pacing import pace


def crm(account: Account) -> Crm:
    """The CRM as this account may use it: paced, with a token that is fresh now.

    Raises Hold when the account is asleep or must reconnect, so that owed work waits and is kept.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return Crm(
        app.config["CRM_API_URL"],
        tokens.access_token(account),
        account.location_id,
        pace=pace(redis(app), account.location_id),
        on_unauthorised=lambda refused: tokens.renewed(account, refused),
    )


def company_crm(account: Account) -> Crm | None:
    """The CRM with the rights of the whole agency, where the app was installed by one."""
    token = tokens.company_token(account)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    if token is None:
        return None
    return Crm(
        app.config["CRM_API_URL"],
        token,
        account.location_id,
        pace=pace(redis(app), account.location_id),
        on_unauthorised=lambda refused: tokens.company_token(account, refused),
    )


def scorm_cloud(account: Account) -> ScormCloud:
    """SCORM Cloud with the account's own App ID and Secret Key; NotConnected without them.

    Raises Hold when the account is asleep.
    """
    if not account.active:
        raise Hold(tokens.asleep(account), tokens.ASLEEP)
    if not (account.scorm_app_id and account.scorm_secret_key):
        raise NotConnected("SCORM Cloud is not connected. Go to Settings → SCORM Cloud.")
    return ScormCloud(
        current_app.config["SCORM_CLOUD_API_URL"], account.scorm_app_id, account.scorm_secret_key
    )


def storage() -> Storage:
    """The bucket or folder that packages pass through on their way to SCORM Cloud."""
    config = current_app.config
    return storage_from_url(config["STORAGE_URL"], config["SECRET_KEY"], config["PUBLIC_URL"])


def postback(account: Account) -> Postback:
    """Where SCORM Cloud reports, and what it proves itself with: a password per account."""
    return Postback(
        url=current_app.config["POSTBACK_URL"],
        user=account.id,
        password=account.postback_password,
    )


def public_address(path: str) -> str:
    """An address of this deployment that works from anywhere, such as in a note or launch link."""
    return current_app.config["PUBLIC_URL"] + path
