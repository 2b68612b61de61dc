"""The client of SCORM Cloud against the sandbox: what it sends is accepted, what comes is read."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from app.clients.http import OutsideError
from app.clients.scorm_cloud import Postback, ScormCloud
from tests.clients.examples import ANN, package
from tests.fixtures.sandbox import Sandbox
from tests.waiting import eventually

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
POSTBACK = Postback("http://127.0.0.1:9/api/webhooks/scorm-cloud", "acc-1", "pass-word-1")


def test_good_credentials_answer(cloud: ScormCloud) -> None:
    cloud.ping()
    assert cloud.account_info().courses >= 0


def test_wrong_credentials_are_recognised(sandbox: Sandbox) -> None:
    with pytest.raises(OutsideError) as caught:
        ScormCloud(f"{sandbox.cloud.url}/api/v2", "SANDBOX", "wrong").ping()
    assert caught.value.is_unauthorised
    assert not caught.value.can_retry


def test_a_package_becomes_a_course(cloud: ScormCloud, course: str) -> None:
    found = cloud.course(course)
    assert (found.title, found.version, found.standard) == ("Forklift safety", 0, "SCORM12")
    assert (found.tags, found.registrations) == (("demo",), 0)


def test_an_existing_course_is_not_overwritten(cloud: ScormCloud, course: str) -> None:
    with pytest.raises(OutsideError) as caught:
        cloud.upload_course(course, package(), "forklift.zip")
    assert caught.value.already_exists
    job = cloud.upload_course(course, package(), "forklift.zip", may_create_new_version=True)
    eventually(lambda: not cloud.import_job(job).is_running)
    assert cloud.course(course).version == 1


def test_a_bad_package_ends_in_an_error_with_a_reason(cloud: ScormCloud) -> None:
    job = cloud.upload_course("bad", io.BytesIO(b"this is no zip"), "bad.zip")
    eventually(lambda: not cloud.import_job(job).is_running)
    ended = cloud.import_job(job)
    assert ended.failed
    assert ended.course is None


def test_a_large_package_is_streamed_whole(cloud: ScormCloud) -> None:
    file = package()
    file.seek(0, io.SEEK_END)
    # A zip may end in a comment; its length stands in the last two bytes of the directory.
    whole = file.getvalue()[:-2] + (60_000).to_bytes(2, "little") + b"x" * 60_000
    job = cloud.upload_course("large", io.BytesIO(whole), 'odd "näme".zip')
    eventually(lambda: not cloud.import_job(job).is_running)
    assert not cloud.import_job(job).failed


def test_an_unknown_import_is_gone(cloud: ScormCloud) -> None:
    with pytest.raises(OutsideError) as caught:
        cloud.import_job("nobody-knows")
    assert caught.value.is_gone


def test_a_course_goes(cloud: ScormCloud, course: str) -> None:
    cloud.delete_course(course)
    cloud.delete_course(course)
    with pytest.raises(OutsideError) as caught:
        cloud.course(course)
    assert caught.value.is_gone


def test_a_registration_starts_empty(cloud: ScormCloud, registration: str) -> None:
    assert cloud.registration_exists(registration)
    result = cloud.registration(registration)
    assert (result.course_id, result.learner_id) == ("course-1", "u1")
    assert (result.completion, result.success, result.score) != ("COMPLETED", "PASSED", 0)
    assert (result.score, result.seconds, result.first_access) == (None, 0, None)
    assert cloud.launch_history(registration) == []


def test_the_same_registration_twice_says_so(cloud: ScormCloud, registration: str) -> None:
    with pytest.raises(OutsideError) as caught:
        cloud.create_registration(registration, "course-1", ANN)
    assert caught.value.already_exists


def test_a_registration_on_an_unknown_course_says_so(cloud: ScormCloud) -> None:
    with pytest.raises(OutsideError) as caught:
        cloud.create_registration("reg-2", "no-course", ANN)
    assert caught.value.is_gone
    assert not cloud.registration_exists("reg-2")


def test_what_a_learner_does_is_read(
    sandbox: Sandbox, cloud: ScormCloud, registration: str
) -> None:
    sandbox.cloud.post(
        "play",
        registrationId=registration,
        completion="COMPLETED",
        success="PASSED",
        score=87.5,
        seconds=90,
    )
    result = cloud.with_launches(cloud.registration(registration, details=True))
    assert (result.completion, result.success) == ("COMPLETED", "PASSED")
    assert (result.score, result.raw_score) == (87.5, 87.5)
    assert result.seconds == pytest.approx(90)
    assert result.completed_at is not None
    assert result.launches == 1
    launch = cloud.launch_history(registration)[0]
    assert launch.launched_at is not None


def test_a_score_of_zero_arrives_as_zero(
    sandbox: Sandbox, cloud: ScormCloud, registration: str
) -> None:
    sandbox.cloud.post(
        "play", registrationId=registration, completion="COMPLETED", success="FAILED", score=0
    )
    assert cloud.registration(registration).score == 0


def test_changes_come_oldest_first_over_all_pages(
    sandbox: Sandbox, cloud: ScormCloud, course: str
) -> None:
    sandbox.cloud.put("settings", page_size_since=2)
    names = [f"reg-{number}" for number in range(5)]
    for name in names:
        cloud.create_registration(name, course, ANN)
    sandbox.cloud.post("play", registrationId="reg-0", completion="COMPLETED")

    found = list(cloud.changed_registrations(LONG_AGO))
    assert sorted(result.registration_id for result in found) == names
    assert [result.updated for result in found] == sorted(result.updated for result in found)
    assert found[-1].registration_id == "reg-0"

    assert list(cloud.changed_registrations(LONG_AGO, course_id="other")) == []
    assert list(cloud.changed_registrations(found[-1].updated + timedelta(seconds=5))) == []
    before_play = found[-1].updated - timedelta(milliseconds=1)
    earlier = cloud.changed_registrations(LONG_AGO, before_play)
    assert "reg-0" not in {result.registration_id for result in earlier}


def test_a_deleted_registration_stays_deleted(cloud: ScormCloud, registration: str) -> None:
    cloud.delete_registration(registration)
    cloud.delete_registration(registration)
    assert not cloud.registration_exists(registration)


def test_links_lead_to_the_player(cloud: ScormCloud, registration: str) -> None:
    link = cloud.launch_link(registration, "http://hub.localhost:8000/exit", expiry=30)
    again = cloud.launch_link(registration, "http://hub.localhost:8000/exit")
    assert link.startswith("http")
    assert link != again
    assert cloud.preview_link("course-1").startswith("http")
    with pytest.raises(OutsideError) as caught:
        cloud.launch_link(registration, "http://hub.localhost:8000/exit", expiry=5)
    assert not caught.value.can_retry


def test_postbacks_are_configured_for_the_whole_application(cloud: ScormCloud) -> None:
    cloud.configure_postback(POSTBACK)
    settings = cloud.postback_settings()
    assert (settings.url, settings.user) == (POSTBACK.url, "acc-1")
    assert settings.auth_type.lower() == "httpbasic"
    assert POSTBACK.password not in repr(settings) + repr(POSTBACK) + repr(cloud)


def test_postbacks_can_be_given_with_a_registration(cloud: ScormCloud, course: str) -> None:
    cloud.create_registration("reg-1", course, ANN, postback=POSTBACK, tags=["acc-1"])
    assert cloud.registration_exists("reg-1")
    cloud.test_postback(POSTBACK)


def test_lost_answers_leave_the_outcome_open(
    sandbox: Sandbox, cloud: ScormCloud, course: str
) -> None:
    sandbox.cloud.faults(timeout_after=1, hold_s=0.1, match="^POST ")
    with pytest.raises(OutsideError) as caught:
        cloud.create_registration("reg-1", course, ANN)
    assert caught.value.outcome_unknown
    sandbox.cloud.faults()
    assert cloud.registration_exists("reg-1")


@pytest.mark.parametrize("fault", ["rate_500", "rate_429", "rate_html", "reset"])
def test_passing_trouble_is_known_as_such(sandbox: Sandbox, cloud: ScormCloud, fault: str) -> None:
    sandbox.cloud.faults(**{fault: 1})
    with pytest.raises(OutsideError) as caught:
        cloud.ping()
    assert caught.value.can_retry
    assert not caught.value.is_gone
