"""In a tab of its own, as on a desk: each control of the lists, the settings and the docs."""

from __future__ import annotations

import pytest

from tests.walk.pages import Route, for_admins
from tests.walk.walker import IN_A_TAB, Walker

pytestmark = [pytest.mark.flow, pytest.mark.once]
WAY = IN_A_TAB


@pytest.mark.parametrize(
    "route", for_admins("/courses", "/activity", "/settings", "/docs"), ids=str
)
def test_every_control_does_what_it_says(walker: Walker, route: Route) -> None:
    assert walker.walk_route(route) == []


@pytest.mark.parametrize("address", ["/nowhere", "/courses/unknown"])
def test_so_do_the_pages_that_are_not_there(walker: Walker, address: str) -> None:
    assert walker.walk_alone(address, expected=404) == []
