"""From a learner's last commit to the last write in the CRM, at a hundred completions a minute.

The whole hub runs as real processes; the outside answers after 50 ms. The reference is a bare call
to the CRM, timed in the same run. One more learner finishes alone, later, so that neither tags nor
the company's summary are collected with others'. `push` counts the CRM's own ledger: calls per
completion, and calls when everything is synced again and nothing has changed.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections import Counter
from datetime import datetime
from typing import Any

import requests
from sqlalchemy import select

from app.extensions import db
from app.health import owed_work
from app.models import Learner, across_accounts
from app.sync import companies
from app.sync.schemas import OBJECTS, SUMMARY
from benchmarks.ground import LATENCY_MS, Ground, ground
from sandbox.courses.build import build
from sandbox.demo import Admin
from tools.ports import HOST
from tools.programs import web_program, work_programs

PER_MINUTE = 100
LEARNERS = 50
PATIENCE = 180  # seconds
COMPANY = next(spec for spec in OBJECTS if spec.kind == SUMMARY)
CONTACT_ROW = re.compile(r'/contacts/(\w+)">[^<]*</a></td>\s*<td>([^<\s]+@[^<\s]+)</td>')
WRITES = {"tag_added", "note_created", "record_updated", "contact_updated"}


def main() -> None:
    with ground() as place:
        place.supervisor.start(web_program(place.ports, place.env), *work_programs(place.env))
        place.supervisor.wait_until_ready(60)
        admin, course = prepared(place)
        registrations = enrolled(place, admin, course)
        alone = somebody_with_a_company(place, registrations)
        settle(place)
        place.latency(LATENCY_MS)
        mark = place.mark("crm")
        ended = play(place, {id: registrations[id] for id in registrations if id != alone})
        settle(place)
        report(place, mark, ended)
        report_push(place, admin, course, mark)
        time.sleep(companies.PAUSE.total_seconds())
        report_alone(place, {alone: registrations[alone]})


def prepared(place: Ground) -> tuple[Admin, str]:
    """An account on a live plan with one course, made through the hub's pages."""
    admin = Admin(place.ports.hub_url, place.ports.crm_url)
    admin.install()
    admin.connect_scorm_cloud("SANDBOX", "sandbox-secret")
    admin.provision_objects()
    admin.post("/settings/account-mode/go-live", confirm="1")
    folder = place.folder / "built"
    admin.upload(build(folder)[0])
    wait_for(lambda: admin.sees("Ready") and not admin.sees("Processing"))
    found = re.search(r"/courses/([0-9a-f]{32})\"", admin.get("/courses").text)
    assert found
    return admin, found[1]


def enrolled(place: Ground, admin: Admin, course: str) -> dict[str, str]:
    """The contacts' ids by the registrations that the sandbox has for them."""
    chosen = dict(list(contacts(place).items())[: LEARNERS + 1])
    for contact in chosen.values():
        admin.post(f"/courses/{course}/enrollments", contact=contact)
    wait_for(lambda: len(listed(place)) == len(chosen))
    return {item["id"]: chosen[item["learner"]["email"].casefold()] for item in listed(place)}


def somebody_with_a_company(place: Ground, registrations: dict[str, str]) -> str:
    """The registration of whoever finishes alone."""
    with place.app.app_context(), across_accounts():
        statement = select(Learner.crm_contact_id).where(Learner.business_id.is_not(None))
        people = set(db.session.scalars(statement))
    return next(id for id, contact in registrations.items() if contact in people)


def contacts(place: Ground) -> dict[str, str]:
    """The ids of the location's contacts by their e-mail, from the sandbox CRM's own page."""
    address = f"http://{HOST}:{place.ports.crm}/v2/location/demo-location/contacts"
    found = CONTACT_ROW.findall(requests.get(address, timeout=30).text)
    emails = Counter(email.casefold() for _, email in found)
    return {email.casefold(): id for id, email in found if emails[email.casefold()] == 1}


def listed(place: Ground) -> list[dict[str, Any]]:
    answer = requests.get(
        f"http://{HOST}:{place.ports.cloud}/api/v2/registrations",
        params={"since": "2000-01-01T00:00:00Z"},
        auth=("SANDBOX", "sandbox-secret"),
        timeout=60,
    )
    return list(answer.json()["registrations"])


def play(place: Ground, registrations: dict[str, str]) -> dict[str, float]:
    """When each contact's session ended, by the learner robot at an even pace."""
    ended, started = {}, time.monotonic()
    for number, (registration, contact) in enumerate(registrations.items()):
        time.sleep(max(0, started + number * 60 / PER_MINUTE - time.monotonic()))
        result = {"completion": "COMPLETED", "success": "PASSED", "score": 91, "seconds": 300}
        ended[contact] = time.time()
        place.control("cloud", "POST", "play", {"registrationId": registration, **result})
    return ended


def report(place: Ground, mark: int, ended: dict[str, float]) -> None:
    took, took_all = (
        [last[contact] - end for contact, end in ended.items() if contact in last]
        for last in (last_writes(place, mark, one) for one in (False, True))
    )
    bare = bare_call(place)
    figure = {
        "benchmark": "completion",
        "completions": len(ended),
        "written": len(took),
        "per_minute": PER_MINUTE,
        "outside_latency_ms": LATENCY_MS,
        "median_s": round(statistics.median(took), 2),
        "p95_s": round(statistics.quantiles(took, n=20)[18], 2),
        "p95_with_company_s": round(statistics.quantiles(took_all, n=20)[18], 2),
        "reference_call_s": round(bare, 3),
        "median_in_calls": round(statistics.median(took) / bare, 1),
    }
    print(json.dumps(figure), flush=True)


def report_push(place: Ground, admin: Admin, course: str, mark: int) -> None:
    settle(place)
    completions = LEARNERS
    calls = place.calls("crm", mark)
    again = place.mark("crm")
    admin.post(f"/courses/{course}/sync")
    wait_for(lambda: "unchanged" in admin.get(f"/courses/{course}").text)
    settle(place)
    figure = {
        "benchmark": "push",
        "calls_per_completion": round(calls / completions, 2),
        "calls_allowed": 4,
        "calls_when_nothing_changed": place.calls("crm", again),
    }
    print(json.dumps(figure), flush=True)


def report_alone(place: Ground, registration: dict[str, str]) -> None:
    mark = place.mark("crm")
    ((contact, end),) = play(place, registration).items()
    settle(place)
    figure = {
        "benchmark": "completion alone",
        "outside_latency_ms": LATENCY_MS,
        "contact_s": round(last_writes(place, mark, False)[contact] - end, 2),
        "with_company_s": round(max(last_writes(place, mark, True).values()) - end, 2),
    }
    print(json.dumps(figure), flush=True)


def last_writes(place: Ground, mark: int, with_company: bool) -> dict[str, float]:
    """The moment of the last write for each contact; or for the contact and its company, whose
    summary stands in the ledger under the first of the company's contacts."""
    last: dict[str, float] = {}
    since = mark
    while entries := place.control("crm", "GET", f"ledger?since={since}")["entries"]:
        for entry in entries:
            effect = entry["effect"]
            if not effect or effect["kind"] not in WRITES or not effect["contact"]:
                continue
            if with_company or not is_summary(effect):
                last[effect["contact"]] = datetime.fromisoformat(entry["at"]).timestamp()
        since = entries[-1]["seq"]
    return last


def is_summary(effect: dict[str, Any]) -> bool:
    return effect["kind"] == "record_updated" and effect["value"]["objectKey"] == COMPANY.key


def bare_call(place: Ground) -> float:
    times = []
    for _ in range(10):
        begun = time.perf_counter()
        requests.get(f"http://{HOST}:{place.ports.crm}/contacts/none", timeout=30)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def settle(place: Ground) -> None:
    """Returns when the hub owes the CRM nothing and the CRM has heard nothing new for some seconds:
    a company's summary is written up to a minute after what changed it."""
    wait_for(lambda: not owed(place))
    newest, since = place.mark("crm"), time.monotonic()
    deadline = since + PATIENCE
    while time.monotonic() < min(deadline, since + 6):
        time.sleep(1)
        if (now := place.mark("crm")) != newest:
            newest, since = now, time.monotonic()


def owed(place: Ground) -> float:
    with place.app.app_context():
        return owed_work()["crm_owed"]


def wait_for(question: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not question():
        if time.monotonic() > deadline:
            raise SystemExit("The hub did not get ready in time.")
        time.sleep(0.3)
