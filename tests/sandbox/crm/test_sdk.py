"""The vendor's own client libraries work against the sandbox, in both generations."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.crm.conftest import HERE, Crm

pytestmark = pytest.mark.slow  # makes a virtual environment for each client, the first time


def run(sdk: Callable[[str], str], name: str, crm: Crm) -> dict[str, Any]:
    codes = [crm.code("demo-location"), crm.code("demo-company")]
    command = [sdk(name), str(HERE / f"sdk_{name}.py"), crm.url, *codes]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert finished.returncode == 0, finished.stderr[-3000:]
    answer: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return answer


def test_the_current_client_makes_every_call_the_hub_needs(
    crm: Crm, sdk: Callable[[str], str]
) -> None:
    seen = run(sdk, "v3", crm)
    assert seen["token"] == {"userType": "Location", "tokenType": "Bearer", "expiresIn": 86399}
    assert seen["company"] == {"userType": "Company", "isBulkInstallation": True}
    assert (seen["found"], seen["total"], seen["new"]) == (5, 60, True)
    assert seen["duplicate"] == seen["contact"]
    assert seen["tags"] == [["scorm-enrolled"], []]
    assert (seen["note"], seen["notes"]) == ("done", 1)
    assert seen["created_tag"] == "sdk tag"
    assert seen["schema"] == "custom_objects.course_enrollment"
    assert seen["field"] == "custom_objects.course_enrollment.progress"
    assert (seen["records"], seen["progress"], seen["related"]) == (1, 50, 1)
    assert seen["association"]
    assert all(seen[name] for name in ("workflow", "charge", "funds", "message", "swapped"))
    assert seen["installer"] == "demo-location"
    kinds = [effect["kind"] for effect in crm.controls.effects()]
    assert kinds == [
        "contact_created",
        "tag_added",
        "tag_removed",
        "note_created",
        "schema_created",
        "field_created",
        "record_created",
        "record_updated",
        "association_created",
        "relation_created",
        "message_sent",
    ]


def test_the_dated_client_works_and_renews_an_expired_token(
    crm: Crm, sdk: Callable[[str], str]
) -> None:
    seen = run(sdk, "dated", crm)
    assert seen["token"] == {"userType": "Location", "token_type": "Bearer", "expires_in": 86399}
    assert seen["listed"] == [7, 60]
    assert (seen["first_name"], seen["tags"], seen["city"]) == ("Anna", ["a"], "Åbo")
    assert seen["succeded"]
    assert seen["swapped"]
    assert seen["installed"] == 2
    assert seen["renewed"]
    assert seen["rotated"]
