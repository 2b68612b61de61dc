"""The wall between course scripts and everything else, and how course files are served."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.sandbox.scorm_cloud.player.stage import Learner, Stage

MANIFEST = """<manifest xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"><organizations><organization>
 <title>Odd &lt;b&gt;files&lt;/b&gt;</title>
 <item identifier="i" identifierref="r"><title>Page</title></item>
 </organization></organizations><resources>
 <resource identifier="r" adlcp:scormtype="sco" href="in here/ä page.html?x=1"/>
 </resources></manifest>"""
FILES = {
    "imsmanifest.xml": MANIFEST,
    "in here/ä page.html": "<title>odd</title><h1>Hello</h1><script src=../Code.JS></script>",
    "code.js": "window.ran = location.search",
    "data.xyz": "who knows",
    "film.mp4": "0123456789",
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("odd") / "odd.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def opened(stage: Stage, learner: Learner, odd: Path) -> Learner:
    learner.open(stage.enrol(odd))
    learner.course.wait_for_selector("h1")
    return learner


def test_names_with_blanks_umlauts_and_another_case_are_found(
    stage: Stage, opened: Learner
) -> None:
    assert opened.course.evaluate("window.ran") == "?x=1"
    assert opened.page.locator("header h1").inner_text() == "Odd <b>files</b>"


def test_files_have_fixed_types_that_browsers_may_not_guess(stage: Stage, opened: Learner) -> None:
    base = f"{opened.page.url}course/"
    for name, kind in (("code.js", "text/javascript"), ("data.xyz", "application/octet-stream")):
        answer = stage.ask("GET", base + name)
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


def test_parts_of_a_film_can_be_asked_for(stage: Stage, opened: Learner) -> None:
    film = f"{opened.page.url}course/film.mp4"
    part = stage.ask("GET", film, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    whole = stage.ask("GET", film)
    assert (whole.content, whole.headers["Content-Length"]) == (b"0123456789", "10")
    again = stage.ask("GET", film, headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["gone.html", "in here/", "", "../player.py", "%2e%2e/player.py"])
def test_what_is_not_in_the_package_is_not_there(stage: Stage, opened: Learner, name: str) -> None:
    assert stage.ask("GET", f"{opened.page.url}course/{name}").status_code in (404, 405)


@pytest.mark.parametrize("path", ["/api/v2/ping", "/sandbox/", "/", "/launch/x"])
def test_the_content_origin_answers_nothing_but_the_player(stage: Stage, path: str) -> None:
    auth = ("SANDBOX", "sandbox-secret")
    assert stage.ask("GET", stage.content + path, auth=auth).status_code == 404


def test_the_clouds_own_origin_serves_no_course(stage: Stage, opened: Learner) -> None:
    page = opened.page.url.replace(stage.content, stage.url)
    assert stage.ask("GET", page).status_code == 404
    assert stage.ask("GET", f"{page}course/code.js").status_code == 404


@pytest.mark.parametrize("origin", ["content", "null", "http://elsewhere.test"])
def test_controls_refuse_pages_of_other_origins(stage: Stage, origin: str) -> None:
    headers = {"Origin": stage.content if origin == "content" else origin}
    refused = stage.ask("POST", f"{stage.url}/sandbox/reset", headers=headers)
    assert refused.status_code == 403
    own = {"Origin": stage.url}
    assert stage.ask("POST", f"{stage.url}/sandbox/clock", headers=own, json={"offset_s": 0}).ok


@pytest.mark.parametrize("host", ["cloud.localhost", "127.0.0.1"])
def test_a_course_cannot_send_anything_to_the_controls(
    stage: Stage, opened: Learner, host: str
) -> None:
    registrations = stage.api("GET", "registrations")["registrations"]
    address = f"http://{host}:{stage.port}/sandbox/reset"
    sent = opened.course.evaluate(
        """async (address) => {
          const tried = await fetch(address, { method: "POST", mode: "no-cors" })
            .then(() => "sent", () => "blocked");
          const beacon = navigator.sendBeacon(address, "");
          const form = Object.assign(document.createElement("form"),
            { method: "post", action: address, target: "_blank" });
          document.body.append(form);
          form.submit();
          return tried;
        }""",
        address,
    )
    assert sent == "blocked"
    opened.page.wait_for_timeout(200)
    assert stage.api("GET", "registrations")["registrations"] == registrations


def test_a_commit_needs_the_name_of_a_launch_and_an_object(stage: Stage, opened: Learner) -> None:
    stranger = f"{stage.content}/play/0b2f7a8e-0000-4000-8000-000000000000/commit"
    assert stage.ask("POST", stranger, json={}).status_code == 404
    commit = f"{opened.page.url}commit"
    assert stage.ask("POST", commit, data="{broken").status_code == 400
    assert stage.ask("POST", commit, data="[1]").status_code == 400
    assert stage.ask("POST", commit, data=b"x" * (3 * 1024**2)).status_code == 413
    beacon = stage.ask("POST", commit, data="{}", headers={"Content-Type": "text/plain"})
    assert beacon.json() == {"result": True, "errorCode": 0}


def test_the_last_message_brings_along_what_was_not_yet_reported(
    stage: Stage, opened: Learner
) -> None:
    leave = f"{opened.page.url}leave"
    assert stage.ask("POST", leave, json={"item": "i"}).status_code == 400
    core = {"lesson_status": "failed", "score": {"raw": "12"}, "total_time": "00:00:05"}
    report = {"item": "i", "cmi": {"core": core}, "final": True}
    beacon = stage.ask("POST", leave, data=json.dumps([report]))
    assert beacon.status_code == 200
    newest = stage.api("GET", "registrations")["registrations"][0]["id"]
    assert stage.outcome(newest) == ("COMPLETED", "FAILED", 12)
    assert stage.launches(newest)[0]["exitTime"]
