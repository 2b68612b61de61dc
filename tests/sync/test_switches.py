"""The two switches hold whichever way a result came in and whoever asks for the write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app import connections
from app.clients.crm import Contact
from app.enrollments import enrolling, launching, progress, syncing
from app.extensions import db
from app.models import Account, Course, Enrollment, Launch, Learner
from app.sync import attention, drift, push
from sandbox.courses.build import build
from tests.factories import make_enrollment
from tests.fixtures.sandbox import Sandbox
from tests.sync.conftest import InCrm
from tests.waiting import eventually

Work = Callable[..., None]
LATER = timedelta(minutes=5)


@pytest.fixture
def played(
    account: Account, course: Course, learner: Learner, sandbox: Sandbox, tmp_path: Path, work: Work
) -> Enrollment:
    """Completed at SCORM Cloud, and nobody here knows it yet."""
    cloud = connections.scorm_cloud(account)
    with build(tmp_path)[0].open("rb") as file:
        job = cloud.upload_course(course.scorm_course_id, file, "course.zip")
    eventually(lambda: not cloud.import_job(job).is_running)
    enrollment = make_enrollment(course, learner, registered=False)
    enrolling.register(enrollment)
    push.mark(enrollment)
    work()
    sandbox.cloud.post(
        "play",
        registrationId=enrollment.registration_id,
        completion="COMPLETED",
        success="PASSED",
        score=80,
        seconds=30,
    )
    return enrollment


def a_postback(enrollment: Enrollment) -> None:
    progress.refresh(enrollment)


def the_exit_page(enrollment: Enrollment) -> None:
    launch = Launch(account_id=enrollment.account_id, enrollment_id=enrollment.id)
    db.session.add(launch)
    db.session.flush()
    launching.come_back(launch)


def sync_all(enrollment: Enrollment) -> None:
    syncing.start(enrollment.course, "Dana")


def the_reconciler(enrollment: Enrollment) -> None:
    syncing.reconcile(enrollment.account)


def the_nightly_compare(enrollment: Enrollment) -> None:
    syncing.compare(enrollment.account)


WAYS = [a_postback, the_exit_page, sync_all, the_reconciler, the_nightly_compare]


@pytest.mark.parametrize("way", WAYS)
def test_off_is_off_whichever_way_a_result_comes_in(
    account: Account,
    played: Enrollment,
    contact: Contact,
    work: Work,
    in_crm: InCrm,
    way: Callable[[Enrollment], None],
) -> None:
    account.sync_tags = account.write_notes = False
    db.session.commit()  # as saving the settings does
    way(played)
    work(ahead=LATER)
    db.session.refresh(played)
    assert played.completed
    push.mark_account(account)
    attention.try_again(account, attention.groups(account))
    drift.start(account, "Dana")
    work(ahead=LATER * 2)
    drift.repair(account, "Dana")
    work(ahead=LATER * 3)
    assert (in_crm.tags(contact.id), in_crm.notes(contact.id)) == (set(), [])


@pytest.mark.parametrize("way", WAYS)
def test_on_is_on_whichever_way_a_result_comes_in(
    account: Account,
    played: Enrollment,
    contact: Contact,
    work: Work,
    in_crm: InCrm,
    way: Callable[[Enrollment], None],
) -> None:
    way(played)
    work(ahead=LATER)
    assert in_crm.tags(contact.id) == {"scorm_completed", "scorm_passed", "scorm_score_80_89"}
    assert len(in_crm.notes(contact.id)) == 1
