"""Browsers that forbid more and more, and a hub that is installed in the CRM's demo location."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.accounts.framing import install
from tests.fixtures.browser import ARGUMENTS, PATIENCE_MS
from tests.fixtures.stack import Stack
from tools.checks import BROWSERS
from tools.system import first_on_path

# What people choose in the browser's settings about cookies and site data. Without a word from them
# Chromium blocks those of third parties.
PROFILES: dict[str, dict[str, Any]] = {
    "all-allowed": {"cookie_controls_mode": 0},
    "third-party-blocked": {"cookie_controls_mode": 1},
    "all-blocked": {"default_content_setting_values": {"cookies": 2}},
}
NO_SCRIPTS = {"default_content_setting_values": {"javascript": 2}}
Forbidding = Callable[[str], BrowserContext]


@pytest.fixture
def forbidding(browser: Browser, tmp_path: Path) -> Iterator[Forbidding]:
    """Opens a real Chromium profile with these settings: what it blocks throws, as for people."""
    opened: list[BrowserContext] = []

    def open_profile(name: str) -> BrowserContext:
        folder = tmp_path / name
        (folder / "Default").mkdir(parents=True)
        preferences = json.dumps({"profile": {**PROFILES, "no-scripts": NO_SCRIPTS}[name]})
        (folder / "Default" / "Preferences").write_text(preferences)
        context = browser.browser_type.launch_persistent_context(
            folder, executable_path=executable(), args=ARGUMENTS
        )
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context

    yield open_profile
    for context in opened:
        context.close()


def executable() -> str | None:
    return os.environ.get("CHROMIUM") or first_on_path(BROWSERS)


@pytest.fixture
def installed(stack: Stack) -> Stack:
    install(stack)
    return stack
