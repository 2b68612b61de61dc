"""What every test can ask for; the fixtures themselves lie in tests/fixtures/, a file per subject.

app, client, work     the hub in this process, on empty tables, with a real Redis
sandbox               both sandbox systems as real processes, started over for each test
stack                 hub, worker, clock and sandbox as real processes, for whole stories
page, browser         a real Chromium
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from _pytest.nodeid import NodeId

pytest_plugins = [
    "tests.fixtures.network",
    "tests.fixtures.public_web",
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.hub",
    "tests.fixtures.sandbox",
    "tests.fixtures.stack",
    "tests.fixtures.browser",
    "tests.fixtures.tls_redis",
]


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before pytest looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Marks what each test needs, by its fixtures, and lets the stories begin.

    The stories of a file share one running stack, so one test worker takes them all. They are the
    longest, so they go first: no worker is left alone with one in the end.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        for fixture, mark in (("new_database", "database"), ("browser", "browser")):
            if fixture in fixtures and not (mark == "database" and item.get_closest_marker("once")):
                item.add_marker(mark)
        if item.get_closest_marker("flow"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.get_closest_marker("flow") is None)
    yield
    for item in items:
        # pytest-xdist 3.8 writes a test's group where pytest 9.2 no longer reads it
        if with_group := getattr(item, "_nodeid", None):
            item._id = NodeId.parse(with_group)
