"""One request is one transaction, and its answer says whether it counts."""

from __future__ import annotations

import pytest
from flask import Flask, Response

from app import transactions
from app.extensions import db
from app.models import Account
from tests.factories import make_account


@pytest.mark.parametrize("status", [200, 204, 302, 303, 304, 399])
def test_what_is_answered_well_is_kept(app: Flask, status: int) -> None:
    account = make_account()
    transactions.commit_or_roll_back(Response(status=status))
    db.session.rollback()
    assert db.session.get(Account, account.id)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 429, 500, 503])
def test_nothing_of_a_refused_request_is_kept(app: Flask, status: int) -> None:
    account_id = make_account().id
    transactions.commit_or_roll_back(Response(status=status))
    db.session.commit()
    assert db.session.get(Account, account_id) is None
