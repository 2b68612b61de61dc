"""Clients connected to the sandbox, as an installed account would hold them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.clients.crm import Crm, CrmApp, Token
from app.clients.scorm_cloud import ScormCloud
from tests.clients.examples import ANN, LOCATION, REDIRECT, SCOPES, package
from tests.fixtures.sandbox import Sandbox
from tests.waiting import eventually


@pytest.fixture
def crm_app(sandbox: Sandbox) -> CrmApp:
    return CrmApp(sandbox.crm.url, "sandboxapp-1", "sandbox-client-secret")


@pytest.fixture
def install(sandbox: Sandbox, crm_app: CrmApp) -> Callable[..., Token]:
    """Installs as somebody would who chose a location (or a company) by hand."""

    def choose(**whom: str) -> Token:
        wanted = {"scope": SCOPES, **whom}
        code = sandbox.crm.post("authorize", redirect_uri=REDIRECT, **wanted)["code"]
        kind = "Company" if "company" in whom else "Location"
        return crm_app.exchange_code(code, REDIRECT, user_type=kind)

    return choose


@pytest.fixture
def crm(sandbox: Sandbox, install: Callable[..., Token]) -> Crm:
    return Crm(sandbox.crm.url, install(location=LOCATION).access_token, LOCATION)


@pytest.fixture
def cloud(sandbox: Sandbox) -> ScormCloud:
    return ScormCloud(f"{sandbox.cloud.url}/api/v2", "SANDBOX", "sandbox-secret")


@pytest.fixture
def course(cloud: ScormCloud) -> str:
    """A course that is ready to be played."""
    job = cloud.upload_course("course-1", package(), "forklift.zip", tags=["demo"])
    eventually(lambda: not cloud.import_job(job).is_running)
    return "course-1"


@pytest.fixture
def registration(cloud: ScormCloud, course: str) -> str:
    cloud.create_registration("reg-1", course, ANN)
    return "reg-1"
