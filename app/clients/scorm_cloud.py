"""SCORM Cloud, API v2: it hosts the courses, plays them and keeps the learners' results.

One application (App ID and Secret Key) per account of ours; ids are chosen by us. A call that is
repeated after an unknown outcome is safe: a delete of something gone is done, a second create says
`already_exists`. Paths in the docstrings are below https://cloud.scorm.com/api/v2.
"""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

from app.clients.http import LARGE_ANSWER, UPLOAD, Http, OutsideError, Pace, part
from app.clients.multipart import MultipartFile
from app.clients.reading import mappings, text
from app.clients.scorm_activities import Interaction, Module, Objective, Report
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

SERVICE = "SCORM Cloud"


class ScormCloud:
    """One application in SCORM Cloud. Every method raises OutsideError."""

    def __init__(
        self, base_url: str, app_id: str, secret_key: str, *, pace: Pace | None = None
    ) -> None:
        pair = base64.b64encode(f"{app_id}:{secret_key}".encode()).decode()
        self.app_id = app_id
        self._http = Http(SERVICE, base_url, authorization=f"Basic {pair}", pace=pace)

    def __repr__(self) -> str:
        return f"<ScormCloud {self.app_id}>"

    # The connection

    def ping(self) -> None:
        """GET /ping. Wrong credentials: `is_unauthorised`."""
        self._http.call("GET", "/ping")

    def account_info(self) -> AccountInfo:
        """GET /reporting/accountInfo."""
        return AccountInfo.parse(self._http.call("GET", "/reporting/accountInfo"))

    # Courses

    def upload_course(
        self,
        course_id: str,
        file: BinaryIO,
        filename: str,
        *,
        may_create_new_version: bool = False,
        tags: Iterable[str] = (),
    ) -> str:
        """POST /courses/importJobs/upload, streamed. The id of the import job; follow it with
        `import_job`.

        A course that is there already, when no new version may be made: `already_exists`.
        """
        form = MultipartFile(file, filename)
        return self._import(
            "/courses/importJobs/upload",
            params=import_params(course_id, may_create_new_version, tags),
            upload=form,
            headers={"Content-Type": form.content_type, "uploadedContentType": "application/zip"},
            limits=UPLOAD,
        )

    def import_course_from_url(
        self,
        course_id: str,
        url: str,
        *,
        may_create_new_version: bool = False,
        tags: Iterable[str] = (),
    ) -> str:
        """POST /courses/importJobs: SCORM Cloud fetches the package itself. The id of the import
        job.
        """
        return self._import(
            "/courses/importJobs",
            params=import_params(course_id, may_create_new_version, tags),
            body={"url": url, "contentType": "application/zip"},
        )

    def import_job(self, job_id: str) -> ImportJob:
        """GET /courses/importJobs/{id}. Known for a week after its end, then `is_gone`."""
        return ImportJob.parse(
            job_id, self._http.call("GET", f"/courses/importJobs/{part(job_id)}")
        )

    def course(self, course_id: str) -> CloudCourse:
        """GET /courses/{id}: its newest version, with the number of registrations."""
        path = f"/courses/{part(course_id)}"
        return CloudCourse.parse(
            self._http.call("GET", path, params={"includeRegistrationCount": "true"})
        )

    def set_title(self, course_id: str, title: str) -> None:
        """PUT /courses/{id}/title."""
        self._http.call("PUT", f"/courses/{part(course_id)}/title", body={"title": title})

    def delete_course(self, course_id: str) -> None:
        """DELETE /courses/{id}, with its registrations. One that is gone counts as deleted."""
        self._delete(f"/courses/{part(course_id)}")

    def preview_link(
        self, course_id: str, redirect_on_exit_url: str = "closer", *, expiry: int = 120
    ) -> str:
        """POST /courses/{id}/preview: a link that plays the course and records nothing."""
        return self._link(f"/courses/{part(course_id)}/preview", redirect_on_exit_url, expiry)

    # Registrations

    def create_registration(
        self,
        registration_id: str,
        course_id: str,
        learner: CloudLearner,
        *,
        postback: Postback | None = None,
        tags: Iterable[str] = (),
    ) -> None:
        """POST /registrations. An id in use: `already_exists`; an unknown course: `is_gone`."""
        body: dict[str, Any] = {
            "registrationId": registration_id,
            "courseId": course_id,
            "learner": learner.as_sent(),
        }
        if postback:
            body["postBack"] = postback.as_sent()
        if tags := list(tags):
            body["registrationTags"] = tags
        self._http.call("POST", "/registrations", body=body)

    def registration_exists(self, registration_id: str) -> bool:
        """HEAD /registrations/{id}."""
        try:
            self._http.call("HEAD", f"/registrations/{part(registration_id)}")
        except OutsideError as error:
            if error.is_gone:
                return False
            raise
        return True

    def registration(self, registration_id: str, *, details: bool = False) -> Result:
        """GET /registrations/{id}; with details also the modules, which the raw score needs."""
        path = f"/registrations/{part(registration_id)}"
        answer = self._http.call("GET", path, params=detail_params(details), limits=LARGE_ANSWER)
        return self._result(path, answer)

    def report(self, registration_id: str, *, questions: bool = False) -> Report:
        """GET /registrations/{id} with every module; with questions also what was answered."""
        path = f"/registrations/{part(registration_id)}"
        params = detail_params(True)
        if questions:
            params["includeInteractionsAndObjectives"] = "true"
        answer = self._http.call("GET", path, params=params, limits=LARGE_ANSWER)
        try:
            return Report.parse(answer)
        except ValueError as error:
            raise senseless("GET", path, str(error)) from None

    def changed_registrations(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        course_id: str | None = None,
        details: bool = False,
    ) -> Iterator[Result]:
        """GET /registrations, page by page: what was updated between two moments, oldest first."""
        params: dict[str, Any] = {
            "since": stamp(since),
            "datetimeFilter": "updated",
            "orderBy": "updated_asc",
            **detail_params(details),
        }
        if until:
            params["until"] = stamp(until)
        if course_id:
            params["courseId"] = course_id
        seen: set[str] = set()
        while True:
            page = self._http.call("GET", "/registrations", params=params, limits=LARGE_ANSWER)
            for item in mappings(page.get("registrations")):
                yield self._result("/registrations", item)
            more = text(page.get("more"))
            if not more or more in seen:
                return
            seen.add(more)
            # SCORM Cloud remembers the filters itself and wants nothing beside the token.
            params = {"more": more}

    def delete_registration(self, registration_id: str) -> None:
        """DELETE /registrations/{id}, all instances. One that is gone counts as deleted."""
        self._delete(f"/registrations/{part(registration_id)}")

    def launch_link(
        self, registration_id: str, redirect_on_exit_url: str, *, expiry: int = 120
    ) -> str:
        """POST /registrations/{id}/launchLink: to be opened within `expiry` (10-300) seconds, never
        stored.
        """
        path = f"/registrations/{part(registration_id)}/launchLink"
        return self._link(path, redirect_on_exit_url, expiry)

    def launch_history(self, registration_id: str) -> list[LaunchRecord]:
        """GET /registrations/{id}/launchHistory: launches since the last reset, oldest first."""
        answer = self._http.call("GET", f"/registrations/{part(registration_id)}/launchHistory")
        launches = [LaunchRecord.parse(item) for item in mappings(answer.get("launchHistory"))]
        never = datetime.max.replace(tzinfo=UTC)
        return sorted(launches, key=lambda launch: launch.launched_at or never)

    def with_launches(self, result: Result) -> Result:
        """The result with the number of its launches: one call more, so only for those that
        changed.
        """
        return replace(result, launches=len(self.launch_history(result.registration_id)))

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

    # Learners

    def update_learner(self, learner: CloudLearner) -> None:
        """POST /learner/{id}/updateInfo: name and e-mail on all registrations of the learner."""
        path = f"/learner/{part(learner.id)}/updateInfo"
        self._http.call("POST", path, body=learner.as_sent())

    def delete_learner_data(self, learner_id: str, owner_email: str) -> None:
        """POST /learner/{id}/delete-information: erases in the background and mails the receipt.

        `owner_email` is an owner's or administrator's address in SCORM Cloud, else `is_forbidden`.
        """
        path = f"/learner/{part(learner_id)}/delete-information"
        self._http.call("POST", path, params={"userEmail": owner_email})

    # Shared

    def _delete(self, path: str) -> None:
        try:
            self._http.call("DELETE", path)
        except OutsideError as error:
            if error.is_gone:
                return
            if error.status in (400, 401, 403):
                error.reason += " Deleting may be switched off for this application in SCORM Cloud."
            raise

    def _link(self, path: str, redirect_on_exit_url: str, expiry: int) -> str:
        body = {"redirectOnExitUrl": redirect_on_exit_url, "expiry": expiry}
        link = text(self._http.call("POST", path, body=body).get("launchLink"))
        if not link.startswith(("https://", "http://")):
            raise senseless("POST", path, "answered without a link")
        return link

    def _import(self, path: str, **sending: Any) -> str:
        job_id = text(self._http.call("POST", path, **sending).get("result"))
        if not job_id:
            raise senseless("POST", path, "answered without an import job")
        return job_id

    def _result(self, path: str, answer: dict[str, Any]) -> Result:
        try:
            return Result.parse(answer)
        except ValueError as error:
            raise senseless("GET", path, str(error)) from None


def senseless(method: str, path: str, reason: str) -> OutsideError:
    """A good answer that lacks what it is for."""
    return OutsideError(SERVICE, method, path, reason, status=200, garbled=True)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def import_params(course_id: str, new_version: bool, tags: Iterable[str]) -> dict[str, str]:
    params = {"courseId": course_id, "mayCreateNewVersion": str(new_version).lower()}
    if named := ",".join(tags):
        params["tags"] = named
    return params


def detail_params(details: bool) -> dict[str, str]:
    return {"includeChildResults": "true", "includeRuntime": "true"} if details else {}
