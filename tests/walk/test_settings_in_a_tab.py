"""The settings and the documentation in a tab, as on a desk: each of their controls."""

from __future__ import annotations

import pytest

from tests.walk.pages import EVERYTHING, Route, for_admins
from tests.walk.walker import IN_A_TAB, Walker

pytestmark = [pytest.mark.flow, pytest.mark.once]
WAY = IN_A_TAB
PAGES = [
    route
    for route in for_admins()
    if route.state == EVERYTHING and route.rule.startswith(("/settings", "/docs"))
]


@pytest.mark.parametrize("route", PAGES, ids=str)
def test_every_control_does_what_it_says(walker: Walker, route: Route) -> None:
    assert walker.walk_route(route) == []


@pytest.mark.parametrize("address", ["/nowhere", "/courses/unknown"])
def test_so_do_the_pages_that_are_not_there(walker: Walker, address: str) -> None:
    assert walker.walk_alone(address, expected=404) == []
