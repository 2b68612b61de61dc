"""Courses in SCORM Cloud: importing packages, their titles, previews, the end of a course."""

from collections.abc import Iterable
from typing import Any, BinaryIO

from app.clients.http import UPLOAD, part
from app.clients.multipart import MultipartFile
from app.clients.reading import text
from app.clients.scorm_application import Application, senseless
from app.clients.scorm_results import CloudCourse, ImportJob


class Courses(Application):
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

    def delete_course(self, course_id: str) -> None:
        """DELETE /courses/{id}, with its registrations. One that is gone counts as deleted."""
        self._delete(f"/courses/{part(course_id)}")

    def preview_link(
        self, course_id: str, redirect_on_exit_url: str = "closer", *, expiry: int = 120
    ) -> str:
        """POST /courses/{id}/preview: a link that plays the course and records nothing."""
        return self._link(f"/courses/{part(course_id)}/preview", redirect_on_exit_url, expiry)

    def _import(self, path: str, **sending: Any) -> str:
        job_id = text(self._http.call("POST", path, **sending).get("result"))
        if not job_id:
            raise senseless("POST", path, "answered without an import job")
        return job_id


def import_params(course_id: str, new_version: bool, tags: Iterable[str]) -> dict[str, str]:
    params = {"courseId": course_id, "mayCreateNewVersion": str(new_version).lower()}
    if named := ",".join(tags):
        params["tags"] = named
    return params
