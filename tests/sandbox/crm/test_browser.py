"""In a real browser: the frame learns who is signed in, and a contact's page shows what arrives."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.sandbox.crm.conftest import Api, Crm
from tests.sandbox.crm.test_desktop import opened

PLACE = "demo-location"
# Stands where the hub's entry page would: asks its parent, shows the answer and where it came from.
ENTRY = """<!doctype html><title>entry</title><p id="answer"></p><p id="origin"></p><script>
addEventListener("message", (event) => {
  if (event.source !== parent || event.data.message !== "REQUEST_USER_DATA_RESPONSE") return;
  document.getElementById("answer").textContent = event.data.payload;
  document.getElementById("origin").textContent = event.origin;
});
parent.postMessage({ message: "REQUEST_USER_DATA" }, "*");
</script>"""


@pytest.mark.parametrize("name", ["crm", "agency"])
def test_the_framed_app_learns_who_is_signed_in(crm: Crm, page: Page, name: str) -> None:
    page.route(
        f"{crm.ports.hub_url}/embed?*",
        lambda route: route.fulfill(body=ENTRY, content_type="text/html"),
    )
    origin = f"http://{name}.localhost:{crm.ports.crm}"
    page.goto(f"{origin}/v2/location/{PLACE}/app")
    frame = page.frame_locator("#app")
    expect(frame.locator("#origin")).to_have_text(origin)
    context = opened(frame.locator("#answer").inner_text(), "sandbox-shared-secret")
    assert (context["userName"], context["activeLocation"]) == ("Ifeoma Eze", PLACE)


def test_a_contacts_page_shows_what_arrives_without_a_reload(
    crm: Crm, api: Api, page: Page
) -> None:
    body = {"locationId": PLACE, "pageLimit": 1, "query": "Zoë"}
    id = api("POST", "/contacts/search", json=body)["contacts"][0]["id"]
    page.goto(f"{crm.ports.crm_url}/v2/location/{PLACE}/contacts")
    page.get_by_label("Search by name").fill("zoe")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Zoë Ångström").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zoë Ångström")
    api("POST", f"/contacts/{id}/tags", json={"tags": ["scorm_completed"]})
    api("POST", f"/contacts/{id}/notes", json={"body": "Completed Fire Safety"})
    expect(page.get_by_text("Completed Fire Safety")).to_be_visible()
    expect(page.get_by_text("scorm_completed")).to_be_visible()


def test_the_desktop_fits_a_phone(crm: Crm, page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    pages = [f"location/{PLACE}/{path}" for path in ("contacts", "objects", "apps", "app")]
    for path in [*pages, "agency", "agency/app"]:
        page.goto(f"{crm.ports.crm_url}/v2/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 375, path
