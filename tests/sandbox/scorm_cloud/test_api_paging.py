"""Lists: page sizes, the token, filters, order and the total."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import CloudServer

EVER = "2000-01-01T00:00:00Z"


@pytest.fixture
def enrolled(course: CloudServer) -> CloudServer:
    """Twelve registrations of two learners, half of them tagged."""
    for number in range(12):
        learner = {"id": f"u{number % 2}", "firstName": f"Name{number:02}", "lastName": "Lee"}
        tags = ["even"] if number % 2 == 0 else []
        course.enroll(f"r{number:02}", learner=learner, registrationTags=tags)
    return course


def ids(answer: dict[str, Any]) -> list[str]:
    return [each["id"] for each in answer["registrations"]]


def page(server: CloudServer, **query: str) -> dict[str, Any]:
    answer = server.call("GET", "/registrations", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_ten_without_since_and_a_hundred_with(enrolled: CloudServer) -> None:
    first = page(enrolled)
    assert len(ids(first)) == 10
    second = page(enrolled, more=first["more"])
    assert len(ids(second)) == 2 and "more" not in second
    assert not set(ids(first)) & set(ids(second))
    assert len(ids(page(enrolled, since=EVER))) == 12


def test_page_sizes_are_a_setting(enrolled: CloudServer) -> None:
    enrolled.control("PUT", "settings", page_size_since=5)
    sizes, query = [], {"since": EVER, "orderBy": "updated_asc"}
    while query:
        answer = page(enrolled, **query)
        sizes.append(len(ids(answer)))
        query = {"more": answer["more"]} if "more" in answer else {}
    assert sizes == [5, 5, 2]


def test_the_token_remembers_the_filters(enrolled: CloudServer) -> None:
    enrolled.control("PUT", "settings", page_size=4)
    first = page(enrolled, tags="even,other", orderBy="learner_first_name_desc")
    second = page(enrolled, more=first["more"])
    assert ids(first) + ids(second) == ["r10", "r08", "r06", "r04", "r02", "r00"]
    both = enrolled.call("GET", "/registrations", params={"more": first["more"], "tags": "x"})
    assert both.status_code == 400
    other = enrolled.call("GET", "/courses", params={"more": first["more"]})
    assert other.status_code == 400
    foreign = enrolled.call("GET", "/registrations", "SECOND", params={"more": first["more"]})
    assert foreign.status_code == 400


def test_what_changes_between_two_pages_is_not_lost(enrolled: CloudServer) -> None:
    enrolled.control("PUT", "settings", page_size_since=6)
    query = {"since": EVER, "datetimeFilter": "updated", "orderBy": "updated_asc"}
    first = page(enrolled, **query)
    enrolled.control("POST", "play", registrationId="r00")
    enrolled.control("PUT", "settings", page_size_since=100)
    second = page(enrolled, more=first["more"])
    assert ids(second) == ["r06", "r07", "r08", "r09", "r10", "r11", "r00"]


def test_the_total_comes_with_the_first_page_only(enrolled: CloudServer) -> None:
    query = {"includeTotalCount": "True", "learnerId": "u1"}
    answer = enrolled.call("GET", "/registrations", params=query)
    assert answer.headers["X-Total-Count"] == "6"
    answer = enrolled.call("GET", "/registrations", params={"includeTotalCount": "true"})
    assert answer.headers["X-Total-Count"] == "12"
    more = enrolled.call("GET", "/registrations", params={"more": answer.json()["more"]})
    assert "X-Total-Count" not in more.headers
    assert "X-Total-Count" not in enrolled.call("GET", "/registrations").headers


def test_since_and_until_take_the_wanted_date_and_include_their_ends(
    enrolled: CloudServer,
) -> None:
    before = enrolled.registration("r05")
    created = before["createdDate"]
    assert "r05" in ids(page(enrolled, since=created, until=created))
    enrolled.control("POST", "clock", offset_s=3600)
    enrolled.control("POST", "play", registrationId="r05")
    updated = enrolled.registration("r05")["updated"]
    assert ids(page(enrolled, since=updated)) == []
    assert ids(page(enrolled, since=updated, datetimeFilter="updated")) == ["r05"]
    with_zone = updated.replace("Z", "+00:00")
    assert ids(page(enrolled, since=with_zone, datetimeFilter="UPDATED")) == ["r05"]


def test_filters(enrolled: CloudServer) -> None:
    assert ids(page(enrolled, filter="R03")) == ["r03"]
    assert ids(page(enrolled, filter="name11", filterBy="learner_first_name")) == ["r11"]
    assert len(ids(page(enrolled, filter="tiny", filterBy="course_title", since=EVER))) == 12
    assert ids(page(enrolled, courseId="unknown")) == []
    assert ids(page(enrolled, learnerId="unknown")) == []


def test_instances_come_in_pages(course: CloudServer) -> None:
    course.enroll("r1")
    for _ in range(11):
        course.call("POST", "/registrations/r1/instances")
    course.control("POST", "play", registrationId="r1", score=70)
    path, flags = "/registrations/r1/instances", {"includeChildResults": "True"}
    first = course.call("GET", path, params=flags).json()
    second = course.call("GET", path, params={"more": first["more"]}).json()
    assert [each["instance"] for each in first["registrations"]] == list(range(11, 1, -1))
    assert [each["instance"] for each in second["registrations"]] == [1, 0]
    assert "more" not in second
    assert first["registrations"][0]["score"] == {"scaled": 70.0}
    assert all(each["activityDetails"]["children"] for each in first["registrations"])
    assert all(each["activityDetails"]["children"] for each in second["registrations"])
    assert len(course.call("GET", path, params={"since": EVER}).json()["registrations"]) == 12
    assert course.call("GET", path, params={"until": EVER}).json() == {"registrations": []}
    assert course.call("GET", path, params={"since": "later"}).status_code == 400


def test_the_token_of_instances_is_for_their_registration(course: CloudServer) -> None:
    course.control("PUT", "settings", page_size=1)
    for registration in ("r1", "r2"):
        course.enroll(registration)
        course.call("POST", f"/registrations/{registration}/instances")
    more = course.call("GET", "/registrations/r1/instances").json()["more"]
    for path in ("/registrations/r2/instances", "/registrations"):
        assert course.call("GET", path, params={"more": more}).status_code == 400


def test_courses_by_title_and_tag(course: CloudServer) -> None:
    course.call("PUT", "/courses/c1/tags", json={"tags": ["a", "b"]})
    for query, expected in (
        ({"tags": "b,z"}, 1),
        ({"tags": "z"}, 0),
        ({"filter": "TINY", "filterBy": "title"}, 1),
        ({"filter": "c2"}, 0),
    ):
        found = course.call("GET", "/courses", params=query).json()["courses"]
        assert len(found) == expected, query
