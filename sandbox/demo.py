"""Makes the demo account of `bin/dev`, the way a customer would: `python -m sandbox.demo`.

It installs the hub from the sandbox CRM, connects the sandbox's SCORM Cloud, provisions the custom
objects and uploads the two sample courses, all through the hub's own pages. Run again, it finds
what is there and adds only what is missing.
"""

from __future__ import annotations

import html
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from sandbox.courses.build import build

HUB = os.environ.get("HUB_URL", "http://hub.localhost:8000")
CRM = os.environ.get("CRM_URL", "http://crm.localhost:8001")
LOCATION = "demo-location"
PATIENCE = 60  # seconds for an import
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]+)"')


class Admin:
    """An administrator of the demo location, in a browser of their own."""

    def __init__(self, hub: str, crm: str, location: str = LOCATION) -> None:
        self.hub, self.crm, self.location = local(hub), local(crm), location
        self.http = requests.Session()
        self.http.headers["Host"] = urlsplit(hub).netloc

    def install(self) -> None:
        """OAuth: from the hub's install address, over the CRM's consent, back to the hub."""
        start = self.get("/install")
        query = parse_qs(urlsplit(start.headers["Location"]).query)
        consent = requests.post(
            f"{self.crm}/sandbox/authorize",
            json={
                "location": self.location,
                "redirect_uri": query["redirect_uri"][0],
                "scope": query["scope"][0],
            },
            timeout=20,
        )
        consent.raise_for_status()
        came_back = self.get(
            "/oauth/callback", code=consent.json()["code"], state=query["state"][0]
        )
        if came_back.status_code not in (302, 303):
            raise SystemExit("The sandbox CRM's consent did not lead into the hub.")

    def connect_scorm_cloud(self, app_id: str, secret_key: str) -> None:
        hidden = self.hidden_fields("/settings/scorm-cloud")
        self.post("/settings/scorm-cloud", **{**hidden, "app_id": app_id, "secret_key": secret_key})

    def provision_objects(self) -> None:
        self.post("/settings/custom-objects")

    def upload(self, package: Path) -> None:
        """Asks where the bytes may go, sends them there, says that they have arrived."""
        answer = self.post("/courses", filename=package.name, size=str(package.stat().st_size))
        target = answer.json()
        with package.open("rb") as file:
            address = self.hub + urlsplit(target["url"]).path
            self.http.request(target["method"], address, data=file, timeout=60).raise_for_status()
        self.post(target["finish"])

    def sees(self, words: str, path: str = "/courses") -> bool:
        return words in self.get(path).text

    def get(self, path: str, **query: str) -> requests.Response:
        return self.http.get(self.hub + path, params=query, allow_redirects=False, timeout=20)

    def hidden_fields(self, path: str) -> dict[str, str]:
        """What the forms of a page carry besides what is typed, the CSRF token among it."""
        found = dict(HIDDEN.findall(self.get(path).text))
        if "csrf_token" not in found:
            raise SystemExit(f"The hub's page {path} shows no form.")
        return found

    def post(self, path: str, **fields: str) -> requests.Response:
        """As a page's form would."""
        if "csrf_token" not in fields:
            fields["csrf_token"] = self.hidden_fields("/settings/scorm-cloud")["csrf_token"]
        answer = self.http.post(self.hub + path, data=fields, allow_redirects=False, timeout=30)
        if answer.status_code >= 400:
            raise SystemExit(f"The hub answered {answer.status_code} to {path}. {words(answer)}")
        return answer


def words(answer: requests.Response) -> str:
    """What the page of an error says."""
    paragraphs = re.findall(r"<p>(.*?)</p>", answer.text, re.DOTALL)
    return html.unescape(" ".join(" ".join(paragraphs).split()))


def local(url: str) -> str:
    """Names under .localhost mean this machine; not every resolver knows that."""
    return f"http://127.0.0.1:{urlsplit(url).port}"


def make(hub: str = HUB, crm: str = CRM) -> None:
    admin = Admin(hub, crm)
    admin.install()
    if not admin.sees("Connected", "/settings/scorm-cloud") or admin.sees(
        "Not Connected", "/settings/scorm-cloud"
    ):
        admin.connect_scorm_cloud("SANDBOX", "sandbox-secret")
    admin.provision_objects()
    with tempfile.TemporaryDirectory() as folder:
        for package in build(Path(folder)):
            if not admin.sees(package.name):
                admin.upload(package)
    wait_until_ready(admin)


def wait_until_ready(admin: Admin) -> None:
    deadline = time.monotonic() + PATIENCE
    while admin.sees("Processing"):
        if time.monotonic() > deadline:
            raise SystemExit("The sample courses are still being imported; see the Courses page.")
        time.sleep(0.3)


if __name__ == "__main__":
    make()
    sys.exit(0)
