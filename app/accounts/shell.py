"""The empty page that the CRM frames: no data, no forms, only the script that signs in.

It also stands in for every page that is asked for inside a frame without proof of a session: it
signs in and then loads that address into itself, so a reload or a deep link inside the frame works
with all cookies blocked and nothing ever redirects in circles.
"""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from app.accounts.frame import origins_for
from app.headers import allow_frames


def wanted() -> bool:
    """A page is being loaded into a frame."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "iframe"


def shell(location_id: str, destination: str) -> Response:
    """Loads `destination`, an address of this hub, once somebody is signed in."""
    allow_frames(origins_for(location_id))
    page = render_template(
        "accounts/shell.html", location_id=location_id, destination=local(destination)
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def local(address: str) -> str:
    """The address if it is a plain path of this hub, else the start page."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\", "/embed"))
    return address if inside and address.isprintable() else "/courses"
