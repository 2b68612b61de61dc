"""The vendor's own Python client in the dated generation, including its refresh after a 401.

Arguments: the address of the sandbox, a location's code, the agency's code. Prints one JSON object.
"""

import asyncio
import json
import sys
import urllib.request
from typing import Any

from highlevel import HighLevel  # type: ignore[import-not-found]

BASE, LOCATION_CODE, COMPANY_CODE = sys.argv[1:]
CLIENT = {"client_id": "sandboxapp-1", "client_secret": "sandbox-client-secret"}


class Local(HighLevel):
    BASE_URL = BASE


def new_client(**more: Any) -> Any:
    return Local(**CLIENT, api_version="2021-07-28", log_level="error", **more)


async def token(client: Any, code: str, kind: str) -> dict[str, Any]:
    answer: dict[str, Any] = await client.oauth.get_access_token(
        {
            **CLIENT,
            "grant_type": "authorization_code",
            "code": code,
            "user_type": kind,
            "redirect_uri": "https://hub.example/cb",
        }
    )
    return answer


def expire_tokens() -> None:
    request = urllib.request.Request(
        f"{BASE}/sandbox/faults",
        data=b'{"expire_tokens": true}',
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=10):
        pass


async def main() -> dict[str, Any]:
    client = new_client()
    granted = await token(client, LOCATION_CODE, "Location")
    place = granted["locationId"]
    header = {"headers": {"locationId": place}}
    await client.session_storage.set_session(place, granted)
    company = await token(new_client(), COMPANY_CODE, "Company")
    agency = new_client(agency_access_token=company["access_token"])
    listed = await client.contacts.get_contacts(place, limit=7)
    made = await client.contacts.create_contact(
        {"locationId": place, "email": "dated@example.org", "name": "Anna Lena Berg", "tags": ["A"]}
    )
    id = made["contact"]["id"]
    changed = await client.contacts.update_contact(id, {"city": "Åbo"}, options=header)
    swapped = await agency.oauth.get_location_access_token(
        {"companyId": "demo-company", "locationId": place}
    )
    installed = await agency.oauth.get_installed_location("demo-company", "sandboxapp", limit="5")
    before = await client.session_storage.get_session(place)
    expire_tokens()
    # A call whose location stands in its address: by a header alone this client does not renew.
    again = await client.contacts.get_contacts(place, query="dated@example.org")
    after = await client.session_storage.get_session(place)
    await client.close()
    await agency.close()
    return {
        "token": {name: granted[name] for name in ("userType", "token_type", "expires_in")},
        "listed": [len(listed["contacts"]), listed["count"]],
        "first_name": made["contact"]["firstName"],
        "tags": made["contact"]["tags"],
        "succeded": changed["succeded"],
        "city": again["contacts"][0]["city"],
        "swapped": bool(swapped["access_token"]),
        "installed": installed["count"],
        "renewed": before["access_token"] != after["access_token"],
        "rotated": before["refresh_token"] != after["refresh_token"],
    }


print(json.dumps(asyncio.run(main())))
