"""What pages do by themselves: a part that asks again takes the keyboard from nobody.

The page's clock is turned by the test, so nobody waits for it. Each part that polls is found on the
pages, in the state in which everything is at work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.walk.conftest import looking
from tests.walk.hub import Hub
from tests.walk.pages import Route, for_admins
from tests.walk.walker import IN_A_TAB, Walker

pytestmark = [pytest.mark.flow, pytest.mark.once]
LONGER_THAN_ANY_POLL = 11_000  # milliseconds
# A control within the part, and one beside it, such as the search that somebody types into.
SPOTS = """([id, inside]) => {
  const place = document.getElementById(id);
  const all = "main a[href], main button, main input, main summary";
  const found = [...document.querySelectorAll(all)]
    .filter((one) => one.checkVisibility() && one.closest(".unseen") === null)
    .find((one) => place.contains(one) === inside);
  found?.focus();
  return Boolean(found);
}"""


@pytest.fixture(scope="module")
def walker(hub: Hub, browser: Browser) -> Iterator[Walker]:
    context = browser.new_context()
    context.clock.install()
    yield looking(hub, context, IN_A_TAB)
    context.close()


def places(walker: Walker) -> list[str]:
    found: list[str] = walker.view.evaluate(
        """() => [...document.querySelectorAll("[hx-trigger*='every ']")].map((one) => one.id)"""
    )
    return found


def busy_pages() -> list[Route]:
    return for_admins("at work", "new")


@pytest.mark.parametrize("route", busy_pages(), ids=str)
def test_a_part_that_asks_again_takes_the_keyboard_from_nobody(
    walker: Walker, route: Route
) -> None:
    complaints: list[str] = []
    for name, address in route.addresses(walker.hub.world.places):
        walker.hub.be(route.state)
        walker.load(address)
        for place in places(walker):
            for inside in (True, False):
                complaints += poll(walker, route, address, f"{name} · #{place}", place, inside)
    assert complaints == []


def poll(
    walker: Walker, route: Route, address: str, where: str, place: str, inside: bool
) -> list[str]:
    """Twice: nothing has changed meanwhile, and then a lot has."""
    walker.hub.be(route.state)
    walker.load(address)
    if not walker.view.evaluate(SPOTS, [place, inside]):
        return []
    complaints = []
    for what in ("nothing has changed", "everything is finished"):
        if what != "nothing has changed":
            walker.hub.finish()
        report = tick(walker)
        where_and_what = f"{where} · focus {'inside' if inside else 'beside'} · {what}"
        if report["lostFocus"]:
            complaints.append(f"{where_and_what}: the keyboard's focus falls to the body")
        complaints += [f"{where_and_what}: {one}" for one in walker.happened.console]
    return complaints


def tick(walker: Walker) -> dict[str, Any]:
    walker.mark()
    walker.context.clock.fast_forward(LONGER_THAN_ANY_POLL)
    walker.quiet()
    return walker.report()
