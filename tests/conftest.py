"""What every test can ask for; the fixtures themselves lie in tests/fixtures/, a file per subject.

app, client, work     the hub in this process, on empty tables, with a real Redis
sandbox               both sandbox systems as real processes, started over for each test
stack                 hub, worker, clock and sandbox as real processes, for whole stories
page, browser         a real Chromium
"""

from __future__ import annotations

import pytest

pytest_plugins = [
    "tests.fixtures.network",
    "tests.fixtures.public_web",
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.hub",
    "tests.fixtures.sandbox",
    "tests.fixtures.stack",
    "tests.fixtures.browser",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories share one running stack, so one test worker takes them all."""
    for item in items:
        if item.get_closest_marker("flow"):
            item.add_marker(pytest.mark.xdist_group("flow"))
