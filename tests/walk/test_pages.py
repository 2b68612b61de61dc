"""No page is forgotten: what a browser can open is walked, or stands with its reason."""

from __future__ import annotations

from flask import Flask

from tests.walk.hub import Hub
from tests.walk.pages import NO_PAGES, routes


def readable(app: Flask) -> set[str]:
    """All addresses that answer to GET, by their views' names."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}


def test_every_address_is_walked_or_has_a_reason(session_app: Flask) -> None:
    walked = {route.endpoint for route in routes()}
    assert readable(session_app) == walked | NO_PAGES.keys()
    assert not walked & NO_PAGES.keys()


def test_every_address_can_be_filled_in(hub: Hub) -> None:
    """A new word in an address (`<course_id>`) wants an example in world.py."""
    for route in routes():
        assert route.addresses(hub.world.places), route
