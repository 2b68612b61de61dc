"""The tables of the SCORM Cloud stand-in, and the identities a fresh one has: two applications,
and one that may only manage applications.

Everything belongs to an application (``app``), the separate container SCORM Cloud calls by its
App ID. Times are ISO texts in UTC with milliseconds, so they sort and compare as text.
"""

import sqlite3
from datetime import UTC, datetime

from sandbox.clock import iso

SCHEMA = """
CREATE TABLE IF NOT EXISTS applications (
    id TEXT PRIMARY KEY, secret TEXT NOT NULL, name TEXT NOT NULL, created TEXT NOT NULL,
    allow_delete INTEGER NOT NULL DEFAULT 1, account_type TEXT NOT NULL DEFAULT 'sandbox',
    reg_limit INTEGER NOT NULL DEFAULT 1000000, strict_limit INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS application_updates (app TEXT PRIMARY KEY, updated TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS credentials (
    id TEXT PRIMARY KEY, app TEXT NOT NULL, name TEXT NOT NULL, secret TEXT NOT NULL,
    active INTEGER NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL,
    FOREIGN KEY (app) REFERENCES applications (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS credentials_app ON credentials (app);
CREATE TABLE IF NOT EXISTS courses (
    app TEXT NOT NULL, id TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '[]', newest INTEGER NOT NULL,
    PRIMARY KEY (app, id)
);
CREATE TABLE IF NOT EXISTS course_versions (
    app TEXT NOT NULL, course TEXT NOT NULL, version INTEGER NOT NULL, title TEXT NOT NULL,
    standard TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL,
    package TEXT NOT NULL, -- what packages.inspect found, as JSON
    file TEXT NOT NULL,    -- name of the zip in the packages folder; never the same name twice
    PRIMARY KEY (app, course, version),
    FOREIGN KEY (app, course) REFERENCES courses (app, id) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS import_jobs (
    id TEXT PRIMARY KEY, app TEXT NOT NULL, course TEXT NOT NULL, request TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'RUNNING', polls_left INTEGER NOT NULL, finished TEXT,
    message TEXT, version INTEGER, warnings TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE IF NOT EXISTS registrations (
    app TEXT NOT NULL, id TEXT NOT NULL, course TEXT NOT NULL, created TEXT NOT NULL,
    learner TEXT NOT NULL, email TEXT, first_name TEXT, last_name TEXT,
    tags TEXT NOT NULL DEFAULT '[]', current INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (app, id),
    FOREIGN KEY (app, course) REFERENCES courses (app, id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS registrations_course ON registrations (app, course);
CREATE INDEX IF NOT EXISTS registrations_learner ON registrations (app, learner);
CREATE INDEX IF NOT EXISTS registrations_created ON registrations (app, created);
CREATE TABLE IF NOT EXISTS instances (
    app TEXT NOT NULL, registration TEXT NOT NULL, instance INTEGER NOT NULL,
    course_version INTEGER NOT NULL, xapi_id TEXT NOT NULL,
    created TEXT NOT NULL, updated TEXT NOT NULL,
    first_access TEXT, last_access TEXT, completed TEXT,
    completion TEXT NOT NULL DEFAULT 'UNKNOWN', success TEXT NOT NULL DEFAULT 'UNKNOWN',
    score REAL, seconds REAL NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    posted TEXT,           -- the results last sent by postback
    root TEXT,             -- the root activity's status, if the player's sequencing gave one
    sequencing TEXT, suspended_item TEXT,
    PRIMARY KEY (app, registration, instance),
    FOREIGN KEY (app, registration) REFERENCES registrations (app, id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS instances_updated ON instances (app, updated);
CREATE TABLE IF NOT EXISTS items (
    app TEXT NOT NULL, registration TEXT NOT NULL, instance INTEGER NOT NULL, item TEXT NOT NULL,
    cmi TEXT NOT NULL, final INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 1, launch TEXT,
    carried REAL NOT NULL DEFAULT 0, -- seconds of earlier attempts, which the cmi has forgotten
    PRIMARY KEY (app, registration, instance, item),
    FOREIGN KEY (app, registration, instance)
        REFERENCES instances (app, registration, instance) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS launches (
    id TEXT PRIMARY KEY, app TEXT NOT NULL, link TEXT NOT NULL, registration TEXT,
    instance INTEGER, launched TEXT NOT NULL, exited TEXT, last_update TEXT,
    completion TEXT NOT NULL DEFAULT 'UNKNOWN', success TEXT NOT NULL DEFAULT 'UNKNOWN',
    score REAL, seconds_before REAL NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
    log TEXT NOT NULL DEFAULT '[]',
    FOREIGN KEY (app, registration, instance)
        REFERENCES instances (app, registration, instance) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS launches_of ON launches (app, registration, instance);
CREATE TABLE IF NOT EXISTS links (
    id TEXT PRIMARY KEY, app TEXT NOT NULL, expires REAL NOT NULL, doc TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS settings (
    app TEXT NOT NULL, level TEXT NOT NULL, owner TEXT NOT NULL, setting TEXT NOT NULL,
    value TEXT NOT NULL, PRIMARY KEY (app, level, owner, setting)
);
CREATE TABLE IF NOT EXISTS learner_tags (
    app TEXT NOT NULL, learner TEXT NOT NULL, tags TEXT NOT NULL, PRIMARY KEY (app, learner)
);
"""

IDENTITIES = {"SANDBOX": "sandbox-secret", "SECOND": "second-secret"}
MANAGERS = {"MANAGER": "manager-secret"}  # APP_MANAGEMENT: no content of their own


def seed(db: sqlite3.Connection) -> None:
    """The applications of a fresh sandbox."""
    now = iso(datetime.now(UTC))
    for app, secret in IDENTITIES.items():
        db.execute(
            "INSERT INTO applications (id, secret, name, created) VALUES (?, ?, ?, ?)",
            (app, secret, f"{app.capitalize()} application", now),
        )
