"""Things break at the worst moment; in the end the CRM shows every completion exactly once.

All processes are real and all stories share them: each brings learners of its own. What the hub
wrote is judged by the sandbox CRM's ledger alone: after each story for its learners, and when
nothing is owed any more after the last one for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.chaos import breaking, messages
from tests.chaos.checker import Completion
from tests.chaos.scene import Company
from tests.fixtures.sandbox import Controls
from tests.fixtures.stack import Stack
from tests.flows.people import LOCATION, in_the_frame, play_to_the_end
from tests.flows.stage import COURSE, Stage
from tests.waiting import eventually

# Programs are started thirty times here, which takes long on a busy machine.
pytestmark = [pytest.mark.flow, pytest.mark.timeout(900)]
TO_TELL = [("after", "/notes"), ("before", "/notes"), ("after", "/tags")]
TO_ENROLL = [
    ("after", "POST .*/registrations$"),  # first, because its lease has to run out
    ("after", "POST .*/objects/[^/]+/records$"),
    ("after", "POST .*/associations/relations$"),
    ("after", "PUT .*/contacts/[^/]+$"),
    ("after", "POST .*/triggers/execute/"),
]
COPIES = 70


@pytest.fixture(scope="module")
def stage(running_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Two accounts, whose workflows wait for our events. At the end all is judged together."""
    running_stack.wait_until_ready()
    running_stack.start_over()
    ours, others = Company(running_stack), Company(running_stack, "second-location")
    with ThreadPoolExecutor() as hands:
        folders = [tmp_path_factory.mktemp("courses") for _ in range(2)]
        list(hands.map(Company.prepare, [ours, others], folders))
        list(hands.map(Company.use_in_workflows, [ours, others]))
    stage = Stage(ours, others)
    yield stage
    assert stage.last_word() == []


@pytest.fixture(autouse=True)
def calm(stage: Stage) -> Iterator[None]:
    """Nothing is broken before a story, nor after it, whatever becomes of it."""
    stage.begin()
    yield
    stage.calm()


# The longest waits first: they pass while the other stories play.


def test_the_location_is_suspended_while_learners_complete(stage: Stage) -> None:
    """The hub asks again about a minute later; that is judged when all stories are over. It is the
    other account, so that nobody in the first one has to wait for it."""
    company = stage.other
    learners = stage.learners(2, company)
    seen = stage.stack.sandbox.crm.get("ledger")["next"]
    stage.suspend(company)
    for contact in learners:
        stage.completes(contact, company=company)
    eventually(lambda: refused(stage, seen))
    eventually(lambda: shown_as_passed(company, learners[0].name))


def refused(stage: Stage, since: int) -> bool:
    entries = stage.stack.sandbox.crm.get("ledger", since=since)["entries"]
    return any(one["status"] in (400, 401) for one in entries)


def shown_as_passed(company: Company, name: str) -> bool:
    page = company.admin.get(f"/courses/{company.courses[COURSE]}").text
    found = re.search(re.escape(name) + r".*?</tr>", page, re.DOTALL)
    return found is not None and "Passed" in found[0]


# The worker


def test_the_worker_is_killed_at_each_step(stage: Stage) -> None:
    """While the outside holds a call: when it has just done what it was asked, so that nobody reads
    the answer, or before it does it. What was written is judged when all stories are over, because
    a doubtful write is looked for half a minute later."""
    cloud, crm = stage.stack.sandbox.cloud, stage.stack.sandbox.crm
    ready, late = stage.learners(5), []
    for moment, path in TO_TELL:
        with killed(stage, crm, f"POST .*{path}$", moment):
            stage.completes(ready.pop())
    for moment, call in TO_ENROLL:
        with killed(stage, cloud if "registrations" in call else crm, call, moment):
            late += stage.enroll()
    with killed(stage, cloud, "GET .*/registrations/[^/]+$", "before"):
        stage.completes(ready.pop())
    crm.faults(expire_tokens=True)
    with killed(stage, crm, "POST /oauth/token$", "after"):
        stage.completes(ready.pop())
    for contact in late:
        stage.completes(contact)


@contextmanager
def killed(stage: Stage, system: Controls, call: str, moment: str) -> Iterator[None]:
    """The worker gets `kill -9` while it waits for the answer to such a call."""
    system.faults(**{f"timeout_{moment}": 1.0, "hold_s": 6, "match": f"^{call}"})
    since = system.get("ledger")["next"]
    yield
    eventually(lambda: held(system, call, moment, since))
    stage.stack.kill("worker", away=0)
    system.faults()


def held(system: Controls, call: str, moment: str, since: int) -> bool:
    """Whether such a call has been reached by the fault, and is still without an answer."""
    entries = system.get("ledger", since=since)["entries"]
    reached = [one for one in entries if re.match(call, f"{one['method']} {one['path']}")]
    if moment == "before":
        return any(one["status"] is None and not one["applied"] for one in reached)
    return any(one["applied"] for one in reached)


# The outside


def test_the_crm_answers_badly_and_tokens_expire(stage: Stage) -> None:
    """Refusals, web pages and answers that get lost. What is in doubt is judged in the end."""
    crm, learners = stage.stack.sandbox.crm, stage.learners(4)
    rates = ("rate_500", "rate_429", "rate_html", "timeout_before", "timeout_after", "reset")
    seen = crm.get("ledger")["next"]
    crm.faults(**dict.fromkeys(rates, 0.12), hold_s=1, seed=7)
    for contact in learners[:3]:
        stage.completes(contact)
    eventually(lambda: crm.effects("note_created", since=seen))
    crm.faults(expire_tokens=True)
    stage.completes(learners[3], passed=False, score=40)
    eventually(lambda: len(crm.effects("note_created", since=seen)) >= 2)


def test_scorm_cloud_is_down_and_then_slow_when_postbacks_are_handled(stage: Stage) -> None:
    cloud, learners = stage.stack.sandbox.cloud, stage.learners(2)
    registrations = [stage.company.registration(one, COURSE) for one in learners]
    cloud.faults(down=True)
    for contact, registration in zip(learners, registrations, strict=True):
        stage.done.append(stage.company.play_registration(contact, registration, COURSE))
    stage.postbacks_are_stored()
    cloud.faults(latency_ms=700)
    stage.expect_each_once()


def test_a_learner_completes_while_the_crm_is_switched_off(stage: Stage, page: Page) -> None:
    """In a browser: the hub goes on, and the tags appear on the contact once the CRM is back."""
    [contact] = stage.learners(1)
    admin = in_the_frame(page, stage.stack)
    admin.open("Courses")
    admin.view.get_by_role("link", name=COURSE).first.click()
    row = admin.view.locator("#learners").get_by_role("row", name=contact.name)
    expect(row).to_contain_text("Not Started")
    in_crm = admin.context.new_page()  # open by now, so that the CRM is off no longer than needed
    in_crm.goto(
        f"{stage.stack.ports.crm_url}/v2/location/{LOCATION}/contacts?query={contact.email}"
    )
    in_crm.get_by_role("link", name=contact.name).first.click()
    expect(in_crm.get_by_role("heading", name=contact.name).first).to_be_visible()
    stage.stack.sandbox.crm.faults(down=True)
    player = admin.new_tab(row.get_by_role("button", name="Launch").click)
    play_to_the_end(player)
    expect(player.get_by_role("heading", name="Your progress is saved")).to_be_visible()
    for words in ("Completed", "Passed", "100%"):
        expect(row).to_contain_text(words)
    in_crm.reload()
    expect(in_crm.get_by_role("heading", name=contact.name).first).to_be_visible()
    expect(in_crm.locator("body")).not_to_contain_text("scorm_")
    stage.stack.sandbox.crm.faults()
    for tag in ("scorm_completed", "scorm_passed", "scorm_score_90_100"):
        expect(in_crm.locator(".tags")).to_contain_text(tag)
    stage.done.append(Completion(LOCATION, contact.id, COURSE, passed=True, score=100))
    stage.expect_each_once()


# Messages


def test_postbacks_are_dropped_late_doubled_and_in_disorder(stage: Stage) -> None:
    """What was dropped is found when the clock looks for changes."""
    cloud, learners = stage.stack.sandbox.cloud, stage.learners(4)
    cloud.faults(postbacks={"drop": 1.0})
    stage.completes(learners[0])
    cloud.faults(postbacks={"duplicate": 1.0, "shuffle": True, "delay_s": 0.5})
    for contact in learners[1:]:
        stage.company.open_course(contact, COURSE)
    for contact in learners[1:]:
        stage.completes(contact)
    breaking.roll(stage.stack, "clock")
    stage.expect_each_once()


def test_one_postback_comes_70_times(stage: Stage) -> None:
    [contact] = stage.learners(1)
    stage.completes(contact)
    stage.postbacks_are_stored()
    login = messages.login(stage.company, stage.company.registration(contact, COURSE))
    assert messages.repeat_last(stage.company, login, COPIES) == [200] * COPIES
    stage.expect_each_once()


def test_nobody_can_complete_for_others(stage: Stage) -> None:
    """Forged messages are refused; one from another account touches nobody of ours. The learner
    then fails, and only that is told."""
    company, [contact] = stage.company, stage.learners(1)
    registration = company.registration(contact, COURSE)
    praise = messages.praise(registration)
    user, password = messages.login(company, registration)
    stranger = stage.login_of_the_other()
    assert messages.post_back(company, (user, "guessed"), praise) == 401
    assert messages.post_back(company, (user, stranger[1]), praise) == 401
    assert messages.post_back(company, (stranger[0], password), praise) == 401
    assert messages.forge_event(company, "ContactDelete", id=contact.id) == 401
    assert messages.forge_event(company, "UNINSTALL") == 401
    assert messages.post_back(company, stranger, praise) == 200  # theirs to send, about nobody
    assert messages.post_back(company, (user, password), praise) == 200  # a hint, no more
    stage.completes(contact, passed=False, score=40)
    stage.expect_each_once()


# The inside


def test_redis_is_emptied_after_postbacks_were_stored(stage: Stage) -> None:
    learners = stage.learners(2)
    with breaking.paused_between_writes(stage.stack, "worker"):
        for contact in learners:
            stage.completes(contact)
        stage.postbacks_are_stored()
        stage.stack.redis.flushall()
    stage.expect_each_once()


def test_redis_is_away_while_learners_complete(stage: Stage) -> None:
    """Pages work and postbacks are stored meanwhile."""
    learners = stage.learners(2)
    stage.stack.kill("redis", away=4)
    for contact in learners:
        stage.completes(contact)
    stage.postbacks_are_stored()
    assert stage.company.admin.sees(COURSE)
    stage.expect_each_once()


def test_the_database_is_restarted_while_learners_complete(stage: Stage) -> None:
    learners = stage.learners(3)
    stage.completes(learners[0])
    with ThreadPoolExecutor(1) as hand:
        restart = hand.submit(breaking.restart_database, stage.stack, 2)
        for contact in learners[1:]:
            stage.completes(contact)
        restart.result()
    stage.send_again()
    stage.expect_each_once()


def test_a_rolling_restart_while_learners_complete(stage: Stage) -> None:
    learners = stage.learners(3)
    for name, contact in zip(("web", "worker", "clock"), learners, strict=True):
        with ThreadPoolExecutor(1) as hand:
            restart = hand.submit(breaking.roll, stage.stack, name)
            stage.completes(contact)
            restart.result()
    stage.send_again()
    stage.expect_each_once()
