"""What an admin can change by an address, done as a browser does it, and how the list of who did
what puts it; and the addresses that change nothing, each with its reason. See test_audit.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete
from werkzeug.test import TestResponse

from app import connections
from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    Course,
    EffectKind,
    Enrollment,
    across_accounts,
    acting_for,
    now,
)
from app.sync import attention, ledger, push
from tests.courses.conftest import upload, work_until_done
from tests.factories import complete, make_course, make_enrollment, make_learner
from tests.fixtures.hub import Work
from tests.fixtures.sandbox import Sandbox
from tests.settings.forms import brand, connect


@dataclass
class Scene:
    """Olivia, signed in to an account that is installed and connected, with a package at hand."""

    app: Flask
    client: FlaskClient
    account: Account
    sandbox: Sandbox
    work: Work
    package: bytes

    def course(self, **facts: Any) -> Course:
        return make_course(self.account, **facts)

    def imported(self) -> Course:
        """A course that SCORM Cloud has as well."""
        return work_until_done(self.work, upload(self.client, self.package))

    def enrollment(self, **facts: Any) -> Enrollment:
        return make_enrollment(self.course(), **facts)

    def differing(self) -> None:
        """What a check of the CRM has found: a tag that is missing there."""
        enrollment = self.enrollment()
        complete(enrollment)
        with acting_for(self.account.id):
            push.mark(enrollment)
            effect = ledger.find(self.account.id, EffectKind.TAGS, enrollment.learner_id)
            assert effect is not None
            effect.drift = "Missing: scorm_passed."
            db.session.commit()


def forget_lines() -> None:
    """What was done to come this far is not what the test is about."""
    with across_accounts():
        db.session.execute(delete(AuditEntry))
        db.session.commit()


# What is changed

Doing = Callable[[Scene], TestResponse]


@dataclass(frozen=True)
class Change:
    """By these addresses; what the list says; the doing, which answers with the last response."""

    endpoints: tuple[str, ...]
    said: str
    do: Doing


CHANGES: list[Change] = []


def change(*endpoints: str, said: str) -> Callable[[Doing], Doing]:
    """What the function does by these addresses is one line in the list."""

    def keep(do: Doing) -> Doing:
        CHANGES.append(Change(endpoints, said, do))
        return do

    return keep


@change("courses.begin", "courses.uploaded", said="uploaded a course")
def upload_a_course(scene: Scene) -> TestResponse:
    course_id = upload(scene.client, scene.package)
    return scene.client.post(f"/courses/{course_id}/uploaded")  # said twice, it is one upload


@change("courses.rename", said="renamed a course")
def rename(scene: Scene) -> TestResponse:
    return scene.client.post(f"/courses/{scene.course().id}/title", data={"title": "Ladders"})


@change("courses.choose_certificates", said="changed certificates")
def choose_certificates(scene: Scene) -> TestResponse:
    path = f"/courses/{scene.course().id}/certificates"
    return scene.client.post(path, data={"certificates": "on"})


@change("courses.replace_link", said="replaced a self-enrollment link")
def replace_link(scene: Scene) -> TestResponse:
    return scene.client.post(f"/courses/{scene.course().id}/link")


@change("courses.sync_all", said="started Sync All")
def sync_all(scene: Scene) -> TestResponse:
    return scene.client.post(f"/courses/{scene.enrollment().course_id}/sync")


@change("courses.delete", said="deleted a course")
def delete_a_course(scene: Scene) -> TestResponse:
    return scene.client.post(f"/courses/{scene.course().id}/delete")


@change("courses.delete", said="archived a course")
def archive_a_course(scene: Scene) -> TestResponse:
    return scene.client.post(f"/courses/{scene.enrollment().course_id}/delete")


@change("enrollments.enroll", said="enrolled")
def enroll(scene: Scene) -> TestResponse:
    [contact, *_] = connections.crm(scene.account).search_contacts("zoe")
    path, data = f"/courses/{scene.course().id}/enrollments", {"contact": contact.id}
    scene.client.post(path, data=data)
    return scene.client.post(path, data=data)  # who is enrolled is only found


@change("enrollments.launch", said="launched for")
def launch(scene: Scene) -> TestResponse:
    enrollment = make_enrollment(scene.imported(), registered=False)
    forget_lines()
    return scene.client.post(f"/enrollments/{enrollment.id}/launch")


@change("enrollments.withdraw", said="removed")
def withdraw(scene: Scene) -> TestResponse:
    return scene.client.post(f"/enrollments/{scene.enrollment().id}/withdraw")


@change("enrollments.register_again", said="registered again")
def register_again(scene: Scene) -> TestResponse:
    return scene.client.post(f"/enrollments/{scene.enrollment().id}/register")


@change("branding.save", said="changed branding")
def change_branding(scene: Scene) -> TestResponse:
    return brand(scene.client)


@change("account_mode.go_live", said="went live")
def go_live(scene: Scene) -> TestResponse:
    scene.app.config["BILLING"] = "none"
    return scene.client.post("/settings/account-mode/go-live")


def take_plan(scene: Scene, plan: str) -> TestResponse:
    scene.app.config |= {"BILLING": "marketplace", "CRM_LIVE_PLANS": ["sandbox-live"]}
    scene.sandbox.crm.post("plan", location=scene.account.location_id, plan=plan)
    return scene.client.post("/settings/account-mode/check-plan")


@change("account_mode.check_plan", said="went live")
def take_a_plan(scene: Scene) -> TestResponse:
    return take_plan(scene, "sandbox-live")


@change("account_mode.check_plan", said="went back to the trial")
def give_a_plan_up(scene: Scene) -> TestResponse:
    scene.account.go_live("sandbox-live")
    return take_plan(scene, "sandbox-trial")


@change("crm_settings.custom_objects", said="provisioned custom objects")
def provision(scene: Scene) -> TestResponse:
    return scene.client.post("/settings/custom-objects")


@change("crm_settings.set_switch", said="switched off")
def switch_off(scene: Scene) -> TestResponse:
    scene.client.post("/settings/crm-integration/tags")
    return scene.client.post("/settings/crm-integration/tags")  # it is off already


@change("scorm_cloud_settings.scorm_cloud", said="connected SCORM Cloud")
def connect_scorm_cloud(scene: Scene) -> TestResponse:
    return connect(scene.client, "SECOND", "second-secret")


@change("scorm_cloud_settings.check", said="checked SCORM Cloud")
def check_scorm_cloud(scene: Scene) -> TestResponse:
    return scene.client.post("/settings/scorm-cloud/check")


@change("scorm_cloud_settings.delete_again", said="asked SCORM Cloud again to delete")
def delete_again(scene: Scene) -> TestResponse:
    scene.course(archived_at=now(), parked_at=now())
    return scene.client.post("/settings/scorm-cloud/delete-again")


@change("scorm_cloud_settings.test_postback", said="tested the postbacks")
def have_a_postback_sent(scene: Scene) -> TestResponse:
    return scene.client.post("/settings/scorm-cloud/test")


@change("sync.check", said="checked the CRM")
def check_the_crm(scene: Scene) -> TestResponse:
    learner = make_learner(scene.account)
    return scene.client.post("/activity/check", data={"learner": learner.id})


@change("sync.repair", said="repaired the CRM")
def repair_the_crm(scene: Scene) -> TestResponse:
    scene.differing()
    return scene.client.post("/activity/check/repair")


@change("sync.retry", said="retried")
def retry(scene: Scene) -> TestResponse:
    enrollment = scene.enrollment(registered=False, parked_at=now())
    return scene.client.post(f"/activity/enrollment/{enrollment.id}/retry")


@change("sync.retry_all", said="retried everything")
def retry_all(scene: Scene) -> TestResponse:
    scene.enrollment(registered=False, parked_at=now())
    return scene.client.post("/activity/retry")


@change("sync.dismiss", said="dismissed")
def dismiss(scene: Scene) -> TestResponse:
    enrollment = scene.enrollment(registered=False, parked_at=now())
    return scene.client.post(f"/activity/enrollment/{enrollment.id}/dismiss")


@change("sync.dismiss_group", said="dismissed")
def dismiss_a_group(scene: Scene) -> TestResponse:
    scene.enrollment(registered=False, parked_at=now(), last_error="Refused.")
    with acting_for(scene.account.id):
        [group] = attention.groups(scene.account)
    return scene.client.post("/activity/dismiss", data={"group": group.key})


@change("account_mode.reopen", said="opened the account again")
def open_again(scene: Scene) -> TestResponse:
    scene.account.cancel()
    return scene.client.post("/settings/account-mode/reopen")


# What changes nothing

CHANGES_NOTHING: dict[str, tuple[str, Callable[[Scene, Course], TestResponse]]] = {
    "accounts.make_ticket": (
        "the request that comes with it is noted by itself, if it changes something",
        lambda scene, _: scene.client.post("/tickets", json={"path": "/reports/export.csv"}),
    ),
    "accounts.sign_out": (
        "ends the admin's own session, as half an hour without use does",
        lambda scene, _: scene.client.post("/sign-out"),
    ),
    "branding.preview": (
        "draws documents with what is typed, and saves nothing",
        lambda scene, _: scene.client.post(
            "/settings/branding/preview", data={"organization_name": "Harbour Safety"}
        ),
    ),
    "courses.preview": (
        "plays the course for the admin alone, and records nothing",
        lambda scene, course: scene.client.post(f"/courses/{course.id}/preview"),
    ),
}
