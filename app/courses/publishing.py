"""From an uploaded package to a course that is Ready, or to Error with its reason.

`publish` is called again and again for a course that is processing. Each call does one step and
says when to come back, so a worker may die between any two of them and nothing starts over.
"""

from __future__ import annotations

import logging
import os
import re
import unicodedata
from datetime import timedelta
from pathlib import PurePath
from typing import BinaryIO

from app import connections
from app.background import later, let_go, owed
from app.clients.errors import Kind
from app.clients.http import OutsideError
from app.clients.scorm_cloud import CloudCourse, ImportJob, ScormCloud
from app.clients.storage import new_key
from app.courses.package_check import ADVICE, check_package
from app.errors import AppError, BadInput, NotConnected, Refused
from app.extensions import db
from app.models import Account, Course, CourseStatus, EnrollLink, new_id, now
from app.outside_trouble import sentence_for

log = logging.getLogger(__name__)
NOT_OURS = {"SCORM11": "a SCORM 1.1", "AICC": "an AICC", "XAPI": "an xAPI", "CMI5": "a cmi5"}
DEADLINE = timedelta(minutes=15)  # after this an import counts as failed
SOON, SLOWLY = timedelta(seconds=1), timedelta(seconds=5)
DELETING_IS_OFF = (
    "SCORM Cloud refuses to delete the course. It does so until “Enable Delete Operations” is "
    "switched on for your application there; then try again."
)
NOT_COMPLETE = "The upload was not complete. Please upload the package again."
TIMED_OUT = (
    "The import did not finish in time, or the package is invalid. "
    "Delete the course and upload it again. Opening the package in another SCORM player tells "
    "whether the package itself is at fault."
)


def begin_upload(account: Account, filename: str, size: int, largest: int, support: str) -> Course:
    """A course that waits for its package. `size` and `largest` in bytes; BadInput if refused."""
    if not account.scorm_connected:
        raise NotConnected("Connect SCORM Cloud first: Settings → SCORM Cloud.")
    check_size(size, account.max_package_bytes or largest, support)
    if not filename.casefold().endswith(".zip"):
        raise BadInput("Please choose a .zip file: a SCORM 1.2 or SCORM 2004 package.")
    course = Course(
        account_id=account.id,
        title=title_of(filename),
        filename=filename[:255],
        size=size,
        storage_key=new_key("packages"),
        scorm_app_id=account.scorm_app_id,
    )
    course.scorm_course_id = new_id()
    course.slug = slug_of(course.title)
    db.session.add(course)
    db.session.flush()
    db.session.add(EnrollLink(account_id=account.id, course_id=course.id))
    return course


def check_size(size: int, largest: int, support: str) -> None:
    if size <= 0:
        raise BadInput("The file is empty. Please choose a SCORM .zip package.")
    if size > largest:
        raise BadInput(
            f"The file has {in_words(size, largest)}; the limit is {megabytes(largest)} MB per "
            f"package. For larger packages please contact {support}."
        )


def in_words(size: int, largest: int) -> str:
    """In MB; in bytes where the file is larger than the limit by so little that MB do not tell."""
    if megabytes(size) != megabytes(largest):
        return f"{megabytes(size)} MB"
    more = size - largest
    return f"{size:,} bytes, {more:,} {'byte' if more == 1 else 'bytes'} too many"


def megabytes(size: int) -> str:
    return f"{round(size / 1_048_576, 1):g}"


def finish_upload(course: Course) -> bool:
    """The browser says that the package has arrived. Said twice, it is processed once: True only
    for the first time.
    """
    if course.status != CourseStatus.UPLOADING:
        return False
    course.process()
    later(publish, course)
    return True


@owed
def publish(course: Course) -> None:
    """One step of the import, or of a deleted course its removal. Raises OutsideError for trouble
    that may pass.
    """
    if course.archived_at is not None:
        take_away(course)
        return
    if course.given_up:
        course.resume()
        course.postpone(timedelta())  # the next step, in a transaction of its own
        return
    if course.status != CourseStatus.PROCESSING:
        return
    if course.import_started_at and now() - course.import_started_at > DEADLINE:
        fail(course, TIMED_OUT, course.last_error)
        return
    try:
        take_step(course, connections.scorm_cloud(course.account))
    except AppError as problem:
        fail(course, problem.sentence)
    except OutsideError as error:
        if error.can_retry:
            raise
        log.warning("course %s: %s", course.id, error)
        if error.kind == Kind.REFUSED and error.service == "SCORM Cloud":
            fail(course, "SCORM Cloud refused the package.", in_its_words(error.reason))
        else:
            fail(course, sentence_for(error))


def take_step(course: Course, cloud: ScormCloud) -> None:
    if course.import_job_id is None:
        hand_over(course, cloud)
    else:
        follow(course, cloud.import_job(course.import_job_id), cloud)


def take_away(course: Course) -> None:
    """Removes a course that nobody was ever enrolled on: at SCORM Cloud, in storage, and here."""
    if course.account.scorm_connected and course.account.scorm_app_id == course.scorm_app_id:
        cloud = connections.scorm_cloud(course.account)
        if still_importing(course, cloud):
            course.postpone(SLOWLY)  # what is deleted now would come back when it is done
            return
        delete_there(course, cloud)
    forget_package(course)
    db.session.delete(course)


def delete_there(course: Course, cloud: ScormCloud) -> None:
    """Raises Refused where the application does not allow it; a person has to switch it on."""
    try:
        cloud.delete_course(course.scorm_course_id)
    except OutsideError as error:
        if error.can_retry:
            raise
        raise Refused(DELETING_IS_OFF) from error


def still_importing(course: Course, cloud: ScormCloud) -> bool:
    began = course.import_started_at
    if course.ready_at or course.import_job_id is None or not began or now() - began > DEADLINE:
        return False
    try:
        return cloud.import_job(course.import_job_id).is_running
    except OutsideError as error:
        if error.can_retry:
            raise
        return False


def hand_over(course: Course, cloud: ScormCloud) -> None:
    """Checks the package and sends it to SCORM Cloud, which answers with the job to follow."""
    storage = connections.storage()
    try:
        file = storage.open(course.storage_key or "")
    except FileNotFoundError:
        fail(course, NOT_COMPLETE)
        return
    cloud_id = course.scorm_course_id
    with file:
        check_arrived(file, course.size)
        title = check_package(file)
        file.seek(0)
        let_go()
        try:
            job_id = cloud.upload_course(cloud_id, file, "course.zip")
        except OutsideError as error:
            if not error.already_exists:
                raise
            course.fallback_title = title
            found_there(course, cloud)  # an earlier try got through and its answer was lost
            return
    course.import_job_id, course.fallback_title = job_id, title
    course.postpone(SOON)


def check_arrived(file: BinaryIO, size: int) -> None:
    """BadInput unless all bytes that were announced are there."""
    if file.seek(0, os.SEEK_END) != size:
        raise BadInput(NOT_COMPLETE)
    file.seek(0)


def found_there(course: Course, cloud: ScormCloud) -> None:
    try:
        accept(course, cloud.course(course.scorm_course_id), [], cloud)
    except OutsideError as error:
        if not error.is_gone:
            raise
        course.postpone(SLOWLY, "SCORM Cloud is still importing the package.")


def follow(course: Course, job: ImportJob, cloud: ScormCloud) -> None:
    if job.is_running:
        long_running = course.import_started_at and now() - course.import_started_at > SLOWLY * 4
        course.postpone(SLOWLY if long_running else SOON)
    elif job.failed or job.course is None:
        fail(course, "SCORM Cloud could not import the package.", in_its_words(job.message))
    else:
        accept(course, job.course, list(job.warnings), cloud)


def in_its_words(said: str) -> str | None:
    """What SCORM Cloud says about a package is meant for its author, and marked as such."""
    return f"SCORM Cloud says: {said}" if said else None


def accept(course: Course, imported: CloudCourse, warnings: list[str], cloud: ScormCloud) -> None:
    """Ready, if it is SCORM: SCORM Cloud also takes what we do not play, and that goes again."""
    if imported.standard in NOT_OURS:
        cloud.delete_course(course.scorm_course_id)
        fail(course, f"This is {NOT_OURS[imported.standard]} package. {ADVICE}")
        return
    if course.title == title_of(course.filename):  # else somebody has named it meanwhile
        own = imported.title if course.fallback_title is None else course.fallback_title
        course.title = clean_title(own) or course.title
    course.slug = slug_of(course.title)
    course.become_ready(imported.standard, imported.version, warnings)
    forget_package(course)


def fail(course: Course, reason: str, detail: str | None = None) -> None:
    course.become_error(reason, detail)
    forget_package(course)


def forget_package(course: Course) -> None:
    """Packages are kept only during import. What a crash leaves behind goes in the hourly sweep."""
    if course.storage_key is None:
        return
    try:
        connections.storage().delete(course.storage_key)
    except OutsideError as error:
        log.warning("a package stays until the sweep: %s", error)
    course.storage_key = None


def title_of(filename: str) -> str:
    return clean_title(PurePath(filename.replace("\\", "/")).stem) or "Untitled course"


def clean_title(text: str) -> str:
    """One line of at most 255 characters, without control characters."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return " ".join(text.split())[:255]


def slug_of(title: str) -> str:
    """The course's part of a tag: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80] or "course"
