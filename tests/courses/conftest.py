"""A course's way to Ready, taken as the browser and the worker take it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import connections
from app.extensions import db
from app.models import Account, Course, CourseStatus, across_accounts
from sandbox.courses.build import build
from tests.factories import make_account, sign_in

Work = Callable[..., None]


@pytest.fixture
def account(client: FlaskClient) -> Account:
    """Its owner is signed in on `client`, and nothing lies in storage."""
    storage = connections.storage()
    for key in list(storage.keys()):
        storage.delete(key)
    account = make_account()
    sign_in(client, account)
    return account


@pytest.fixture(scope="session")
def fire_safety(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Our own SCORM 1.2 course."""
    return build(tmp_path_factory.mktemp("courses"))[0].read_bytes()


def begin(client: FlaskClient, filename: str, size: int) -> TestResponse:
    headers = {"HX-Request": "true", "Accept": "application/json"}
    return client.post("/courses", data={"filename": filename, "size": size}, headers=headers)


def upload(client: FlaskClient, content: bytes, filename: str = "course.zip") -> str:
    """Sends a package as upload.js does; returns the course's id."""
    target = begin(client, filename, len(content)).get_json()
    sent = client.open(target["url"], method=target["method"], data=content)
    assert sent.status_code == 200, sent.text
    assert client.post(target["finish"]).status_code == 200
    course_id: str = target["finish"].split("/")[2]
    return course_id


def reread(course_id: str) -> Course:
    with across_accounts():
        db.session.rollback()
        return db.session.get_one(Course, course_id)


def work_until_done(work: Work, course_id: str, ahead: timedelta = timedelta()) -> Course:
    """Lets the worker take steps until the course is no longer processing."""
    work()
    for _ in range(30):
        if reread(course_id).status != CourseStatus.PROCESSING:
            break
        ahead += timedelta(seconds=6)
        work(ahead=ahead)
    return reread(course_id)


def packages(folder: Path) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted(folder.glob("*.zip"))]
