"""In the CRM's frame, as on a phone: every page, and each of its controls.

All but the shell, which the frame itself opens: its stories are in tests/accounts.
"""

from __future__ import annotations

import pytest

from tests.walk.pages import EVERYTHING, Route, for_admins
from tests.walk.walker import IN_THE_FRAME, Walker

# a page of a course has hundreds of controls, and each is pressed on the page as it was before
pytestmark = [pytest.mark.flow, pytest.mark.once, pytest.mark.timeout(1500)]
WAY = IN_THE_FRAME


@pytest.mark.parametrize(
    "route", [one for one in for_admins(EVERYTHING) if one.rule != "/embed"], ids=str
)
def test_every_control_does_what_it_says(walker: Walker, route: Route) -> None:
    assert walker.walk_route(route) == []


@pytest.mark.parametrize("address", ["/nowhere", "/courses/unknown"])
def test_so_do_the_pages_that_are_not_there(walker: Walker, address: str) -> None:
    assert walker.walk_alone(address, expected=404) == []
