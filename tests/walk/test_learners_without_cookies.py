"""Learners whose browser keeps nothing at all: they come in, and they can begin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.accounts.conftest import Forbidding, forbidding
from tests.walk.conftest import looking
from tests.walk.hub import Hub
from tests.walk.pages import Route, for_learners
from tests.walk.walker import WITHOUT_COOKIES, Walker

pytestmark = [pytest.mark.flow, pytest.mark.once]


@pytest.fixture
def walker(hub: Hub, forbidding: Forbidding) -> Iterator[Walker]:
    yield looking(hub, forbidding("all-blocked"), WITHOUT_COOKIES)


@pytest.mark.parametrize("route", for_learners(), ids=str)
def test_every_control_does_what_it_says(walker: Walker, route: Route) -> None:
    assert walker.walk_route(route) == []


__all__ = ["forbidding"]
