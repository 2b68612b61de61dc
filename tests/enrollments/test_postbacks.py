"""Postbacks as SCORM Cloud really sends them: every format, by both kinds of authentication."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import connections
from app.enrollments import enrolling
from app.extensions import db
from app.models import Account, Completion, Course, Enrollment, acting_for
from tests.enrollments.conftest import Work, enrollments, play
from tests.factories import make_enrollment
from tests.fixtures.sandbox import Sandbox

ADDRESS = "/api/webhooks/scorm-cloud"
DONE = {"completion": "COMPLETED", "success": "PASSED", "score": 80, "seconds": 30}
FORMATS: dict[str, dict[str, str]] = {
    "course": {},
    "activity": {"includeChildResults": "true"},
    "full": {
        "includeChildResults": "true",
        "includeRuntime": "true",
        "includeInteractionsAndObjectives": "true",
    },
}


@pytest.fixture
def enrollment(account: Account, course: Course) -> Enrollment:
    with acting_for(account.id):
        enrollment = make_enrollment(course, registered=False)
        enrolling.register(enrollment)
        db.session.commit()
    return enrollment


def body_in(account: Account, enrollment: Enrollment, format: str) -> dict[str, Any]:
    """What a postback of this format holds: the registration, read with as much detail."""
    cloud = connections.scorm_cloud(account)
    path = f"/registrations/{enrollment.registration_id}"
    found: dict[str, Any] = cloud._http.call("GET", path, params=FORMATS[format])
    return found


def by_basic(client: FlaskClient, account: Account, body: dict[str, Any]) -> int:
    pair = base64.b64encode(f"{account.id}:{account.postback_password}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json; charset=UTF-8"}
    return client.post(ADDRESS, data=json.dumps(body), headers=headers).status_code


def by_form(client: FlaskClient, account: Account, body: dict[str, Any]) -> int:
    form = {"userName": account.id, "password": account.postback_password}
    return client.post(ADDRESS, data={**form, "data": json.dumps(body)}).status_code


@pytest.mark.parametrize("post", [by_basic, by_form])
@pytest.mark.parametrize("format", FORMATS)
def test_every_format_by_both_kinds_of_authentication(
    client: FlaskClient,
    account: Account,
    enrollment: Enrollment,
    sandbox: Sandbox,
    work: Work,
    format: str,
    post: Any,
) -> None:
    play(sandbox, enrollment, **DONE)
    body = body_in(account, enrollment, format)
    assert bool(body["activityDetails"].get("children")) == (format != "course")
    assert post(client, account, body) == 200
    work()
    [row] = enrollments()
    assert (row.completion, row.score, row.attempts_made) == (Completion.COMPLETED, 80, 1)
