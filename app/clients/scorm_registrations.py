"""Registrations in SCORM Cloud: a learner in a course, the way in, and what came of it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.clients.http import LARGE_ANSWER, OutsideError, part
from app.clients.reading import mappings, text
from app.clients.scorm_activities import Report
from app.clients.scorm_application import Application, senseless
from app.clients.scorm_requests import CloudLearner, Postback
from app.clients.scorm_results import LaunchRecord, Result


class Registrations(Application):
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
        """The result with the launches of its instance: one call more, so only for those that
        changed.

        Without them if the registration was reset between the two calls: they would not belong to
        it, and its next report tells of the reset.
        """
        history = tuple(
            launch
            for launch in self.launch_history(result.registration_id)
            if launch.instance == result.instance
        )
        first = history[0].launched_at if history else None
        if result.first_access and (first is None or first > result.updated):
            return result
        return replace(result, launches=len(history), history=history)

    def _result(self, path: str, answer: dict[str, Any]) -> Result:
        try:
            return Result.parse(answer)
        except ValueError as error:
            raise senseless("GET", path, str(error)) from None


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def detail_params(details: bool) -> dict[str, str]:
    return {"includeChildResults": "true", "includeRuntime": "true"} if details else {}
