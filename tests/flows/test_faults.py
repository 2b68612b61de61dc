"""Things break at the worst moment; in the end the CRM shows every completion exactly once.

All processes are real. What the hub wrote is judged by the sandbox CRM's ledger alone.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.checker import Completion, judge
from tests.chaos.quiet import parked, wait_until_quiet
from tests.chaos.scene import Company, Contact
from tests.fixtures.sandbox import Controls
from tests.fixtures.stack import Stack
from tests.waiting import eventually
from tools import sessions

pytestmark = pytest.mark.flow
COURSE = "Fire Safety at Work"
WRITES = ["/notes$", "/tags$", "/objects/.*/records$", "/associations/relations$"]


@pytest.fixture
def company(stack: Stack, tmp_path: Path) -> Company:
    company = Company(stack)
    company.prepare(tmp_path)
    wait_until_quiet(stack)
    return company


@contextmanager
def paused(stack: Stack, name: str) -> Iterator[None]:
    """A program that does nothing for a while, and is not dead."""
    processes = sessions.members([stack.supervisor[name].process.pid])
    try:
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            sessions.send(process, signal.SIGCONT)


def enrolled(company: Company, number: int) -> list[Contact]:
    contacts = company.contacts()[:number]
    for contact in contacts:
        company.enroll(contact, COURSE)
    for contact in contacts:
        company.registration(contact, COURSE)
    wait_until_quiet(company.stack)
    return contacts


def expect_each_once(stack: Stack, completions: list[Completion]) -> None:
    wait_until_quiet(stack)
    assert judge(stack.sandbox.crm.get("ledger")["entries"], completions) == []
    assert parked(stack) == {}


def postbacks_stored(stack: Stack, number: int) -> bool:
    counts = stack.sandbox.cloud.get("deliveries", limit=1)["counts"]
    return counts.get("delivered", 0) >= number and not counts.get("pending")


def test_redis_is_emptied_after_the_postbacks_were_stored(company: Company) -> None:
    stack, contacts = company.stack, enrolled(company, 3)
    with paused(stack, "worker"):
        done = [company.play(contact, COURSE) for contact in contacts]
        eventually(lambda: postbacks_stored(stack, len(done)))
        stack.redis.flushall()
    expect_each_once(stack, done)


def test_redis_is_restarted_while_learners_complete(company: Company) -> None:
    stack, contacts = company.stack, enrolled(company, 3)
    done = [company.play(contacts[0], COURSE)]
    stack.restart("redis")
    done += [company.play(contact, COURSE) for contact in contacts[1:]]
    expect_each_once(stack, done)


@pytest.mark.parametrize("moment", ["timeout_before", "timeout_after"])
def test_the_worker_is_killed_during_a_write(company: Company, moment: str) -> None:
    """Killed while the CRM holds the call: before it applies the write, or when it just has."""
    stack, crm = company.stack, company.stack.sandbox.crm
    done = []
    for contact, write in zip(company.contacts(), WRITES, strict=False):
        crm.faults(**{moment: 1.0, "hold_s": 6, "match": f"^POST .*{write}"})
        seen = crm.get("ledger")["next"]
        company.enroll(contact, COURSE)
        if "tags" in write or "notes" in write:
            done.append(company.play(contact, COURSE))
        eventually(lambda: held(crm, write, moment, seen))  # noqa: B023
        stack.kill("worker")
        crm.faults()
        if len(done) < 1 or done[-1].contact != contact.id:
            done.append(company.play(contact, COURSE))
    expect_each_once(stack, done)


def held(crm: Controls, write: str, moment: str, since: int) -> bool:
    """Whether such a call has been reached by the fault and is still without an answer."""
    applied = moment == "timeout_after"
    entries = crm.get("ledger", since=since)["entries"]
    ending = write.rstrip("$").rpartition("/")[2]
    calls = [one for one in entries if one["method"] == "POST" and one["path"].endswith(ending)]
    return any(one["applied"] is applied for one in calls)


def test_the_crm_is_down_while_a_learner_completes(company: Company) -> None:
    stack, contacts = company.stack, enrolled(company, 2)
    stack.sandbox.crm.faults(down=True)
    done = [company.play(contact, COURSE) for contact in contacts]
    page = f"/courses/{company.courses[COURSE]}"
    eventually(lambda: company.admin.get(page).text.count("Passed") >= len(done))
    stack.sandbox.crm.faults()
    expect_each_once(stack, done)


def test_postbacks_come_twice_and_in_disorder(company: Company) -> None:
    stack, contacts = company.stack, enrolled(company, 4)
    stack.sandbox.cloud.faults(postbacks={"duplicate": 1.0, "shuffle": True})
    for contact in contacts:
        company.open_course(contact, COURSE)
    done = [company.play(contact, COURSE) for contact in contacts]
    expect_each_once(stack, done)


def test_scorm_cloud_is_down_when_the_postback_is_handled(company: Company) -> None:
    stack, contacts = company.stack, enrolled(company, 2)
    registrations = [company.registration(contact, COURSE) for contact in contacts]
    stack.sandbox.cloud.faults(down=True)
    done = [
        company.play_registration(*both, COURSE)
        for both in zip(contacts, registrations, strict=True)
    ]
    eventually(lambda: postbacks_stored(stack, len(done)))
    stack.sandbox.cloud.faults()
    expect_each_once(stack, done)


def test_answers_of_the_crm_get_lost_and_tokens_expire(company: Company) -> None:
    stack, contacts = company.stack, enrolled(company, 3)
    trouble = {"rate_500": 0.15, "rate_429": 0.15, "rate_html": 0.1, "timeout_after": 0.15}
    stack.sandbox.crm.faults(**trouble, hold_s=1, seed=7)
    done = [company.play(contact, COURSE) for contact in contacts]
    eventually(lambda: stack.sandbox.crm.effects("note_created"))
    stack.sandbox.crm.faults(expire_tokens=True)
    eventually(lambda: len(stack.sandbox.crm.effects("note_created")) >= 1)
    stack.sandbox.crm.faults()
    expect_each_once(stack, done)
