"""An account that is installed at the sandbox CRM and whose owner is signed in."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app import connections
from app.clients.crm import Contact
from app.extensions import db
from app.models import Account, Course, Learner, across_accounts
from tests.factories import install_account, make_course, sign_in
from tests.fixtures.sandbox import Sandbox


@pytest.fixture
def account(client: FlaskClient, sandbox: Sandbox) -> Account:
    account = install_account(sandbox)
    sign_in(client, account)
    return account


@pytest.fixture
def course(account: Account) -> Course:
    return make_course(account)


@pytest.fixture
def grace(account: Account) -> Contact:
    """A contact whose address has capitals and a plus."""
    return connections.crm(account).search_contacts("Grace.Okafor+Training")[0]


def learners() -> list[Learner]:
    with across_accounts():
        db.session.rollback()
        return db.session.query(Learner).order_by(Learner.created_at).all()
