"""Page and fragment from one view: htmx asks for a part, everybody else gets the whole page."""

from __future__ import annotations

import json
from typing import Any

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


def vary(response: Response) -> Response:
    """Pages and fragments share addresses; what machines are told is the same for everybody."""
    if response.mimetype != "application/json":
        response.vary.add("HX-Request")
    return response


def init_app(app: Flask) -> None:
    app.after_request(vary)
