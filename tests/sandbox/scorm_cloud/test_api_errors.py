"""Refusals: codes, texts and the two spellings of the body, on the raw answers."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import CloudServer
from tests.sandbox.scorm_cloud.conftest import MakePackage

LEARNER = {"id": "u1"}


def test_without_or_with_wrong_credentials(course: CloudServer) -> None:
    for auth in (("", ""), ("SANDBOX", "wrong"), ("NOBODY", "sandbox-secret")):
        answer = course.call("GET", "/ping", auth=auth)
        assert answer.status_code == 401
        assert list(answer.json()) == ["error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "start"),
    [
        ("GET", "/courses/nope", None, 404, "Could not find course [nope]"),
        ("DELETE", "/courses/nope", {}, 404, "Could not find course"),
        ("GET", "/courses/importJobs/nope", None, 404, "Could not find"),
        ("GET", "/registrations/nope", None, 404, "Could not find registration [nope]"),
        ("DELETE", "/registrations/nope", {}, 404, "Could not find registration [nope]"),
        ("POST", "/registrations/nope/launchLink", {"redirectOnExitUrl": "closer"}, 404, "Could"),
        ("POST", "/registrations", {"registrationId": "r", "learner": LEARNER}, 400, "Bad request"),
        ("POST", "/registrations", {"courseId": "c1", "learner": LEARNER}, 400, "Bad request"),
        ("POST", "/registrations", {"courseId": "c1", "registrationId": "r"}, 400, "Bad request"),
        ("GET", "/registrations?since=yesterday", None, 400, "Bad request, likely due to invalid"),
        ("GET", "/registrations?orderBy=size", None, 400, "Bad request, likely due to invalid"),
        ("GET", "/courses?datetimeFilter=never", None, 400, "Bad request, likely due to invalid"),
        ("GET", "/courses?more=abc", None, 400, "Bad request, likely due to invalid"),
        ("GET", "/courses?includeTotalCount=2", None, 400, "Bad request, likely due to invalid"),
        ("POST", "/courses/importJobs/upload", None, 400, "Bad request: courseId"),
        ("PUT", "/courses/c1/title", {}, 400, "Bad request: title"),
        ("GET", "/nothing", None, 404, ""),
    ],
)
def test_refusals(
    course: CloudServer, method: str, path: str, body: object, status: int, start: str
) -> None:
    answer = course.call(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["message"] == answer.json()["error"]
    assert answer.json()["message"].startswith(start)


def test_registrations_are_refused_once_taken_or_for_unknown_courses(course: CloudServer) -> None:
    course.enroll("r1")
    wanted = {"courseId": "c1", "registrationId": "r1", "learner": LEARNER}
    taken = course.call("POST", "/registrations", json=wanted)
    assert (taken.status_code, taken.json()["message"]) == (
        400,
        "Registration with id [r1] already exists",
    )
    unknown = course.call("POST", "/registrations", json={**wanted, "courseId": "c9"})
    assert (unknown.status_code, unknown.json()["message"]) == (404, "Could not find course [c9]")


def test_ids_have_at_most_255_characters(course: CloudServer) -> None:
    course.enroll("r" * 255)
    wanted = {"courseId": "c1", "registrationId": "r" * 256, "learner": LEARNER}
    assert course.call("POST", "/registrations", json=wanted).status_code == 400


def test_importing_an_existing_course(course: CloudServer, make_package: MakePackage) -> None:
    with make_package().open("rb") as file:
        refused = course.call(
            "POST", "/courses/importJobs/upload?courseId=c1", files={"file": file}
        )
    assert refused.status_code == 409
    assert refused.json()["message"] == "Course [c1] already exists"
    job = course.import_course("c1", make_package("Second"), mayCreateNewVersion="True")
    assert job["importResult"]["course"]["version"] == 1
    assert course.call("GET", "/courses/c1").json()["title"] == "Second"
    assert course.call("GET", "/courses/c1/versions/0").json()["title"] == "Tiny course"
    versions = course.call("GET", "/courses/c1/versions").json()["courses"]
    assert [each["version"] for each in versions] == [0, 1]


def test_imports_that_cannot_work_end_in_an_error(
    cloud_server: CloudServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("broken") / "broken.zip"
    path.write_bytes(b"this is no zip")
    job = cloud_server.import_course("c1", path)
    assert job["status"] == "ERROR" and job["message"]
    assert cloud_server.call("GET", "/courses/c1").status_code == 404


def test_an_import_runs_as_many_polls_as_wanted(
    cloud_server: CloudServer, make_package: MakePackage
) -> None:
    cloud_server.control("PUT", "settings", import_polls=3)
    with make_package().open("rb") as file:
        job = cloud_server.call(
            "POST", "/courses/importJobs/upload?courseId=c1", files={"file": file}
        ).json()["result"]
    answers = [cloud_server.call("GET", f"/courses/importJobs/{job}").json() for _ in range(3)]
    assert answers == [{"jobId": job, "status": "RUNNING"}] * 3
    assert cloud_server.finished(job)["status"] == "COMPLETE"


def test_a_job_id_is_forgotten_after_a_week(
    cloud_server: CloudServer, make_package: MakePackage
) -> None:
    job = cloud_server.import_course("c1", make_package())["jobId"]
    cloud_server.control("POST", "clock", offset_s=8 * 86400)
    assert cloud_server.call("GET", f"/courses/importJobs/{job}").status_code == 404


@pytest.mark.parametrize("expiry", [9, 301, "60", True])
def test_launch_links_live_between_10_and_300_seconds(course: CloudServer, expiry: object) -> None:
    course.enroll("r1")
    wanted = {"redirectOnExitUrl": "closer", "expiry": expiry}
    answer = course.call("POST", "/registrations/r1/launchLink", json=wanted)
    assert answer.status_code == 400 and "expiry" in answer.json()["message"]


@pytest.mark.parametrize("redirect", [None, "javascript:alert(1)", "hub", 5])
def test_a_launch_link_needs_a_usable_redirect(course: CloudServer, redirect: object) -> None:
    course.enroll("r1")
    wanted = {"redirectOnExitUrl": redirect}
    answer = course.call("POST", "/registrations/r1/launchLink", json=wanted)
    assert answer.status_code == 400


def test_settings_are_known_and_have_known_values(course: CloudServer) -> None:
    for setting, value in (("NoSuchSetting", "x"), ("WhenToRestartRegistration", "SOMETIMES")):
        sent = {"settings": [{"settingId": setting, "value": value}]}
        answer = course.call("POST", "/courses/c1/configuration", json=sent)
        assert answer.status_code == 400, setting
    assert course.call("DELETE", "/courses/c1/configuration/NoSuchSetting").status_code == 400


def test_unknown_words_in_a_post_back(course: CloudServer) -> None:
    for field, value in (("authType", "OAUTH"), ("resultsFormat", "TINY"), ("url", "ftp://x")):
        wanted = {
            "courseId": "c1",
            "registrationId": "r1",
            "learner": LEARNER,
            "postBack": {"url": "http://hub.test", field: value},
        }
        assert course.call("POST", "/registrations", json=wanted).status_code == 400, field
    assert course.call("HEAD", "/registrations/r1").status_code == 404


def test_deleting_needs_the_permission(course: CloudServer) -> None:
    course.enroll("r1")
    course.control("PUT", "applications/SANDBOX", allowDelete=False)
    for path in ("/registrations/r1", "/courses/c1"):
        assert course.call("DELETE", path).status_code == 403
    assert course.call("HEAD", "/registrations/r1").status_code == 200
    course.control("PUT", "applications/SANDBOX", allowDelete=True)
    assert course.call("DELETE", "/courses/c1").status_code == 204
    assert course.call("HEAD", "/registrations/r1").status_code == 404


def test_a_strict_registration_limit(course: CloudServer) -> None:
    course.control("PUT", "applications/SANDBOX", regLimit=1, strictLimit=True)
    course.enroll("r1")
    wanted = {"courseId": "c1", "registrationId": "r2", "learner": LEARNER}
    assert course.call("POST", "/registrations", json=wanted).status_code == 403
    info = course.call("GET", "/reporting/accountInfo").json()
    assert (info["regLimit"], info["strictLimit"]) == (1, True)
    assert info["usage"]["totalRegistrations"] == 1


def test_the_two_applications_do_not_see_each_other(
    course: CloudServer, make_package: MakePackage
) -> None:
    course.enroll("r1")
    assert course.call("GET", "/courses", "SECOND").json() == {"courses": []}
    assert course.call("GET", "/registrations", "SECOND").json() == {"registrations": []}
    for path in ("/courses/c1", "/registrations/r1", "/courses/c1/zip", "/courses/c1/asset/list"):
        assert course.call("GET", path, "SECOND").status_code == 404, path
    assert course.call("DELETE", "/registrations/r1", "SECOND").status_code == 404
    assert course.call("POST", "/learner/u1/updateInfo", "SECOND", json={}).status_code == 404
    course.import_course("c1", make_package("Theirs"), app="SECOND")
    course.enroll("r1", app="SECOND")
    assert course.call("GET", "/courses/c1").json()["title"] == "Tiny course"
    assert course.call("GET", "/courses/c1", "SECOND").json()["title"] == "Theirs"
    token = course.call("GET", "/courses?since=2000-01-01", "SECOND").json().get("more", "")
    assert token == ""


def test_single_files_of_a_course(course: CloudServer) -> None:
    def paths() -> list[str]:
        listed = course.call("GET", "/courses/c1/asset/list").json()["files"]
        return sorted(each["path"] for each in listed)

    assert paths() == ["imsmanifest.xml", "index.html"]
    page = course.call("GET", "/courses/c1/asset", params={"relativePath": "index.html"})
    assert b"Hello" in page.content
    added = course.call(
        "POST",
        "/courses/c1/asset/upload",
        files={"file": ("a.txt", b"new")},
        data={"destination": "extra/a.txt"},
    )
    assert added.json() == {"filename": "a.txt", "destination": "extra/a.txt"}
    assert paths() == ["extra/a.txt", "imsmanifest.xml", "index.html"]
    removed = {"relativePath": "extra/a.txt"}
    assert course.call("DELETE", "/courses/c1/asset", params=removed).status_code == 204
    assert course.call("GET", "/courses/c1/asset", params=removed).status_code == 404
    outside = {"relativePath": "../../etc/passwd"}
    assert course.call("GET", "/courses/c1/asset", params=outside).status_code == 400
