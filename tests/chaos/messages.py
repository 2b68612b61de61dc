"""Messages that should not count, or only once: forged, about another account's people, repeated.

What a stranger could send is sent from here, straight to the hub's two addresses for messages.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import requests

from sandbox.crm.signing import forged
from sandbox.demo import local
from tests.chaos.scene import KEYS, Company

USER, PASSWORD = "ApiRollupRegistrationAuthUser", "ApiRollupRegistrationAuthPassword"
AT_ONCE = 8
Login = tuple[str, str]


def login(company: Company, registration: str) -> Login:
    """The account's own user name and password for postbacks, as its customer can read them."""
    api = f"http://127.0.0.1:{company.stack.ports.cloud}/api/v2"
    path = f"{api}/registrations/{registration}/configuration"
    answer = requests.get(path, auth=KEYS[company.location], timeout=30)
    answer.raise_for_status()
    values = {item["id"]: item["effectiveValue"] for item in answer.json()["settingItems"]}
    return values[USER], values[PASSWORD]


def praise(registration: str) -> str:
    """The body of a postback that says the best about this registration."""
    return json.dumps(
        {
            "id": registration,
            "instance": 0,
            "updated": datetime.now(UTC).isoformat(),
            "registrationCompletion": "COMPLETED",
            "registrationSuccess": "PASSED",
            "score": {"scaled": 100.0},
            "totalSecondsTracked": 60.0,
        }
    )


def post_back(company: Company, sender: Login, body: str) -> int:
    """Sends one postback; the status of the answer."""
    return post(company, "scorm-cloud", body, auth=sender)


def forge_event(company: Company, kind: str, **fields: Any) -> int:
    """Sends an event of the CRM with a signature by somebody else's key; the status."""
    event = {"type": kind, "locationId": company.location, "webhookId": "forged", **fields}
    body = json.dumps(event)
    return post(company, "crm", body, headers={"X-GHL-Signature": forged(body.encode())})


def repeat_last(company: Company, sender: Login, times: int) -> list[int]:
    """The newest postback of the account again, this often, several at once; all statuses."""
    sent = company.stack.sandbox.cloud.get("deliveries")["deliveries"]
    app = KEYS[company.location][0]
    bodies = (
        one["body"] for one in sent if one["kind"] == "postback" and one["key"].startswith(app)
    )
    newest = next(bodies, None)
    if newest is None:
        return []
    with ThreadPoolExecutor(AT_ONCE) as hands:
        return list(hands.map(lambda _: post_back(company, sender, newest), range(times)))


def post(company: Company, address: str, body: str, **more: Any) -> int:
    headers = {"Content-Type": "application/json", **more.pop("headers", {})}
    url = f"{local(company.stack.url)}/api/webhooks/{address}"
    return requests.post(url, data=body.encode(), headers=headers, timeout=30, **more).status_code
