"""Registrations as raw JSON: every spelling the hub reads, launches, instances, restart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.scorm_cloud import runtime
from sandbox.scorm_cloud.links import Expired, Link, launch_by_link
from tests import own_packages, samples
from tests.samples import Sample
from tests.sandbox.conftest import CloudServer
from tests.sandbox.scorm_cloud.conftest import MakePackage

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def play(server: CloudServer, registration: str = "r1", **wanted: Any) -> Any:
    return server.control("POST", "play", registrationId=registration, **wanted)


def history(server: CloudServer, registration: str = "r1", **query: str) -> list[dict[str, Any]]:
    path = f"/registrations/{registration}/launchHistory"
    found: list[dict[str, Any]] = server.call("GET", path, params=query).json()["launchHistory"]
    return found


def test_a_new_registration(course: CloudServer) -> None:
    course.enroll("r1", registrationTags=["t"])
    shown = course.registration("r1")
    assert shown["registrationCompletion"] == shown["registrationSuccess"] == "UNKNOWN"
    assert not {"score", "firstAccessDate", "lastAccessDate", "completedDate"} & set(shown)
    assert shown["course"] == {"id": "c1", "title": "Tiny course", "version": 0}
    assert shown["learner"] == {"id": "u1", "firstName": "Ann", "lastName": "Lee"}
    assert (shown["instance"], shown["tags"]) == (0, ["t"])
    assert shown["activityDetails"]["children"] == []
    assert DATE.fullmatch(shown["createdDate"]) and DATE.fullmatch(shown["updated"])


def test_spellings_of_a_finished_registration(course: CloudServer) -> None:
    course.enroll("r1")
    play(course, completion="completed", success="passed", score=87.5, seconds=734.2)
    shown = course.registration("r1", includeChildResults="true", includeRuntime="True")
    assert shown["registrationCompletion"] == "COMPLETED"
    assert shown["registrationSuccess"] == "PASSED"
    assert shown["score"] == {"scaled": 87.5}
    assert shown["totalSecondsTracked"] == pytest.approx(734.2)
    root = shown["activityDetails"]
    assert (root["activityCompletion"], root["activitySuccess"]) == ("COMPLETED", "PASSED")
    assert root["timeTracked"] == "0000:12:14.20"
    (child,) = root["children"]
    assert child["runtime"]["scoreRaw"] == "87.5"
    assert "score" not in child["runtime"]
    assert child["staticProperties"]["scaledPassingScore"] == "0.8"
    (entry,) = history(course)
    assert entry["id"] == "r1" and entry["instance"] == 0
    assert (entry["completionStatus"], entry["successStatus"]) == ("COMPLETED", "PASSED")
    assert entry["totalSecondsTracked"] == pytest.approx(734.2)
    assert DATE.fullmatch(entry["launchTime"]) and DATE.fullmatch(entry["exitTime"])


def test_raw_score_only_with_the_flags(course: CloudServer) -> None:
    course.enroll("r1")
    play(course, score=40)
    assert "scoreRaw" not in course.call("GET", "/registrations/r1").text
    children = course.call("GET", "/registrations/r1?includeChildResults=true").text
    assert "scoreRaw" not in children and '"children":[{' in children.replace(" ", "")
    listed = course.call("GET", "/registrations?includeChildResults=True&includeRuntime=True").text
    assert '"scoreRaw"' in listed


def test_a_second_play_adds_its_time_and_its_launch(course: CloudServer) -> None:
    course.enroll("r1")
    play(course, completion="INCOMPLETE", seconds=60)
    play(course, completion="COMPLETED", success="FAILED", score=0, seconds=30)
    shown = course.registration("r1")
    assert shown["totalSecondsTracked"] == pytest.approx(90)
    assert (shown["registrationSuccess"], shown["score"]) == ("FAILED", {"scaled": 0.0})
    assert [round(each["totalSecondsTracked"]) for each in history(course)] == [60, 30]
    assert "historyLog" in history(course, includeHistoryLog="true")[0]


def test_the_robot_refuses_nonsense(course: CloudServer) -> None:
    import requests

    course.enroll("r1")
    for wrong in ({"completion": "DONE"}, {"score": 101}, {"seconds": -1}, {"success": "maybe"}):
        answer = requests.post(
            f"{course.url}/sandbox/play", json={"registrationId": "r1", **wrong}, timeout=10
        )
        assert answer.status_code == 400 and answer.json()["error"], wrong
    answer = requests.post(f"{course.url}/sandbox/play", json={"registrationId": "x"}, timeout=10)
    assert answer.status_code == 404
    assert history(course) == []


def test_many_plays_in_one_call(course: CloudServer) -> None:
    for number in range(20):
        course.enroll(f"r{number}")
    plays = [{"registrationId": f"r{number}", "score": number} for number in range(20)]
    assert course.control("POST", "play", plays=plays) == {"played": 20}
    assert course.registration("r19")["score"] == {"scaled": 19.0}


def test_the_robot_reports_all_items_of_a_course_at_once(
    course: CloudServer, make_package: MakePackage
) -> None:
    course.import_course("c2", make_package("Three parts", items=3))
    course.enroll("r1", course="c2", postBack={"url": "http://127.0.0.1:9/nobody"})
    play(course, success="PASSED", score=90, seconds=60)
    shown = course.registration("r1", includeChildResults="true")
    parts = shown["activityDetails"]["children"]
    assert [part["activityCompletion"] for part in parts] == ["COMPLETED"] * 3
    assert shown["totalSecondsTracked"] == 60
    assert len(history(course)) == 1
    assert len(course.control("GET", "deliveries")["deliveries"]) == 1


def test_a_launch_link_until_it_expires(course: CloudServer) -> None:
    course.enroll("r1")
    wanted = {"redirectOnExitUrl": "http://hub.test/done", "expiry": 10}
    answer = course.call("POST", "/registrations/r1/launchLink", json=wanted)
    name = answer.json()["launchLink"].rpartition("/launch/")[2]
    link = launch_by_link(course.cloud, name)
    assert isinstance(link, Link) and link.redirect == "http://hub.test/done"
    course.control("POST", "clock", offset_s=11)
    assert launch_by_link(course.cloud, name) == Expired("http://hub.test/done")
    assert launch_by_link(course.cloud, "unknown") is None


def test_links_can_be_expired_by_hand(course: CloudServer) -> None:
    course.enroll("r1")
    wanted = {"redirectOnExitUrl": "closer"}
    answer = course.call("POST", "/registrations/r1/launchLink", json=wanted)
    assert course.control("POST", "links/expire") == {"expired": 1}
    name = answer.json()["launchLink"].rpartition("/launch/")[2]
    assert isinstance(launch_by_link(course.cloud, name), Expired)


def test_untracked_launches_leave_nothing(course: CloudServer) -> None:
    course.enroll("r1")
    for link in (Link("SANDBOX", "c1"), Link("SANDBOX", "c1", "r1", tracking=False)):
        launch = runtime.open_launch(course.cloud, link)
        cmi = {"core": {"lesson_status": "passed"}}
        runtime.commit(course.cloud, launch, {"item1": cmi}, True)
        runtime.leave(course.cloud, launch)
    assert course.registration("r1")["registrationCompletion"] == "UNKNOWN"
    assert history(course) == []


def test_a_session_is_resumed_with_its_state(course: CloudServer) -> None:
    course.enroll("r1")
    cloud, link = course.cloud, Link("SANDBOX", "c1", "r1")
    first = runtime.open_launch(cloud, link)
    cmi = {
        "suspend_data": "page 3",
        "core": {"lesson_status": "incomplete", "exit": "suspend", "total_time": "0000:01:00.00"},
    }
    runtime.commit(cloud, first, {"item1": cmi}, final=True)
    runtime.save_sequencing(cloud, first, {"any": "state"}, "item1")
    runtime.leave(cloud, first)
    state = runtime.state_for(cloud, runtime.open_launch(cloud, link))
    assert state.items["item1"]["suspend_data"] == "page 3"
    assert (state.sequencing, state.suspended_item) == ({"any": "state"}, "item1")
    shown = course.registration("r1")
    assert shown["registrationCompletion"] == "INCOMPLETE"
    assert shown["totalSecondsTracked"] == 60
    assert len(history(course)) == 2 and "exitTime" not in history(course)[1]


def test_time_of_an_earlier_attempt_is_kept(course: CloudServer) -> None:
    course.enroll("r1")
    cloud, link = course.cloud, Link("SANDBOX", "c1", "r1")
    for _ in range(2):  # content that starts at zero each time, as after a normal exit
        launch = runtime.open_launch(cloud, link)
        core = {"lesson_status": "failed", "exit": "", "total_time": "0000:00:40.00"}
        core["session_time"] = "0000:00:40.00"
        runtime.commit(cloud, launch, {"item1": {"core": core}}, final=True)
        runtime.leave(cloud, launch)
    shown = course.registration("r1")
    assert shown["totalSecondsTracked"] == 80
    assert shown["activityDetails"]["attempts"] == 2


def test_reset_begins_again_on_the_newest_version(
    course: CloudServer, make_package: MakePackage
) -> None:
    course.enroll("r1")
    play(course, score=50)
    course.import_course("c1", make_package("Second"), mayCreateNewVersion="true")
    assert course.registration("r1")["course"]["version"] == 0
    assert course.call("DELETE", "/registrations/r1/progress").status_code == 204
    shown = course.registration("r1")
    assert shown["course"]["version"] == 1 and "score" not in shown
    assert history(course) == []


def test_a_new_instance_keeps_the_old_one_readable(course: CloudServer) -> None:
    course.enroll("r1")
    play(course, score=50)
    assert course.call("POST", "/registrations/r1/instances", json={}).status_code == 204
    assert "score" not in course.registration("r1")
    old = course.call("GET", "/registrations/r1/instances/0").json()
    assert old["score"] == {"scaled": 50.0}
    assert course.call("GET", "/registrations/r1/instances/7").status_code == 404
    assert course.call("DELETE", "/registrations/r1/instances/1").status_code == 204
    assert course.registration("r1")["score"] == {"scaled": 50.0}
    assert course.call("DELETE", "/registrations/r1/instances/0").status_code == 204
    assert course.call("HEAD", "/registrations/r1").status_code == 404


def test_a_newer_version_at_the_next_launch(course: CloudServer, make_package: MakePackage) -> None:
    course.enroll("r1")
    play(course, score=50)
    course.import_course("c1", make_package("Second"), mayCreateNewVersion="true")
    play(course, score=60)
    assert course.registration("r1")["instance"] == 0
    rule = {"settingId": "WhenToRestartRegistration", "value": "WHEN_NEWER_PACKAGE_VERSION_EXISTS"}
    course.call("POST", "/courses/c1/configuration", json={"settings": [rule]})
    play(course, score=70)
    shown = course.registration("r1")
    assert (shown["instance"], shown["course"]["version"]) == (1, 1)


def test_settings_of_the_nearest_level_win(course: CloudServer) -> None:
    course.enroll("r1")
    name = "ApiRollupRegistrationFormat"

    def effective(path: str) -> tuple[str, str]:
        items = course.call("GET", f"{path}/configuration").json()["settingItems"]
        item = next(each for each in items if each["id"] == name)
        return item["effectiveValue"], item["effectiveValueSource"]

    for path, value in (("/appManagement", "FULL"), ("/registrations/r1", "activity")):
        sent = {"settings": [{"settingId": name, "value": value}]}
        assert course.call("POST", f"{path}/configuration", json=sent).status_code == 204
    assert effective("/registrations/r1") == ("activity", "registration")
    assert effective("/courses/c1") == ("full", "application")
    assert course.call("DELETE", f"/registrations/r1/configuration/{name}").status_code == 204
    assert effective("/registrations/r1") == ("full", "application")


def test_progress_can_be_brought_along(course: CloudServer) -> None:
    state = {
        "registrationCompletion": "COMPLETED",
        "registrationSuccess": "PASSED",
        "score": {"scaled": 91},
        "totalSecondsTracked": 5,
    }
    course.enroll("r1", initialRegistrationState=state)
    shown = course.registration("r1")
    assert shown["score"] == {"scaled": 91.0} and shown["registrationSuccess"] == "PASSED"


def test_everything_survives_a_restart(course: CloudServer) -> None:
    course.enroll("r1")
    play(course, completion="COMPLETED", score=70, seconds=5)
    course.control("PUT", "faults", latency_ms=1)
    before = course.registration("r1", includeChildResults="true", includeRuntime="true")
    course.restart()
    assert course.registration("r1", includeChildResults="true", includeRuntime="true") == before
    assert len(history(course)) == 1
    assert course.call("GET", "/courses/c1/zip").content[:2] == b"PK"
    assert course.control("GET", "faults")["latency_ms"] == 1


def test_an_interrupted_import_is_taken_up_again(
    cloud_server: CloudServer, make_package: MakePackage
) -> None:
    job = cloud_server.import_course("c1", make_package())["jobId"]
    with cloud_server.cloud.store.write() as db:  # as if the process had died before the end
        db.execute("DELETE FROM courses")
        db.execute("UPDATE import_jobs SET status = 'RUNNING', finished = NULL")
    cloud_server.restart()
    assert cloud_server.finished(job)["status"] == "COMPLETE"


OF_EVERY_EDITION = [
    *((samples.own(name), facts[0]) for name, facts in own_packages.GOOD.items()),
    *(
        (
            sample,
            "SCORM12" if "-12-" in sample.name else f"SCORM2004{sample.name[10:13].upper()}EDITION",
        )
        for sample in samples.real()
        if sample.name.startswith("golf-")
    ),
]


@pytest.mark.parametrize(("sample", "standard"), OF_EVERY_EDITION, ids=samples.name)
def test_packages_of_every_edition_import_and_play(
    cloud_server: CloudServer, sample: Sample, standard: str, tmp_path: Path
) -> None:
    job = cloud_server.import_course("real", sample.saved(tmp_path))
    assert job["status"] == "COMPLETE", job
    assert job["importResult"]["course"]["courseLearningStandard"] == standard
    cloud_server.enroll("r1", course="real")
    play(cloud_server, completion="COMPLETED", success="FAILED", score=12.5, seconds=9)
    shown = cloud_server.registration("r1", includeChildResults="true", includeRuntime="true")
    assert shown["registrationSuccess"] == "FAILED"
    assert shown["score"] == {"scaled": 12.5}
    assert shown["totalSecondsTracked"] == pytest.approx(9)
