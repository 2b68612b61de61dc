"""What the player reports of a sequenced course as a whole, and what becomes of it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.sandbox.conftest import CloudServer

MANIFEST = """<?xml version="1.0"?>
<manifest identifier="mixed" version="1" xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"
    xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3"
    xmlns:imsss="http://www.imsglobal.org/xsd/imsss">
  <metadata><schema>ADL SCORM</schema><schemaversion>2004 3rd Edition</schemaversion></metadata>
  <organizations default="org"><organization identifier="org"><title>Mixed</title>
    <item identifier="quiz" identifierref="sco"><title>Quiz</title>
      <imsss:sequencing>
        <imsss:rollupRules objectiveMeasureWeight="{weight}"/>
      </imsss:sequencing></item>
    <item identifier="farewell" identifierref="page"><title>Farewell</title>
      <imsss:sequencing>
        <imsss:rollupRules objectiveMeasureWeight="{weight}"/>
      </imsss:sequencing></item>
  </organization></organizations>
  <resources>
    <resource identifier="sco" type="webcontent" adlcp:scormType="sco" href="quiz.html"/>
    <resource identifier="page" type="webcontent" adlcp:scormType="asset" href="page.html"/>
  </resources>
</manifest>
"""
SCORED = {"completion_status": "completed", "success_status": "passed", "score": {"scaled": "0.8"}}

Session = Callable[..., None]


@pytest.fixture
def begin(cloud_server: CloudServer, tmp_path: Path) -> Callable[[str], Session]:
    """Enrols somebody in the course and opens it; gives what the player's page reports with."""

    def begin(weight: str) -> Session:
        path = tmp_path / "mixed.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("imsmanifest.xml", MANIFEST.format(weight=weight))
            for name in ("quiz.html", "page.html"):
                archive.writestr(name, "<!doctype html><title>Part</title>")
        assert cloud_server.import_course("c1", path)["status"] == "COMPLETE"
        cloud_server.enroll("r1")
        wanted = {"redirectOnExitUrl": "closer"}
        link = cloud_server.call("POST", "/registrations/r1/launchLink", json=wanted).json()
        opened = requests.get(
            cloud_server.url + urlsplit(link["launchLink"]).path, timeout=20, allow_redirects=False
        )
        player = urlsplit(opened.headers["Location"])

        def report(**body: Any) -> None:
            answer = requests.post(
                f"{cloud_server.url}{player.path}commit",
                json=body,
                headers={"Host": player.netloc},
                timeout=20,
            )
            assert answer.ok, answer.text

        return report

    return begin


def outcome(server: CloudServer) -> tuple[str, str, Any]:
    shown = server.registration("r1")
    score = shown.get("score")
    return (
        shown["registrationCompletion"],
        shown["registrationSuccess"],
        score and score["scaled"],
    )


def test_the_status_of_the_whole_counts_without_any_item(
    cloud_server: CloudServer, begin: Callable[[str], Session]
) -> None:
    report = begin("1")
    report(item="quiz", cmi=SCORED, final=True, root={"completion": "INCOMPLETE"})
    assert outcome(cloud_server)[0] == "INCOMPLETE"
    # The learner turned to the plain page last, which itself reports nothing.
    root = {"completion": "COMPLETED", "success": "PASSED", "score": 80}
    report(root=root, sequencing={"any": "state"}, suspended="farewell")
    assert outcome(cloud_server) == ("COMPLETED", "PASSED", 80)
    shown = cloud_server.registration("r1", includeChildResults="true")
    assert shown["suspendedActivityId"] == "farewell"
    assert shown["activityDetails"]["children"][0]["score"] == {"scaled": 80.0}


def test_a_course_of_which_no_part_counts_has_no_score(
    cloud_server: CloudServer, begin: Callable[[str], Session]
) -> None:
    report = begin("0")
    report(item="quiz", cmi=SCORED, final=False)
    assert outcome(cloud_server) == ("COMPLETED", "PASSED", None)
    root = {"completion": "COMPLETED", "success": "PASSED", "score": None}
    report(item="quiz", cmi=SCORED, final=True, root=root)
    assert outcome(cloud_server) == ("COMPLETED", "PASSED", None)
    shown = cloud_server.registration("r1", includeChildResults="true")
    assert shown["activityDetails"]["children"][0]["score"] == {"scaled": 80.0}


def test_a_course_of_which_a_part_counts_has_its_score_at_once(
    cloud_server: CloudServer, begin: Callable[[str], Session]
) -> None:
    begin("0.5")(item="quiz", cmi=SCORED, final=False)
    assert outcome(cloud_server) == ("COMPLETED", "PASSED", 80)
