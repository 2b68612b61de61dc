"""Which pages there are, from the app's own map of addresses: a new one is walked by itself.

Every GET route is walked unless it stands in `NO_PAGES` with its reason. What an address is about
(`<course_id>`) comes from the seeded world, in every state that there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Flask

from app import blueprints

# What is answered is for programs or sends on elsewhere, or is a file: its control is pressed.
NO_PAGES = {
    "static": "scripts and styles",
    "health.alive": "for the platform",
    "health.ready": "for the platform",
    "health.metrics": "for the platform",
    "workflows_public.courses": "for the CRM's workflow editor",
    "accounts_public.logo": "a picture, shown on the pages",
    "accounts_public.begin": "sends on to the CRM: its link is pressed on the connect screen",
    "accounts_public.callback": "for the CRM's consent: without its code it refuses",
    "certificates.download": "a file: its link is pressed where it stands",
    "reports.export": "a file: its link is pressed where it stands",
}
# Seen by learners and whoever checks a certificate; they have no session and no frame.
FOR_LEARNERS = ("enrollments_public.", "certificates_public.")
EVERYTHING = "in use"
STATES = (EVERYTHING, "new", "at the trial's limit", "in trouble", "at work")
# Where the state of the account is no part of the page.
ALWAYS_ALIKE = ("documentation.", "certificates_public.")
# In the other states of the account one example says all that this state changes.
TYPICAL = {"course_id": "with learners", "token": "open"}


@dataclass(frozen=True)
class Route:
    """An address of the hub that answers with pages, while the account is in a state."""

    endpoint: str
    rule: str
    arguments: tuple[str, ...]
    state: str

    @property
    def for_learners(self) -> bool:
        return self.endpoint.startswith(FOR_LEARNERS)

    def addresses(self, places: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
        """What to open, each with its name; a state without such rows has none."""
        found = [(self.rule, self.rule)]
        for argument in self.arguments:
            examples = places[argument]
            if self.state != EVERYTHING:
                examples = {TYPICAL[argument]: examples[TYPICAL[argument]]}
            found = [
                (f"{name} ({example})", address.replace(f"<{argument}>", value))
                for name, address in found
                for example, value in examples.items()
            ]
        return found

    def __str__(self) -> str:
        return f"{self.rule}-{self.state}".replace(" ", "-")


def url_map_of_the_app() -> Flask:
    """Only its addresses: nothing is configured, nothing can be asked of it."""
    app = Flask("app")
    blueprints.init_app(app)
    return app


def routes() -> list[Route]:
    found = []
    for rule in url_map_of_the_app().url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in NO_PAGES:
            continue
        arguments = re.findall(r"<([a-z_]+)>", rule.rule)
        for state in STATES:
            if state != EVERYTHING and rule.endpoint.startswith(ALWAYS_ALIKE):
                continue
            if state != EVERYTHING and not set(arguments) <= TYPICAL.keys():
                continue
            if state == "new" and arguments:
                continue
            found.append(Route(rule.endpoint, rule.rule, tuple(arguments), state))
    return sorted(found, key=lambda route: (route.rule, STATES.index(route.state)))


def for_admins(*states: str) -> list[Route]:
    """The pages of somebody who is signed in, while the account is in one of these states."""
    return [one for one in routes() if not one.for_learners and one.state in states]


def for_learners() -> list[Route]:
    return [route for route in routes() if route.for_learners]
