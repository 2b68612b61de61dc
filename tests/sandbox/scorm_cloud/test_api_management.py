"""Applications and their credentials, through the vendor's own client."""

from __future__ import annotations

import pytest
import rustici_software_cloud_v2 as sc

from tests.sandbox.conftest import CloudServer

MANAGER = ("MANAGER", "manager-secret")

# The client warns of its own list of all applications, which is to be answered all the same.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def manage(cloud_server: CloudServer) -> sc.ApplicationManagementApi:
    config = sc.Configuration()
    config.host = f"{cloud_server.url}/api/v2"
    config.username, config.password = MANAGER
    return sc.ApplicationManagementApi(sc.ApiClient(config))


def refusal(call: object, *args: object) -> int:
    with pytest.raises(sc.rest.ApiException) as refused:
        call(*args)  # type: ignore[operator]
    return int(refused.value.status)


def test_the_applications_with_their_counts(
    course: CloudServer, manage: sc.ApplicationManagementApi
) -> None:
    course.enroll("r1")
    page, _, headers = manage.get_applications_with_http_info(
        filter="sandbox",
        include_course_count=True,
        include_registration_count=True,
        include_total_count=True,
    )
    (found,) = page.applications
    assert (found.id, found.course_count, found.registration_count) == ("SANDBOX", 1, 1)
    assert found.create_date and found.update_date and found.allow_delete is True
    assert headers["X-Total-Count"] == "1" and not page.more
    listed = manage.get_application_list().applications
    assert [each.id for each in listed] == ["SANDBOX", "SECOND"]


def test_applications_come_in_pages(
    cloud_server: CloudServer, manage: sc.ApplicationManagementApi
) -> None:
    cloud_server.control("PUT", "settings", page_size=1)
    first = manage.get_applications(order_by="name_asc")
    second = manage.get_applications(more=first.more)
    assert [each.id for each in (*first.applications, *second.applications)] == [
        "SANDBOX",
        "SECOND",
    ]
    assert not second.more


def test_an_application_from_its_creation_to_its_end(
    cloud_server: CloudServer, manage: sc.ApplicationManagementApi
) -> None:
    made = manage.create_application(sc.ApplicationRequestSchema(name="Third"))
    assert made.name == "Third"
    (key,) = manage.get_credentials(made.id).credentials
    auth = (made.id, key.credential)
    assert cloud_server.call("GET", "/courses", auth=auth).json() == {"courses": []}
    path, sent = "/oauth/authenticate/application/token", {"scope": "read"}
    token = cloud_server.call("POST", path, auth=auth, data=sent).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert cloud_server.call("GET", "/ping", auth=None, headers=bearer).status_code == 200
    assert manage.get_application_info(made.id).allow_delete is False
    manage.update_application(made.id, sc.UpdateApplicationSchema("Renamed", allow_delete=True))
    changed = manage.get_application_info(made.id, include_course_count=True)
    assert (changed.name, changed.allow_delete, changed.course_count) == ("Renamed", True, 0)
    assert changed.update_date >= changed.create_date
    manage.delete_application(made.id)
    assert refusal(manage.get_application_info, made.id) == 404
    assert cloud_server.call("GET", "/ping", auth=auth).status_code == 401
    assert cloud_server.call("GET", "/ping", auth=None, headers=bearer).status_code == 401


def test_an_application_with_content_stays(
    course: CloudServer, manage: sc.ApplicationManagementApi
) -> None:
    assert refusal(manage.delete_application, "SANDBOX") == 409
    assert course.call("GET", "/courses/c1").status_code == 200


def test_a_second_key_until_it_is_switched_off_or_deleted(
    cloud_server: CloudServer, manage: sc.ApplicationManagementApi
) -> None:
    made = manage.create_credential("SECOND", sc.CredentialRequestSchema("Hub", active=True))
    auth = ("SECOND", made.credential)

    def answered() -> int:
        return cloud_server.call("GET", "/ping", auth=auth).status_code

    assert answered() == 200
    assert cloud_server.call("GET", "/ping", "SECOND").status_code == 200
    assert len(manage.get_credentials("SECOND").credentials) == 2
    manage.update_credential("SECOND", made.id, sc.CredentialRequestSchema("Old", active=False))
    assert answered() == 401
    old = manage.get_credentials("SECOND").credentials[1]
    assert (old.name, old.status) == ("Old", "inactive")
    manage.update_credential("SECOND", made.id, sc.CredentialRequestSchema(active=True))
    assert answered() == 200
    manage.delete_credential("SECOND", made.id)
    assert answered() == 401
    assert refusal(manage.delete_credential, "SECOND", made.id) == 404


def test_managers_only_manage_and_only_managers_do(
    course: CloudServer, manage: sc.ApplicationManagementApi
) -> None:
    for path in ("/ping", "/courses", "/registrations/r1", "/appManagement/configuration"):
        assert course.call("GET", path, auth=MANAGER).status_code == 403, path
    for path in ("/applicationList", "/applications/SECOND", "/SECOND/credentials"):
        assert course.call("GET", f"/appManagement{path}").status_code == 403, path
    wrong = ("MANAGER", "sandbox-secret")
    path = "/appManagement/applicationList"
    assert course.call("GET", path, auth=wrong).status_code == 401
    sent = {"scope": "admin"}
    token = course.call("POST", "/oauth/authenticate/application/token", data=sent).json()
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert course.call("GET", path, auth=None, headers=bearer).status_code == 403


def test_wrong_input_changes_nothing(
    cloud_server: CloudServer, manage: sc.ApplicationManagementApi
) -> None:
    for method, path, body, status in (
        ("POST", "/applications", {"name": " "}, 400),
        ("PUT", "/applications/SECOND", {"allowDelete": "no"}, 400),
        ("PUT", "/applications/NONE", {"name": "x"}, 404),
        ("POST", "/NONE/credentials", {"name": "x"}, 404),
        ("POST", "/SECOND/credentials", {"name": "x", "active": 1}, 400),
        ("DELETE", "/SECOND/credentials/first", {}, 400),
    ):
        answer = cloud_server.call(method, f"/appManagement{path}", auth=MANAGER, json=body)
        assert answer.status_code == status, (method, path)
    assert len(manage.get_credentials("SECOND").credentials) == 1
    assert len(manage.get_application_list().applications) == 2
