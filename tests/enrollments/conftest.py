"""A course that SCORM Cloud really has, and who is enrolled on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app import connections
from app.extensions import db
from app.models import Account, Course, Enrollment, across_accounts
from sandbox.courses.build import build
from tests.factories import make_account, make_course
from tests.fixtures.sandbox import Sandbox
from tests.waiting import eventually

Work = Callable[..., None]
T = TypeVar("T")


@pytest.fixture(scope="session")
def fire_safety(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own SCORM 1.2 course."""
    return build(tmp_path_factory.mktemp("courses"))[0]


@pytest.fixture
def account(app: object) -> Account:
    return make_account()


@pytest.fixture
def course(account: Account, sandbox: Sandbox, fire_safety: Path) -> Course:
    """Ready here and imported there."""
    course = make_course(account)
    cloud = connections.scorm_cloud(account)
    with fire_safety.open("rb") as file:
        job = cloud.upload_course(course.scorm_course_id, file, "course.zip")
    eventually(lambda: not cloud.import_job(job).is_running)
    db.session.commit()
    return course


def enrollments() -> list[Enrollment]:
    with across_accounts():
        db.session.rollback()
        return db.session.query(Enrollment).order_by(Enrollment.created_at).all()


def play(sandbox: Sandbox, enrollment: Enrollment, **result: Any) -> None:
    """A robot learner's session, as SCORM Cloud would see it."""
    sandbox.cloud.post("play", registrationId=enrollment.registration_id, **result)


def calls(sandbox: Sandbox, method: str, ending: str) -> list[dict[str, Any]]:
    """What was really done at SCORM Cloud."""
    entries = sandbox.cloud.get("ledger", since=0)["entries"]
    return [
        one
        for one in entries
        if one["applied"] and one["method"] == method and one["path"].rstrip("/").endswith(ending)
    ]


def in_parallel(verbs: Sequence[Callable[[], T]]) -> list[T]:
    """Starts all of them in the same moment, each in a thread of its own."""
    answers: list[T] = []
    start = threading.Barrier(len(verbs))

    def run(verb: Callable[[], T]) -> None:
        start.wait()
        answers.append(verb())

    threads = [threading.Thread(target=run, args=[verb]) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == len(verbs), "one of them failed or never ended"
    return answers
