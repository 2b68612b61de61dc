"""SCORM Cloud, API v2: it hosts the courses, plays them and keeps the learners' results.

One application (App ID and Secret Key) per account of ours; ids are chosen by us. A call that is
repeated after an unknown outcome is safe: a delete of something gone is done, a second create says
`already_exists`. Paths in the docstrings are below https://cloud.scorm.com/api/v2.
"""

from app.clients.http import LARGE_ANSWER, OutsideError
from app.clients.scorm_activities import Interaction, Module, Objective, Report
from app.clients.scorm_courses import Courses
from app.clients.scorm_registrations import Registrations
from app.clients.scorm_requests import CloudLearner, Postback
from app.clients.scorm_results import (
    AccountInfo,
    CloudCourse,
    ImportJob,
    LaunchRecord,
    PostbackSettings,
    Result,
)

__all__ = [
    "AccountInfo",
    "CloudCourse",
    "CloudLearner",
    "ImportJob",
    "Interaction",
    "LaunchRecord",
    "Module",
    "Objective",
    "OutsideError",
    "Postback",
    "PostbackSettings",
    "Report",
    "Result",
    "ScormCloud",
]


class ScormCloud(Courses, Registrations):
    """One application in SCORM Cloud. Every method raises OutsideError."""

    def ping(self) -> None:
        """GET /ping. Wrong credentials: `is_unauthorised`."""
        self._http.call("GET", "/ping")

    def account_info(self) -> AccountInfo:
        """GET /reporting/accountInfo."""
        return AccountInfo.parse(self._http.call("GET", "/reporting/accountInfo"))

    # Postbacks

    def configure_postback(self, postback: Postback) -> None:
        """POST /appManagement/configuration: results of all registrations go there by default."""
        settings = [
            {"settingId": name, "value": value} for name, value in postback.as_settings().items()
        ]
        self._http.call("POST", "/appManagement/configuration", body={"settings": settings})

    def postback_settings(self) -> PostbackSettings:
        """GET /appManagement/configuration, only what concerns postbacks."""
        answer = self._http.call("GET", "/appManagement/configuration", limits=LARGE_ANSWER)
        return PostbackSettings.parse(answer)

    def test_postback(self, postback: Postback) -> None:
        """POST /registrations/postBackTest: sends a dummy result there at once, without retries."""
        self._http.call("POST", "/registrations/postBackTest", body=postback.as_sent())
