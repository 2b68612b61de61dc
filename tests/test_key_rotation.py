"""`flask rotate-keys`, while everything else goes on."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Grant
from tests.commands import run
from tests.factories import make_account, make_grant


def test_keys_are_rotated(app: Flask) -> None:
    account = make_account(scorm_secret_key="the secret")
    make_grant(account, "the token")
    db.session.commit()
    new, old = Fernet.generate_key().decode(), app.config["ENCRYPTION_KEYS"]
    app.config["ENCRYPTION_KEYS"] = [new, *old]
    assert "2 rows" in run(app, "rotate-keys").output
    app.config["ENCRYPTION_KEYS"] = [new]  # the old key is gone
    db.session.expire_all()
    assert account.scorm_secret_key == "the secret"
    written = db.session.execute(text("select scorm_secret_key from accounts")).scalar_one()
    assert Fernet(new).decrypt(written.encode()) == b"the secret"


def test_a_token_that_is_renewed_during_a_rotation_stays(app: Flask) -> None:
    account = make_account()
    grant = make_grant(account, "old access", "old refresh")
    db.session.commit()
    renewed: list[str] = []

    def renew(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("UPDATE grants") and not renewed:
            renewed.append(statement)
            with Session(db.engine) as rows:
                rows.get_one(Grant, grant.id).renew("new access", "new refresh", 80_000)
                rows.commit()

    event.listen(db.engine, "before_cursor_execute", renew)
    try:
        run(app, "rotate-keys")
    finally:
        event.remove(db.engine, "before_cursor_execute", renew)
    assert renewed
    db.session.expire_all()
    assert (grant.access_token, grant.refresh_token) == ("new access", "new refresh")


def test_a_missing_key_is_said_and_nothing_lost(app: Flask) -> None:
    account = make_account(scorm_secret_key="the secret")
    db.session.commit()
    right = app.config["ENCRYPTION_KEYS"]
    app.config["ENCRYPTION_KEYS"] = [Fernet.generate_key().decode()]
    result = run(app, "rotate-keys")
    assert result.exit_code == 1
    assert "Put the key that wrote it behind the newest one" in result.output
    app.config["ENCRYPTION_KEYS"] = right
    db.session.expire_all()
    assert account.scorm_secret_key == "the secret"
