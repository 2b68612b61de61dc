"""Sync All over many learners: outside calls, and time against asking one after another.

The reference is the official client of SCORM Cloud for Python, timed on a sample in the same run at
the same latency; its time for all learners follows from that.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import rustici_software_cloud_v2 as official

from app.clients.scorm_cloud import CloudLearner, ScormCloud
from app.enrollments import syncing
from app.extensions import db
from app.models import Account, Course, Enrollment, Learner, ScormConnection, acting_for, now
from benchmarks.ground import LATENCY_MS, Ground, ground
from sandbox.courses.build import build

SIZES = (1_000, 10_000)
SAMPLE = 50


def main() -> None:
    for size in SIZES:
        with ground() as place, place.app.app_context():
            measure(place, size)


def measure(place: Ground, size: int) -> None:
    course = fill(place, size)
    with acting_for(course.account_id):
        sync(course)  # the first run reads everything; the figure is for nothing changed
        mark = place.mark("cloud")
        place.latency(LATENCY_MS)
        seconds = sync(course)
        reference = ask_one_by_one(place, course) / SAMPLE * size
        place.latency(0)
        calls = place.calls("cloud", mark) - SAMPLE
    figure = {
        "benchmark": "syncall",
        "learners": size,
        "outside_calls": calls,
        "calls_allowed": size // 100 + 5,
        "seconds": round(seconds, 2),
        "reference_seconds": round(reference, 1),
        "times_quicker": round(reference / seconds, 1),
    }
    print(json.dumps(figure), flush=True)


def sync(course: Course) -> float:
    """Seconds of one press of Sync All, worked through in this process."""
    started = time.perf_counter()
    run = syncing.start(course, "benchmark")
    db.session.commit()
    while run.running:
        syncing.continue_run(run)
        db.session.commit()
    return time.perf_counter() - started


def ask_one_by_one(place: Ground, course: Course) -> float:
    configuration = official.Configuration()
    configuration.host = f"http://127.0.0.1:{place.ports.cloud}/api/v2"
    configuration.username, configuration.password = "SANDBOX", "sandbox-secret"
    api = official.RegistrationApi(official.ApiClient(configuration))
    rows = db.session.query(Enrollment.registration_id).filter_by(course_id=course.id).limit(SAMPLE)
    started = time.perf_counter()
    for (registration_id,) in rows:
        api.get_registration_progress(registration_id)
    return time.perf_counter() - started


def fill(place: Ground, size: int) -> Course:
    """A course in the sandbox with `size` registrations, and the same as rows of an account."""
    account = Account(
        location_id="demo-location",
        name="Benchmark",
        scorm_app_id="SANDBOX",
        scorm_secret_key="sandbox-secret",
        scorm_connection=ScormConnection.CONNECTED,
    )
    db.session.add(account)
    db.session.flush()
    with acting_for(account.id):
        course = Course(title="Course", scorm_course_id="course", status="ready")
        db.session.add(course)
        db.session.flush()
        rows = [enrolled(account, course, number) for number in range(size)]
        db.session.commit()
        register(place, rows)
    return course


def enrolled(account: Account, course: Course, number: int) -> Enrollment:
    learner = Learner(account_id=account.id, first_name="Learner", last_name=str(number))
    db.session.add(learner)
    db.session.flush()
    enrollment = Enrollment(
        account_id=account.id, course_id=course.id, learner_id=learner.id, registered_at=now()
    )
    db.session.add(enrollment)
    return enrollment


def register(place: Ground, rows: list[Enrollment]) -> None:
    cloud = ScormCloud(f"http://127.0.0.1:{place.ports.cloud}/api/v2", "SANDBOX", "sandbox-secret")
    package = build(place.folder / "built")[0]
    with package.open("rb") as file:
        job = cloud.upload_course("course", file, "course.zip")
    while cloud.import_job(job).is_running:
        time.sleep(0.05)
    pairs = [(row.registration_id, row.learner_id) for row in rows]

    def create(pair: tuple[str, str]) -> None:
        cloud.create_registration(pair[0], "course", CloudLearner(pair[1], "", "Learner", "One"))

    with ThreadPoolExecutor(8) as pool:
        for done, _ in enumerate(pool.map(create, pairs)):
            if done % 1000 == 999:
                print(f"registered {done + 1}", file=sys.stderr)
