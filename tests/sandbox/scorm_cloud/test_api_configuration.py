"""Settings on every level, and that the nearest one counts."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import CloudServer
from tests.sandbox.scorm_cloud.conftest import MakePackage

NAME = "ApiRollupRegistrationAuthUser"
SINGLE_12 = {"learningStandard": "SCORM12", "singleSco": "True"}
MULTI_12 = {"learningStandard": "scorm12", "singleSco": "false"}


def put(server: CloudServer, path: str, value: str, name: str = NAME, **query: str) -> None:
    sent = {"settings": [{"settingId": name, "value": value}]}
    answer = server.call("POST", f"{path}/configuration", params=query, json=sent)
    assert answer.status_code == 204, answer.text


def item(server: CloudServer, path: str, **query: str) -> dict[str, str]:
    answer = server.call("GET", f"{path}/configuration", params=query)
    assert answer.status_code == 200, answer.text
    return next(each for each in answer.json()["settingItems"] if each["id"] == NAME)


def effective(server: CloudServer, path: str, **query: str) -> tuple[str, str]:
    found = item(server, path, **query)
    return found["effectiveValue"], found["effectiveValueSource"]


def test_a_course_version_has_settings_of_its_own(
    course: CloudServer, make_package: MakePackage
) -> None:
    course.import_course("c1", make_package("Second"), mayCreateNewVersion="true")
    put(course, "/courses/c1", "all")
    put(course, "/courses/c1/versions/1", "second")
    assert effective(course, "/courses/c1/versions/0") == ("all", "course")
    assert effective(course, "/courses/c1/versions/1") == ("second", "course")
    assert effective(course, "/courses/c1") == ("all", "course")
    assert "explicitValue" not in item(course, "/courses/c1/versions/0")
    assert item(course, "/courses/c1/versions/1")["explicitValue"] == "second"
    assert course.call("GET", "/courses/c1/versions/7/configuration").status_code == 404
    course.call("DELETE", f"/courses/c1/versions/1/configuration/{NAME}")
    assert effective(course, "/courses/c1/versions/1") == ("all", "course")


def test_a_registration_follows_the_version_it_plays(
    course: CloudServer, make_package: MakePackage
) -> None:
    course.enroll("old")
    course.import_course("c1", make_package("Second"), mayCreateNewVersion="true")
    course.enroll("new")
    put(course, "/courses/c1/versions/1", "second")
    assert effective(course, "/registrations/old") == ("", "default")
    assert effective(course, "/registrations/new") == ("second", "course")


def test_an_instance_has_settings_of_its_own(course: CloudServer) -> None:
    course.enroll("r1")
    put(course, "/registrations/r1", "always")
    course.call("POST", "/registrations/r1/instances")
    put(course, "/registrations/r1/instances/1", "now")
    assert effective(course, "/registrations/r1/instances/0") == ("always", "registration")
    assert effective(course, "/registrations/r1/instances/1") == ("now", "registration")
    assert course.call("GET", "/registrations/r1/instances/2/configuration").status_code == 404
    course.call("DELETE", f"/registrations/r1/instances/1/configuration/{NAME}")
    assert effective(course, "/registrations/r1/instances/1") == ("always", "registration")


def test_settings_go_with_what_they_belong_to(
    course: CloudServer, make_package: MakePackage
) -> None:
    course.enroll("r1")
    put(course, "/registrations/r1/instances/0", "mine")
    put(course, "/courses/c1/versions/0", "ours")
    assert course.call("DELETE", "/courses/c1").status_code == 204
    course.import_course("c1", make_package())
    course.enroll("r1")
    assert effective(course, "/courses/c1/versions/0") == ("", "default")
    assert effective(course, "/registrations/r1/instances/0") == ("", "default")


def test_a_learning_standard_is_a_level_between_application_and_course(
    course: CloudServer, make_package: MakePackage
) -> None:
    course.import_course("c2", make_package("Two parts", items=2))
    put(course, "/appManagement", "everybody")
    put(course, "/appManagement", "single", **SINGLE_12)
    standard = "learningStandardForApplication"
    assert effective(course, "/appManagement") == ("everybody", "application")
    assert effective(course, "/appManagement", **SINGLE_12) == ("single", standard)
    assert effective(course, "/appManagement", **MULTI_12) == ("everybody", "application")
    assert effective(course, "/courses/c1") == ("single", standard)
    assert effective(course, "/courses/c2") == ("everybody", "application")
    course.enroll("r1")
    assert effective(course, "/registrations/r1") == ("single", standard)
    put(course, "/courses/c1", "nearer")
    assert effective(course, "/registrations/r1") == ("nearer", "course")
    course.call("DELETE", f"/courses/c1/configuration/{NAME}")
    course.call("DELETE", f"/appManagement/configuration/{NAME}", params=SINGLE_12)
    assert effective(course, "/courses/c1") == ("everybody", "application")


@pytest.mark.parametrize(
    "query",
    [
        {"learningStandard": "SCORM12"},
        {"singleSco": "true"},
        {"learningStandard": "SCORM13", "singleSco": "true"},
        {"learningStandard": "SCORM12", "singleSco": "perhaps"},
    ],
)
def test_learning_standard_and_single_sco_go_together(
    cloud_server: CloudServer, query: dict[str, str]
) -> None:
    answer = cloud_server.call("GET", "/appManagement/configuration", params=query)
    assert answer.status_code == 400


def test_a_postback_follows_the_settings_of_the_learning_standard(course: CloudServer) -> None:
    url = "http://127.0.0.1:9/nobody"
    put(course, "/appManagement", url, name="ApiRollupRegistrationPostBackUrl", **SINGLE_12)
    course.enroll("r1")
    course.control("POST", "play", registrationId="r1")
    (delivery,) = course.control("GET", "deliveries")["deliveries"]
    assert delivery["url"] == url
