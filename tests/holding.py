"""Requests of a browser that take as long as a test wants: late answers meet a quick person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route


@contextmanager
def held(page: Page, address: str) -> Iterator[None]:
    """What is asked of such an address gets its answer only after the block."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route(address, hold)
    yield
    while waiting:
        waiting.pop().continue_()
    page.unroute(address, hold)
