"""The scene of chaos and stories reads the hub's pages as people do."""

from __future__ import annotations

from flask.testing import FlaskClient

from app.models import CourseStatus
from tests.chaos.scene import ready_courses
from tests.factories import make_account, make_course, sign_in


def test_a_course_is_ready_when_its_own_row_says_so(client: FlaskClient) -> None:
    """Not when the page says the word often enough: each row says it to the eye and the ear."""
    account = make_account()
    ready = make_course(account, title="Ready & Able")
    make_course(account, title="fire-safety", status=CourseStatus.PROCESSING, ready_at=None)
    sign_in(client, account)
    page = client.get("/courses").text
    assert ready_courses(page) == {"Ready & Able": ready.id}
