"""In a tab of its own, as on a desk: every page, and each of its controls."""

from __future__ import annotations

import pytest

from tests.walk.pages import EVERYTHING, Route, for_admins
from tests.walk.walker import IN_A_TAB, Walker

# a page of a course has hundreds of controls, and each is pressed on the page as it was before
pytestmark = [pytest.mark.flow, pytest.mark.once, pytest.mark.timeout(1500)]
WAY = IN_A_TAB


@pytest.mark.parametrize("route", for_admins(EVERYTHING), ids=str)
def test_every_control_does_what_it_says(walker: Walker, route: Route) -> None:
    assert walker.walk_route(route) == []


@pytest.mark.parametrize("address", ["/nowhere", "/courses/unknown"])
def test_so_do_the_pages_that_are_not_there(walker: Walker, address: str) -> None:
    assert walker.walk_alone(address, expected=404) == []


def test_so_does_consent_that_brings_no_code(walker: Walker) -> None:
    assert walker.walk_alone("/oauth/callback", expected=400) == []
