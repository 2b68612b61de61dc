"""An account whose owner is signed in, and the forms as a browser would send them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.models import Account, ScormConnection
from tests.factories import make_account, make_grant, sign_in


@pytest.fixture
def account(client: FlaskClient) -> Account:
    """An owner is signed in; SCORM Cloud is not connected yet."""
    account = make_account(
        scorm_app_id=None, scorm_secret_key=None, scorm_connection=ScormConnection.NONE
    )
    make_grant(account, "token")
    sign_in(client, account)
    return account
