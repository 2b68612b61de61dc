"""What learners and whoever checks a certificate see, on a phone: each control of every page."""

from __future__ import annotations

import pytest

from tests.walk.pages import Route, for_learners
from tests.walk.walker import AS_LEARNER, Walker

pytestmark = [pytest.mark.flow, pytest.mark.once]
WAY = AS_LEARNER


@pytest.mark.parametrize("route", for_learners(), ids=str)
def test_every_control_does_what_it_says(walker: Walker, route: Route) -> None:
    assert walker.walk_route(route) == []


@pytest.mark.parametrize("address", ["/e/unknown", "/exit/unknown", "/verify/unknown"])
def test_so_do_the_pages_that_are_not_there(walker: Walker, address: str) -> None:
    assert walker.walk_alone(address, expected=404) == []


@pytest.mark.parametrize("address, status", [("/", 200), ("/docs", 200), ("/courses", 401)])
def test_so_do_the_pages_of_somebody_who_is_not_signed_in(
    walker: Walker, address: str, status: int
) -> None:
    assert walker.walk_alone(address, expected=status) == []
