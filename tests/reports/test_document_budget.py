"""A report that would take too much is given up in words, and the hub goes on."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app import pdf
from confined.budget import MEGABYTE, Budget
from tests.factories import make_account, make_course, make_enrollment, sign_in


def test_a_document_beyond_its_budget_says_so(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account()
    sign_in(client, account)
    make_enrollment(make_course(account))
    monkeypatch.setattr(pdf, "BUDGET", Budget(memory=MEGABYTE, cpu=1, wall=0))
    refused = client.get("/reports/export.pdf")
    assert refused.status_code == 500
    assert "Narrow the report" in refused.text
    monkeypatch.undo()
    assert client.get("/reports/export.pdf").data.startswith(b"%PDF")
