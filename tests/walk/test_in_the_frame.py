"""In the CRM's frame, as on a phone: each control of the lists of courses and activity."""

from __future__ import annotations

import pytest

from tests.walk.pages import Route, for_admins
from tests.walk.walker import IN_THE_FRAME, Walker

pytestmark = [pytest.mark.flow, pytest.mark.once]
WAY = IN_THE_FRAME


@pytest.mark.parametrize("route", for_admins("/courses", "/activity"), ids=str)
def test_every_control_does_what_it_says(walker: Walker, route: Route) -> None:
    assert walker.walk_route(route) == []
