"""The page that says why: for its owner, for a stranger, for nobody, and with SCORM Cloud away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app import connections
from app.enrollments import enrolling
from app.extensions import db
from app.models import Account, Course, Enrollment, Launch, acting_for
from tests.factories import make_account, make_course, make_enrollment, make_learner, sign_in
from tests.fixtures.sandbox import Sandbox

Work = Callable[..., None]


@pytest.fixture
def enrollment(account: Account, course: Course) -> Enrollment:
    """Somebody who is registered on a course that really lies in the sandbox's SCORM Cloud."""
    with acting_for(account.id):
        enrollment = make_enrollment(course, registered=False)
        enrolling.register(enrollment)
        db.session.commit()
    return enrollment


def why(client: FlaskClient, enrollment: Enrollment, ask: str = "") -> str:
    answer = client.get(f"/enrollments/{enrollment.id}/why{'?ask=' + ask if ask else ''}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_nobody_and_strangers_see_nothing(client: FlaskClient, account: Account) -> None:
    enrollment = make_enrollment(make_course(account))
    address = f"/enrollments/{enrollment.id}/why"
    assert client.get(address).status_code == 401
    sign_in(client, make_account("second-location"))
    assert client.get(address).status_code == 404
    assert client.get(f"/enrollments/{'0' * 32}/why").status_code == 404


def test_the_page_stands_without_asking_anybody(client: FlaskClient, account: Account) -> None:
    enrollment = make_enrollment(make_course(account), make_learner(account, contact_id="c-1"))
    sign_in(client, account)
    page = why(client, enrollment)
    assert "The course has not been opened yet." in page
    assert page.split('id="why"')[1].split("</main>")[0].count('class="notice ') == 1
    assert "Ada Lovelace · Fire Safety" in page
    assert 'hx-trigger="load"' in page


def test_the_fragment_is_one_element(client: FlaskClient, account: Account) -> None:
    enrollment = make_enrollment(make_course(account))
    sign_in(client, account)
    part = client.get(f"/enrollments/{enrollment.id}/why", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert part.count('id="why"') == 1


def test_each_row_of_a_course_leads_there(client: FlaskClient, account: Account) -> None:
    enrollment = make_enrollment(make_course(account))
    sign_in(client, account)
    link = f'href="/enrollments/{enrollment.id}/why">Why?</a>'
    assert link in client.get(f"/courses/{enrollment.course_id}").text
    assert link in client.get(f"/learners/{enrollment.learner_id}").text


def test_what_scorm_cloud_says_now(
    client: FlaskClient, account: Account, enrollment: Enrollment, sandbox: Sandbox, work: Work
) -> None:
    """A completion that nobody told us of: the page sees it, says so, and has it recorded."""
    sandbox.cloud.post(
        "play",
        registrationId=enrollment.registration_id,
        completion="COMPLETED",
        success="FAILED",
        score=40,
        seconds=75,
    )
    sign_in(client, account)
    page = why(client, enrollment, "now")
    assert "is being recorded now" in page
    assert "Launches in SCORM Cloud" in page
    assert "Fire Safety" in page
    assert "40%" in page
    assert 'hx-trigger="load"' not in page
    work()
    page = why(client, enrollment, "now")
    assert "is being recorded now" not in page
    with acting_for(account.id):
        assert db.session.get_one(Enrollment, enrollment.id).completed


def test_all_launches_are_listed(
    client: FlaskClient, account: Account, enrollment: Enrollment, sandbox: Sandbox
) -> None:
    for _ in range(3):
        sandbox.cloud.post(
            "play", registrationId=enrollment.registration_id, completion="INCOMPLETE", seconds=60
        )
    with acting_for(account.id):
        db.session.add(Launch(account_id=account.id, enrollment_id=enrollment.id, opened_by="Dana"))
        db.session.commit()
    sign_in(client, account)
    page = why(client, enrollment, "now")
    cloud = page.split("Launches in SCORM Cloud</h2>")[1].split("</table>")[0]
    assert cloud.count('<th scope="row">') == 3
    assert "Dana" in page.split("Opened through SCORM Hub</h2>")[1]


def test_questions_only_on_request(
    client: FlaskClient, account: Account, enrollment: Enrollment
) -> None:
    sign_in(client, account)
    assert "Show questions and objectives" in why(client, enrollment, "now")
    assert "No questions recorded" in why(client, enrollment, "questions")


def test_scorm_cloud_away_takes_nothing_else_away(
    client: FlaskClient, account: Account, enrollment: Enrollment, sandbox: Sandbox
) -> None:
    sandbox.cloud.faults(rate_500=1)
    sign_in(client, account)
    page = why(client, enrollment, "now")
    assert "This could not be read" in page
    assert "The course has not been opened yet." in page
    assert "What the CRM was told" in page


def test_a_registration_that_was_deleted_there(
    client: FlaskClient, account: Account, enrollment: Enrollment
) -> None:
    connections.scorm_cloud(account).delete_registration(enrollment.registration_id)
    sign_in(client, account)
    assert "it was deleted there" in why(client, enrollment, "now")


def test_a_registration_that_is_still_owed(
    client: FlaskClient, account: Account, work: Work
) -> None:
    enrollment = make_enrollment(make_course(account), registered=False)
    with acting_for(account.id):
        enrollment.owe(timedelta(minutes=1))
        db.session.commit()
    sign_in(client, account)
    assert "being registered at SCORM Cloud" in why(client, enrollment)
