"""Page and fragment from one view: htmx asks for a part, everybody else gets the whole page.

Fragments are rendered here and nowhere else (tests/test_structure.py), so none can ever stand alone
in the browser's window.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, make_response, redirect, render_template, request

LAST_PAGE = 1_000_000  # beyond it the database could not count the rows to be left out


def wants_fragment() -> bool:
    """A part of a page is wanted; boosted links and history restores want the whole."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def page_number() -> int:
    """Which page of a list is asked for; the first, whatever nonsense stands there."""
    return min(max(request.args.get("page", 1, int), 1), LAST_PAGE)


def render(page: str, fragment: str, /, status: int = 200, **values: Any) -> Response:
    """The fragment's file starts with an underscore and is included by the page's."""
    name = fragment if wants_fragment() else page
    return make_response(render_template(name, **values), status)


def part(fragment: str, page: str, /, **values: Any) -> Response:
    """A fragment that is no address of its own: whoever asks without htmx is sent to its page."""
    if not wants_fragment():
        return redirect_to(page)
    return make_response(render_template(fragment, **values))


def redirect_to(address: str) -> Response:
    """After a POST: htmx follows HX-Location inside the page, a plain form the redirect."""
    if wants_fragment():
        response = make_response("", 204)
        whole = {
            "HX-Boosted": "true"
        }  # the page, and not the fragment that lies at the address too
        response.headers["HX-Location"] = json.dumps(
            {"path": address, "target": "body", "headers": whole}
        )
        return response
    return make_response(redirect(address, 303))


def toast(response: Response, text: str, tone: str = "good") -> Response:
    """Shows a short message beside the swapped answer; tones as in static/js/toast.js."""
    response.headers["HX-Trigger"] = json.dumps({"toast": {"text": text, "tone": tone}})
    return response


def leave_by_the_browser(response: Response) -> Response:
    """htmx would follow a redirect in the background, where another site's page is refused: the
    browser itself is sent there instead (static/js/requests.js)."""
    if request.headers.get("HX-Request") != "true" or not 300 <= response.status_code < 400:
        return response
    target = urlsplit(response.location or "")
    if target.netloc in ("", request.host):
        return response
    response.headers["HX-Trigger"] = json.dumps({"leave": {"address": response.location}})
    del response.headers["Location"]
    response.status_code = 204
    response.data = b""
    return response


def version(content: str) -> str:
    """What tells one state of a polled fragment from another (templates/components/poll.html)."""
    return hashlib.blake2s(content.encode(), digest_size=8).hexdigest()


def spare_the_unchanged(response: Response) -> Response:
    """A fragment that reads itself again says which version it shows; the same once more is 204."""
    shown = request.headers.get("Shown-Version")
    if shown and response.status_code == 200 and response.mimetype == "text/html":
        root = re.match(r'\s*<[^>]* data-version="([0-9a-f]+)"', response.get_data(as_text=True))
        if root and root[1] == shown:
            response.status_code = 204
            response.data = b""
    return response


def vary(response: Response) -> Response:
    """Pages and fragments share addresses; what machines are told is the same for everybody."""
    if response.mimetype != "application/json":
        response.vary.add("HX-Request")
    return response


def init_app(app: Flask) -> None:
    app.after_request(vary)
    app.after_request(leave_by_the_browser)
    app.after_request(spare_the_unchanged)
    app.template_filter("version")(version)
