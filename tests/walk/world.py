"""Everything that there is to be walked: two accounts side by side, and the states of the first.

The second account has more of everything, so that whatever looks past the gate shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import current_app

from app import audit, connections
from app.accounts import sessions
from app.accounts.trial import limit
from app.certificates import issuing
from app.enrollments import enrolling
from app.enrollments.passes import Passes
from app.extensions import db
from app.models import (
    Account,
    Completion,
    Course,
    CourseStatus,
    CrmEffect,
    DriftCheck,
    Enrollment,
    Grant,
    Launch,
    Learner,
    Outcome,
    Progress,
    ScormConnection,
    SessionKind,
    Source,
    Standing,
    SyncRun,
    WebhookEvent,
    acting_for,
    now,
)
from app.models.certificate import Certificate
from app.sync import push
from sandbox.courses.build import build
from tests.factories import (
    complete,
    install_account,
    make_course,
    make_enrollment,
    make_learner,
)
from tests.fixtures.sandbox import Sandbox
from tests.waiting import eventually
from tests.walk.controls import KNOWN

REAL = "Fire Safety at Work"  # the course that SCORM Cloud has as well
HERE, THERE = "demo-location", "second-location"
NAMES = [
    ("太郎", "山田"), ("Ada", "Lovelace"), ("Grace Brewster Murray", "Hopper"), ("Zoë", "Ångström"),
    ("Nguyễn Thị", "Minh Khai"), ("مريم", "الأسطرلابي"),
]  # fmt: skip
LONG = "Working safely at great heights and with ladders of all kinds in the harbour"


@dataclass
class World:
    """What there is, by the words that addresses use for it: `places["course_id"]["failed"]`."""

    account_id: str
    token: str  # of the session in a tab of its own
    places: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, argument: str, state: str, value: str) -> None:
        self.places.setdefault(argument, {})[state] = value


def everything(sandbox: Sandbox, folder: Path, work: Callable[[], None]) -> World:
    """Both accounts with all their rows, committed; what must be real outside is made there."""
    account, other = install_account(sandbox, HERE), install_account(sandbox, THERE)
    _, token = sessions.open_session(account, SessionKind.TAB, "user-1", "Olivia Owner", "admin")
    world = World(account.id, token)
    fill_the_other(other)
    course = imported(account, folder)
    enroll_for_real(course, work)
    learners_of_all_kinds(world, course)
    courses_of_all_kinds(world, account, course)
    links_of_all_kinds(world, account, course)
    personal_keys(world)
    told_and_owed(world, account)
    db.session.commit()
    return world


def fill_the_other(account: Account) -> None:
    """More courses than fit on a page, with more people."""
    for number in range(30):
        course = make_course(account, title=f"Harbour course {number}")
        for first, last in NAMES[: 1 + number % 3]:
            complete(
                make_enrollment(course, make_learner(account, first_name=first, last_name=last))
            )


def imported(account: Account, folder: Path) -> Course:
    """Ready here and really in SCORM Cloud."""
    course = make_course(account, title=REAL)
    cloud = connections.scorm_cloud(account)
    with build(folder)[0].open("rb") as file:
        job = cloud.upload_course(course.scorm_course_id, file, "course.zip")
    eventually(lambda: not cloud.import_job(job).is_running)
    return course


def enroll_for_real(course: Course, work: Callable[[], None]) -> None:
    account = db.session.get_one(Account, course.account_id)
    with acting_for(account.id):
        for first, last in NAMES:
            learner = make_learner(account, first_name=first, last_name=last)
            enrolling.enroll(learner, course, Source.DASHBOARD, by="Olivia Owner")
        db.session.commit()
    work()


def learners_of_all_kinds(world: World, course: Course) -> None:
    account = db.session.get_one(Account, course.account_id)
    with acting_for(account.id):
        found = db.session.query(Enrollment).filter_by(course_id=course.id)
        by_name = {one.learner.first_name: one for one in found}
        begun, passed, failed = by_name["Ada"], by_name["太郎"], by_name["Zoë"]
        under_way = Standing(Completion.IN_PROGRESS)
        begun.progress = Progress(
            under_way, seconds=75.0, attempts=1, first_access_at=now(), last_access_at=now()
        )
        complete(passed)
        complete(failed, 0.0, Outcome.FAILED)
        certificates = [issuing.issue(passed), issuing.issue(failed)]
        opened = Launch(account_id=account.id, enrollment_id=begun.id, opened_by="Olivia Owner")
        own = Launch(account_id=account.id, enrollment_id=passed.id)
        parked = make_enrollment(course, registered=False)
        parked.park("SCORM Cloud has no room for further registrations.")
        waiting = make_enrollment(course, registered=False)
        waiting.owe(timedelta(hours=1))
        make_enrollment(course, make_learner(account, first_name="Known", email=KNOWN))
        gone = make_learner(account, first_name="Gone", contact_id="contact-gone")
        gone.lose_contact()
        make_enrollment(course, gone)
        crowd(course)
        db.session.add_all([opened, own])
        db.session.flush()
    states = {"not started": by_name["مريم"], "in progress": begun, "passed": passed,
              "failed": failed, "parked": parked, "waiting": waiting}  # fmt: skip
    for state, enrollment in states.items():
        world.note("enrollment_id", state, enrollment.id)
        world.note("learner_id", state, enrollment.learner_id)
    world.note("learner_id", "contact deleted", gone.id)
    world.note("launch_id", "for a learner", opened.id)
    world.note("launch_id", "by the learner", own.id)
    numbers = dict(zip(("passed", "failed"), certificates, strict=True))
    for state, certificate in numbers.items():
        assert certificate is not None
        world.note("number", state, certificate.number)
        world.note("certificate_id", state, certificate.id)
    revoked(world, course)


def crowd(course: Course) -> None:
    """As many as make a second page."""
    account = db.session.get_one(Account, course.account_id)
    for number in range(25):
        learner = make_learner(account, first_name=f"Learner {number:02}", last_name="of the class")
        make_enrollment(course, learner)


def revoked(world: World, course: Course) -> None:
    """Certificates that are not valid any more, of people whose rows are not looked at."""
    with acting_for(course.account_id):
        for state in ("revoked", "superseded"):
            enrollment = make_enrollment(course)
            complete(enrollment)
            certificate = issuing.issue(enrollment)
            assert isinstance(certificate, Certificate)
            certificate.revoke("Issued by mistake.") if state == "revoked" else (
                certificate.supersede()
            )
            world.note("number", state, certificate.number)


def courses_of_all_kinds(world: World, account: Account, course: Course) -> None:
    old = make_course(account, title="Archived course", archived_at=now())
    make_enrollment(old)
    importing = make_course(
        account, title="Importing now", status=CourseStatus.PROCESSING, ready_at=None,
        import_started_at=now(),
    )  # fmt: skip
    failed = make_course(
        account, title="Broken package", status=CourseStatus.ERROR, ready_at=None,
        error="SCORM Cloud could not import the package.", error_detail="No manifest was found.",
    )  # fmt: skip
    alone = make_course(account, title=LONG, warnings=["The title is very long."])
    for state, one in {"with learners": course, "without learners": alone, "failed": failed,
                       "importing": importing, "archived": old}.items():  # fmt: skip
        world.note("course_id", state, one.id)


def links_of_all_kinds(world: World, account: Account, course: Course) -> None:
    with acting_for(account.id):
        link = course.link
        assert link is not None
        world.note("token", "open", link.token)
        for state in ("archived", "failed"):
            closed = db.session.get_one(Course, world.places["course_id"][state]).link
            assert closed is not None
            world.note("token", state, closed.token)


def personal_keys(world: World) -> None:
    """What the links hold that the hub sends to one learner."""
    passes = Passes(current_app.config["SECRET_KEY"])
    for state in ("in progress", "passed"):
        with acting_for(world.account_id):
            enrollment = db.session.get_one(Enrollment, world.places["enrollment_id"][state])
        world.note("key", state, passes.personal(enrollment))


def told_and_owed(world: World, account: Account) -> None:
    """What Activity lists: written, waiting, given up, received, done by people; what differs."""
    with acting_for(account.id):
        enrollment = db.session.get_one(Enrollment, world.places["enrollment_id"]["passed"])
        push.mark(enrollment)
        effects = db.session.query(CrmEffect).order_by(CrmEffect.kind, CrmEffect.id).all()
        parked, differing, *_ = [one for one in effects if one.learner_id or one.enrollment_id]
        parked.park("The CRM refuses to write to this contact.")
        differing.wrote(differing.wanted_digest, {})
        differing.settle()
        differing.drift = "Missing: scorm_passed."
        for state, kind in (("handled", "RegistrationChanged"), ("parked", "ContactUpdate")):
            event = WebhookEvent(
                account_id=account.id, source="crm", key=state, kind=kind, body="{}"
            )
            event.handled("nothing changed") if state == "handled" else event.park("Unreadable.")
            db.session.add(event)
        db.session.add(DriftCheck(account_id=account.id, started_by="Olivia Owner", total=3,
                                  looked_at=3, finished_at=now()))  # fmt: skip
        for course in (REAL, "Importing now"):
            audit.note(account, "Olivia Owner", "uploaded a course", course)
        db.session.flush()


# The states of the account

Change = Callable[[Account], None]
STATES: dict[str, Change] = {}


def state(name: str) -> Callable[[Change], Change]:
    def keep(change: Change) -> Change:
        STATES[name] = change
        return change

    return keep


@state("in use")
def in_use(account: Account) -> None:
    account.go_live("sandbox-live")


@state("new")
def new(account: Account) -> None:
    """Just installed: nothing is connected, nothing is there."""
    for model in (CrmEffect, WebhookEvent, DriftCheck, Certificate, Launch, Enrollment, Learner,
                  Course):  # fmt: skip
        db.session.query(model).filter_by(account_id=account.id).delete()
    account.scorm_app_id = account.scorm_secret_key = None
    account.scorm_connection = ScormConnection.NONE


@state("at the trial's limit")
def at_the_limit(account: Account) -> None:
    assert limit(account) is not None


@state("in trouble")
def in_trouble(account: Account) -> None:
    """The CRM and SCORM Cloud both refuse us: to be reconnected."""
    grant = db.session.query(Grant).filter_by(subject=account.location_id).one()
    grant.refuse("The refresh token was revoked.")
    account.scorm_answered(ScormConnection.REFUSED, "SCORM Cloud refuses the Secret Key.")


@state("uninstalled")
def uninstalled(account: Account) -> None:
    account.uninstall()


@state("at work")
def at_work(account: Account) -> None:
    """Whatever a worker can be busy with, so that pages ask again by themselves."""
    account.go_live("sandbox-live")
    course = db.session.query(Course).filter_by(account_id=account.id, title=REAL).one()
    db.session.add(SyncRun(account_id=account.id, course_id=course.id, total=9, updated=3))
    check = db.session.query(DriftCheck).filter_by(account_id=account.id).one()
    check.finished_at, check.looked_at = None, 1
    push.provision(account)


def finish(account: Account) -> None:
    """What was going on in the state "at work" has ended, and somebody has come further."""
    for course in db.session.query(Course).filter_by(status=CourseStatus.PROCESSING):
        course.status, course.ready_at = CourseStatus.READY, now()
    for run in db.session.query(SyncRun):
        run.updated = run.total
        run.finish_run()
    for check in db.session.query(DriftCheck):
        check.looked_at, check.finished_at = check.total, now()
    for enrollment in db.session.query(Enrollment).filter_by(completion="in_progress"):
        complete(enrollment, 71.0)


@contextmanager
def changed(world: World) -> Iterator[Account]:
    account = db.session.get_one(Account, world.account_id)
    with acting_for(account.id):
        yield account
        db.session.commit()


__all__ = ["HERE", "STATES", "World", "changed", "everything", "finish"]
