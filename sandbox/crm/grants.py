"""Installations and tokens: who granted the app what, and how tokens are renewed.

A refresh token lives a year or until it is used; used again within thirty seconds it gives the
very same pair, so that callers racing each other do not lock themselves out.
"""

import secrets
import sqlite3
from dataclasses import dataclass

from sandbox.crm.crm_state import Crm
from sandbox.crm.documents import AGENCY, locations
from sandbox.crm.identities import COMPANY, TRIAL_PLAN
from sandbox.crm.refusals import SUSPENDED, Refusal, bad_request

CODE_LIFE_S = 600
REFRESH_LIFE_S = 365 * 86_400
GRACE_S = 30


@dataclass(frozen=True)
class Grant:
    """What a token stands for. ``location`` is empty for a token of the agency."""

    access: str
    refresh: str
    company: str
    location: str
    scope: str
    user: str
    expires_at: float

    @property
    def kind(self) -> str:
        return "Location" if self.location else "Company"

    @property
    def scopes(self) -> set[str]:
        return set(self.scope.split())


def make_code(
    crm: Crm, db: sqlite3.Connection, location: str, scope: str, user: str, redirect_uri: str
) -> str:
    """A code for one location, or for the agency when ``location`` is empty."""
    code = secrets.token_hex(20)
    expires = crm.clock.timestamp() + CODE_LIFE_S
    db.execute(
        "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
        (code, COMPANY, location, scope, user, redirect_uri, expires),
    )
    return code


def redeem(crm: Crm, db: sqlite3.Connection, code: str, redirect_uri: str | None) -> Grant:
    """Swap a code for tokens; a code works once, soon, and for its own redirect address."""
    row = db.execute("SELECT * FROM codes WHERE code = ? AND NOT used", (code,)).fetchone()
    if row is None or row["expires_at"] < crm.clock.timestamp():
        raise invalid_grant("Invalid grant: authorization code is invalid")
    if redirect_uri is not None and redirect_uri != row["redirect_uri"]:
        raise invalid_grant("Invalid grant: redirect_uri does not match")
    db.execute("UPDATE codes SET used = 1 WHERE code = ?", (code,))
    return issue(crm, db, row["company_id"], row["location_id"], row["scope"], row["user_id"])


def issue(
    crm: Crm, db: sqlite3.Connection, company: str, location: str, scope: str, user: str
) -> Grant:
    """A new pair of tokens."""
    now = crm.clock.timestamp()
    access, refresh = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
    expires = now + crm.knobs["access_token_s"]
    db.execute(
        "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        (access, refresh, company, location, scope, user, expires, now + REFRESH_LIFE_S),
    )
    return Grant(access, refresh, company, location, scope, user, expires)


def refresh(crm: Crm, db: sqlite3.Connection, token: str) -> Grant:
    """Renew by a refresh token, which dies by it (but see the thirty seconds above)."""
    row = db.execute("SELECT * FROM tokens WHERE refresh = ?", (token,)).fetchone()
    now = crm.clock.timestamp()
    if row is None or row["refresh_expires_at"] < now:
        raise invalid_grant("Invalid grant: refresh token is invalid")
    if is_suspended(db, row["location_id"]):
        raise bad_request(SUSPENDED)
    if row["rotated_at"] is not None:
        if now - row["rotated_at"] > GRACE_S:
            raise invalid_grant("Invalid grant: refresh token is invalid")
        return _grant(_row(db, row["successor"]))
    new = issue(crm, db, row["company_id"], row["location_id"], row["scope"], row["user_id"])
    db.execute(
        "UPDATE tokens SET rotated_at = ?, successor = ? WHERE refresh = ?",
        (now, new.access, token),
    )
    return new


def find(crm: Crm, db: sqlite3.Connection, access: str) -> Grant | None:
    """The grant of a living access token."""
    row = _row(db, access)
    if row is None or row["expires_at"] <= crm.clock.timestamp():
        return None
    return _grant(row)


def install(crm: Crm, db: sqlite3.Connection, grant: Grant, plan: str = TRIAL_PLAN) -> list[str]:
    """Note the app as installed; where. An agency's install covers it and all its locations."""
    concerned = [grant.location] if grant.location else [AGENCY, *all_locations(db)]
    for location in concerned:
        db.execute(
            "INSERT INTO installations VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " scope = excluded.scope, user_id = excluded.user_id,"
            " installed_at = excluded.installed_at",
            (grant.company, location, grant.scope, plan, grant.user, crm.now()),
        )
    return concerned


def uninstall(db: sqlite3.Connection, company: str, location: str) -> list[str]:
    """Take the app away from one location, or from the agency and all its locations."""
    test, values = "company_id = ?", [company]
    if location:
        test, values = "company_id = ? AND location_id = ?", [company, location]
    rows = db.execute(f"SELECT location_id FROM installations WHERE {test}", values).fetchall()
    for table in ("installations", "tokens", "codes"):
        db.execute(f"DELETE FROM {table} WHERE {test}", values)
    return [row["location_id"] for row in rows]


def join(crm: Crm, db: sqlite3.Connection, location: str) -> bool:
    """A later location gets the app by itself where the whole agency has it; whether it did."""
    joined = db.execute(
        "INSERT INTO installations SELECT company_id, ?, scope, plan_id, user_id, ?"
        " FROM installations WHERE location_id = ?",
        (location, crm.now(), AGENCY),
    )
    return joined.rowcount == 1


def revoke(db: sqlite3.Connection, company: str, location: str) -> int:
    """End every token of a location (or of the agency itself); the app stays installed there.

    This is what happens when the CRM believes that a refresh token was stolen. How many there were.
    """
    return db.execute(
        "DELETE FROM tokens WHERE company_id = ? AND location_id = ?", (company, location)
    ).rowcount


def installation(db: sqlite3.Connection, location: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM installations WHERE location_id = ?", (location,)
    ).fetchone()
    return row


def all_locations(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("SELECT id FROM locations ORDER BY seq").fetchall()
    return [row["id"] for row in rows]


def is_suspended(db: sqlite3.Connection, location: str) -> bool:
    found = locations.get(db, location, location) if location else None
    return bool(found and found["suspended"])


def invalid_grant(message: str) -> Refusal:
    """A refusal of the token endpoint, in the CRM's words and in OAuth's."""
    return bad_request(message, error="invalid_grant", error_description=message)


def _row(db: sqlite3.Connection, access: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM tokens WHERE access = ?", (access,)
    ).fetchone()
    return row


def _grant(row: sqlite3.Row | None) -> Grant:
    if row is None:
        raise invalid_grant("Invalid grant: refresh token is invalid")
    return Grant(
        row["access"],
        row["refresh"],
        row["company_id"],
        row["location_id"],
        row["scope"],
        row["user_id"],
        row["expires_at"],
    )
