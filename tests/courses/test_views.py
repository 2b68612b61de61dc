"""The Courses tab and a course's page: list, search, pages, rename, delete, link, table."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from app import connections
from app.courses import removing
from app.enrollments import enrolling
from app.errors import Conflict
from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    Course,
    CourseStatus,
    EnrollLink,
    Source,
    across_accounts,
    acting_for,
    now,
)
from tests.courses.conftest import Work, upload, work_until_done
from tests.factories import make_account, make_course, make_enrollment, make_learner
from tests.fixtures.sandbox import Sandbox

FRAGMENT = {"HX-Request": "true"}


def courses() -> list[Course]:
    with across_accounts():
        db.session.rollback()
        return list(db.session.scalars(select(Course)))


def test_an_empty_list_says_what_to_do_first(client: FlaskClient, account: Account) -> None:
    text = client.get("/courses").text
    assert "No courses yet" in text
    assert "Upload a SCORM .zip package" in text


def test_the_list_counts_who_is_enrolled_and_who_has_completed(
    client: FlaskClient, account: Account
) -> None:
    course = make_course(account, title="Ladders")
    make_enrollment(course, completed_at=now(), completion="completed")
    make_enrollment(course)
    make_enrollment(course, withdrawn_at=now())
    row = client.get("/courses").text.split(f'id="course-{course.id}"')[1].split("</tr>")[0]
    assert 'data-label="Enrolled" class="numeric">2<' in row
    assert 'data-label="Completed" class="numeric">1<' in row
    assert "Ready" in row


def test_many_courses_come_in_pages(client: FlaskClient, account: Account) -> None:
    for number in range(60):
        created = now() - timedelta(hours=number)
        make_course(account, title=f"Course no. {number:02}", created_at=created)
    first, last = client.get("/courses").text, client.get("/courses?page=3").text
    assert first.count("Course no. ") >= 25
    assert "Course no. 00" in first
    assert "Course no. 25" not in first
    assert "Course no. 59" in last
    for odd in ("0", "-1", "9999999999999999999999", "x"):
        assert client.get(f"/courses?page={odd}").status_code == 200


def test_the_search_takes_a_part_of_the_title_and_no_wildcards(
    client: FlaskClient, account: Account
) -> None:
    make_course(account, title="Fire safety 100%")
    make_course(account, title="Ladders")
    found = client.get("/courses?q=SAFETY", headers=FRAGMENT).text
    assert "Fire safety" in found
    assert "Ladders" not in found
    assert "Ladders" not in client.get("/courses?q=%25", headers=FRAGMENT).text
    nothing = client.get("/courses?q=_", headers=FRAGMENT).text
    assert "No course matches" in nothing
    assert client.get("/courses?q=%00").status_code in (200, 400)


def test_a_course_of_another_account_is_not_listed(client: FlaskClient, account: Account) -> None:
    make_course(make_account("second-location"), title="Theirs")
    assert "Theirs" not in client.get("/courses").text


def test_renaming(client: FlaskClient, account: Account) -> None:
    course = make_course(account)
    path = f"/courses/{course.id}/title"
    assert client.post(path, data={"title": "  <b>New</b>\n name "}).status_code == 303
    [row] = courses()
    assert (row.title, row.slug) == ("<b>New</b> name", "fire-safety")
    text = client.get(f"/courses/{course.id}").text
    assert "<b>New</b>" not in text
    assert html.escape("<b>New</b> name") in text
    refused = client.post(path, data={"title": " \n"})
    assert refused.status_code == 422
    assert "Please enter a title." in refused.text
    client.post(path, data={"title": "x" * 400})
    assert courses()[0].title == "x" * 255


def test_while_processing_the_page_looks_again_by_itself(
    client: FlaskClient, account: Account
) -> None:
    course = make_course(account, status=CourseStatus.PROCESSING, import_started_at=now())
    for page in ("/courses", f"/courses/{course.id}"):
        text = client.get(page).text
        assert "Processing" in text
        assert 'hx-trigger="every 2s"' in text
    text = client.get(f"/courses/{course.id}").text
    assert "10 to 60 seconds" in text
    assert "Enroll a Contact" not in text
    assert "self-enrollment-link" not in text
    with time_machine.travel(now() + timedelta(seconds=61), tick=True):
        assert "longer than usual" in client.get(f"/courses/{course.id}").text


def test_an_error_shows_its_reason_and_what_to_do(client: FlaskClient, account: Account) -> None:
    course = make_course(
        account, status=CourseStatus.ERROR, error="It is broken.", error_detail="line 1"
    )
    text = client.get(f"/courses/{course.id}").text
    for words in ("It is broken.", "line 1", "Delete this course", "another SCORM player"):
        assert words in text
    assert client.post(f"/courses/{course.id}/preview").status_code == 409
    assert client.post(f"/courses/{course.id}/sync").status_code == 409


def test_deleting_a_course_without_learners_removes_it_everywhere(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course = work_until_done(work, upload(client, fire_safety))
    cloud_id = course.scorm_course_id
    answer = client.post(f"/courses/{course.id}/delete")
    assert (answer.status_code, answer.location) == (303, "/courses")
    assert course.title not in client.get("/courses", headers=FRAGMENT).text
    work()
    assert not courses()
    account = db.session.get_one(Account, account.id)
    assert not [one for one in (cloud_id,) if exists(account, one)]
    again = work_until_done(work, upload(client, fire_safety))
    assert again.status == CourseStatus.READY
    assert again.scorm_course_id != cloud_id


def exists(account: Account, cloud_id: str) -> bool:
    from app.clients.http import OutsideError

    try:
        connections.scorm_cloud(account).course(cloud_id)
    except OutsideError as error:
        assert error.is_gone
        return False
    return True


def test_deleting_works_when_the_course_is_gone_from_scorm_cloud_already(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work
) -> None:
    course = make_course(account)
    assert client.post(f"/courses/{course.id}/delete").status_code == 303
    work()
    assert not courses()


def test_deleting_while_scorm_cloud_is_away_is_finished_later(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course = work_until_done(work, upload(client, fire_safety))
    cloud_id = course.scorm_course_id
    sandbox.cloud.faults(down=True)
    assert client.post(f"/courses/{course.id}/delete").status_code == 303
    work()
    assert len(courses()) == 1
    sandbox.cloud.faults()
    work(ahead=timedelta(minutes=1))
    assert not courses()
    assert not exists(db.session.get_one(Account, account.id), cloud_id)


def test_deleting_that_is_not_enabled_there_says_what_to_switch_on(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work
) -> None:
    course, other = make_course(account, title="Ladders"), make_course(account, title="Ropes")
    sandbox.cloud.put("applications/SANDBOX", allowDelete=False)
    client.post(f"/courses/{course.id}/delete")
    work()
    [row] = [one for one in courses() if one.title == "Ladders"]
    assert "Enable Delete Operations" in str(row.last_error)
    page = html.unescape(client.get("/settings/scorm-cloud").text)
    assert "a course that is deleted here: Ladders." in page
    assert "Switch on “Enable Delete Operations”" in page
    told = client.post(f"/courses/{other.id}/delete", headers=FRAGMENT)
    assert "SCORM Cloud refuses to delete courses" in str(told.headers)
    sandbox.cloud.put("applications/SANDBOX", allowDelete=True)
    client.post("/settings/scorm-cloud/delete-again")
    work()
    assert not courses()
    assert "refuses to delete" not in client.get("/settings/scorm-cloud").text


def test_deleting_during_the_import_leaves_nothing_behind(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, fire_safety: bytes
) -> None:
    course_id = upload(client, fire_safety)
    client.post(f"/courses/{course_id}/delete")
    work()
    for seconds in (10, 20, 30):
        work(ahead=timedelta(seconds=seconds))
    assert not courses()
    assert not list(connections.storage().keys())


def test_deleting_a_course_with_learners_archives_it(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work
) -> None:
    course = make_course(account, title="Ladders")
    enrollment = make_enrollment(course)
    text = html.unescape(client.get(f"/courses/{course.id}").text)
    assert "It has 1 learner, so it will be archived" in text
    assert client.post(f"/courses/{course.id}/delete").status_code == 303
    work()
    [row] = courses()
    assert row.archived_at
    assert "Ladders" not in client.get("/courses", headers=FRAGMENT).text
    page = client.get(f"/courses/{course.id}").text
    assert "This course is archived" in page
    assert f"enrollment-{enrollment.id}" in page
    assert "Launch</" not in page


def test_nobody_is_enrolled_on_a_course_that_is_being_deleted(
    account: Account, client: FlaskClient
) -> None:
    course, learner = make_course(account), make_learner(account)
    with acting_for(account.id):
        assert course.ready  # as the other request has read it
        db.session.commit()
        stale = db.session.get_one(Course, course.id)
        assert stale.ready
        with db.engine.begin() as connection:
            connection.execute(
                Course.__table__.update().values(archived_at=now())  # type: ignore[attr-defined]
            )
        with pytest.raises(Conflict, match="Course not available"):
            enrolling.enroll(learner, stale, Source.DASHBOARD)
        db.session.rollback()


def test_replacing_the_link(client: FlaskClient, account: Account) -> None:
    course = make_course(account)
    old = course.link.token  # type: ignore[union-attr]
    assert f"/e/{old}" in client.get(f"/courses/{course.id}").text
    assert client.post(f"/courses/{course.id}/link").status_code == 303
    with across_accounts():
        rows = db.session.scalars(select(EnrollLink).order_by(EnrollLink.created_at)).all()
    assert [bool(row.replaced_at) for row in rows] == [True, False]
    page = client.get(f"/courses/{course.id}").text
    assert f"/e/{rows[1].token}" in page
    assert old not in page


def test_the_table_is_searched_and_filtered(client: FlaskClient, account: Account) -> None:
    course = make_course(account)
    make_enrollment(course, make_learner(account, first_name="Zoë", email="zoe@example.com"))
    done = make_learner(account, first_name="<i>Max</i>", last_name="Planck")
    make_enrollment(course, done, completion="completed")
    path = f"/courses/{course.id}?part=learners"
    text = client.get(path, headers=FRAGMENT).text
    assert text.count('id="enrollment-') == 2
    assert "<i>Max" not in text
    found = client.get(f"{path}&q=planck+max", headers=FRAGMENT).text
    assert found.count('id="enrollment-') == 1
    found = client.get(f"{path}&status=completed", headers=FRAGMENT).text
    assert "Planck" in found
    assert "Zoë" not in found
    assert "Nobody matches" in client.get(f"{path}&q=nobody", headers=FRAGMENT).text


def test_a_zero_is_a_score_and_none_is_a_dash(client: FlaskClient, account: Account) -> None:
    course = make_course(account)
    make_enrollment(course, score=0.0)
    assert 'data-label="Score" class="numeric">0 %<' in client.get(
        f"/courses/{course.id}"
    ).text.replace("\u202f", " ").replace("\xa0", " ").replace("0%", "0 %")


def test_what_was_done_is_in_the_audit_list(client: FlaskClient, account: Account) -> None:
    course = make_course(account)
    client.post(f"/courses/{course.id}/title", data={"title": "Other"})
    client.post(f"/courses/{course.id}/link")
    client.post(f"/courses/{course.id}/delete")
    with across_accounts():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.created_at)).all()
    assert [row.action for row in rows] == [
        "renamed a course",
        "replaced a self-enrollment link",
        "deleted a course",
    ]
    assert {row.actor for row in rows} == {"Olivia Owner"}


ACTIONS = ["title", "certificates", "link", "delete", "preview", "sync", "uploaded"]


@pytest.mark.parametrize("action", ACTIONS)
def test_strangers_and_signed_out_people_change_nothing(
    client: FlaskClient, account: Account, action: str
) -> None:
    theirs = make_course(make_account("second-location"), title="Theirs")
    path = f"/courses/{theirs.id}/{action}"
    assert client.application.test_client().post(path).status_code == 401
    assert client.post(path, data={"title": "Mine now"}).status_code == 404
    assert client.get(f"/courses/{theirs.id}").status_code == 404
    [row] = courses()
    assert (row.title, row.archived_at) == ("Theirs", None)


def test_archiving_holds_the_account(account: Account, client: FlaskClient) -> None:
    course = make_course(account)
    with acting_for(account.id):
        assert removing.remove(course)
        db.session.commit()
    assert db.session.get_one(Account, account.id).counted_at
