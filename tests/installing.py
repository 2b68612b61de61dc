"""An account that is really installed at the sandbox CRM, with a grant that its API takes."""

from __future__ import annotations

from app.accounts import consent, install
from app.accounts.consent import SCOPES, redirect_uri
from app.extensions import db
from app.models import Account, ScormConnection
from tests.fixtures.sandbox import Sandbox


def install_account(sandbox: Sandbox, location: str = "demo-location") -> Account:
    """Installed by OAuth, and connected to the sandbox's SCORM Cloud."""
    code = sandbox.crm.post(
        "authorize", location=location, redirect_uri=redirect_uri(), scope=" ".join(SCOPES)
    )["code"]
    account = install.install(consent.redeem(code))[0]
    account.scorm_app_id, account.scorm_secret_key = "SANDBOX", "sandbox-secret"
    account.scorm_connection = ScormConnection.CONNECTED
    db.session.commit()
    return account
