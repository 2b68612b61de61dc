"""An account that is installed at the sandbox CRM, and the CRM's workflow builder calling us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import connections
from app.clients.crm import Contact
from app.models import Account, Course, acting_for
from tests.factories import install_account, make_course
from tests.fixtures.sandbox import Sandbox
from tools.environment import Ports

SECRET = "sandbox-workflow-secret"
Work = Callable[..., None]


class Builder:
    """The CRM, as far as it calls our addresses for one location."""

    def __init__(self, client: FlaskClient, ports: Ports, location_id: str) -> None:
        self.client, self.ports, self.location_id = client, ports, location_id

    def call(self, path: str, body: dict[str, Any], secret: str = SECRET) -> TestResponse:
        """A POST with the static header, on behalf of the location."""
        extras = {"locationId": self.location_id, "workflowId": "w-1", **body.get("extras", {})}
        headers = {"X-Workflow-Secret": secret}
        return self.client.post(
            f"/api/workflows{path}", json={**body, "extras": extras}, headers=headers
        )

    def save(self, key: str, trigger_id: str = "t-1", **trigger: Any) -> TestResponse:
        """Somebody saves a workflow that begins with our trigger."""
        target = f"{self.ports.crm_url}/workflows-marketplace/triggers/execute/app/{trigger_id}"
        data = {"id": trigger_id, "key": key, "eventType": "CREATED", "targetUrl": target}
        return self.call("/triggers", {"triggerData": {"filters": [], **data, **trigger}})

    def enroll(self, course: Course | str, contact: Contact | str) -> TestResponse:
        """A workflow reaches our action."""
        course_id = course if isinstance(course, str) else course.id
        contact_id = contact if isinstance(contact, str) else contact.id
        body = {"data": {"course": course_id}, "extras": {"contactId": contact_id}}
        return self.call("/actions/enroll", body)


@pytest.fixture
def account(app: Flask, sandbox: Sandbox) -> Iterator[Account]:
    account = install_account(sandbox)
    account.go_live()
    with acting_for(account.id):
        yield account


@pytest.fixture
def course(account: Account) -> Course:
    return make_course(account)


@pytest.fixture
def builder(client: FlaskClient, account: Account, ports: Ports) -> Builder:
    return Builder(client, ports, account.location_id)


@pytest.fixture
def contact(account: Account) -> Contact:
    crm = connections.crm(account)
    return crm.contact(crm.search_contacts("zoe")[0].id)
