"""How long an admin's session lasts, what ends it, and what a form must bring."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.accounts import install
from app.accounts.cookies import TAB
from app.accounts.sessions import forget_old, open_session
from app.extensions import db
from app.models import AdminSession, OAuthState, SessionKind, Ticket, now
from tests.accounts.test_tickets import ticket
from tests.factories import make_account, make_course, sign_in


@pytest.mark.parametrize("kind", SessionKind)
@pytest.mark.parametrize(
    ("created", "seen", "status"),
    [
        (timedelta(hours=7), timedelta(minutes=29), 200),
        (timedelta(hours=7), timedelta(minutes=31), 401),
        (timedelta(hours=9), timedelta(minutes=1), 401),
    ],
)
def test_a_session_ends_by_itself(
    client: FlaskClient, kind: SessionKind, created: timedelta, seen: timedelta, status: int
) -> None:
    """Unused for half an hour, or eight hours old however much it is used."""
    session, token = open_session(make_account(), kind, "user-1", confirmed_at=now())
    session.created_at, session.seen_at = now() - created, now() - seen
    headers = {}
    if kind == SessionKind.FRAME:
        headers = {"Authorization": f"Bearer {token}"}
    else:
        client.set_cookie(TAB, token, domain="hub.localhost")
    assert client.get("/settings/branding", headers=headers).status_code == status


def test_being_there_keeps_a_session_alive(client: FlaskClient) -> None:
    session = sign_in(client, make_account())
    session.seen_at = before = now() - timedelta(minutes=20)
    client.get("/settings/branding")
    assert session.seen_at > before


def test_what_ended_long_ago_is_forgotten(client: FlaskClient) -> None:
    account = make_account()
    old = sign_in(client, account)
    ticket(client, "/settings/branding")
    client.get("/install")
    young = sign_in(client, account)
    old.created_at = now() - timedelta(days=8)
    db.session.execute(update(OAuthState).values(created_at=now() - timedelta(days=8)))
    forget_old()
    db.session.commit()
    assert db.session.scalars(select(AdminSession.id)).all() == [young.id]
    assert db.session.scalar(select(func.count(Ticket.id))) == 0
    assert db.session.scalar(select(func.count(OAuthState.id))) == 0
    assert client.get("/settings/branding").status_code == 200


def test_uninstalling_ends_every_session(client: FlaskClient) -> None:
    account = make_account()
    sign_in(client, account)
    make_course(account)
    assert client.get("/settings/branding").status_code == 200
    install.uninstall(account)
    assert client.get("/settings/branding").status_code == 401


def test_a_form_without_its_token_is_refused_and_changes_nothing(client: FlaskClient) -> None:
    account = make_account()
    sign_in(client, account)
    client.environ_base.pop("HTTP_X_CSRFTOKEN")
    assert client.post("/settings/crm-integration/notes").status_code == 403
    assert account.write_notes is True
    page = client.get("/settings/crm-integration").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    assert client.post("/settings/crm-integration/notes", data={"csrf_token": found[1]})
    db.session.expire_all()
    assert account.write_notes is False
