"""The vendor's own client library goes through all that the hub will ever ask."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import rustici_software_cloud_v2 as sc

from tests.sandbox.conftest import CloudServer, Inbox, Serve
from tests.sandbox.scorm_cloud.conftest import MakePackage


class Client:
    def __init__(self, url: str, app: str = "SANDBOX", secret: str = "sandbox-secret") -> None:
        self.config = sc.Configuration()
        self.config.host = f"{url}/api/v2"
        self.config.username, self.config.password = app, secret
        api = sc.ApiClient(self.config)
        self.ping, self.about = sc.PingApi(api), sc.AboutApi(api)
        self.course, self.reg = sc.CourseApi(api), sc.RegistrationApi(api)
        self.learner, self.app = sc.LearnerApi(api), sc.ApplicationManagementApi(api)
        self.auth, self.report = sc.AuthenticationApi(api), sc.ReportingApi(api)

    def outcome(self, job: str) -> Any:
        while (state := self.course.get_import_job_status(job)).status == "RUNNING":
            time.sleep(0.02)
        return state


@pytest.fixture
def client(cloud_server: CloudServer) -> Client:
    return Client(cloud_server.url)


@pytest.fixture
def imported(client: Client, make_package: MakePackage) -> Client:
    job = client.course.create_upload_and_import_course_job(
        "c1",
        may_create_new_version=False,
        tags=["loc1"],
        uploaded_content_type="application/zip",
        file=str(make_package()),
    )
    assert client.outcome(job.result).status == "COMPLETE"
    return client


@pytest.fixture
def enrolled(imported: Client, hub_inbox: Inbox) -> Client:
    imported.reg.create_registration(
        sc.CreateRegistrationSchema(
            course_id="c1",
            registration_id="r1",
            learner=sc.LearnerSchema(
                id="u1", email="a@example.test", first_name="A", last_name="B"
            ),
            registration_tags=["loc1"],
            post_back=sc.PostBackSchema(
                url=f"{hub_inbox.url}/postback",
                auth_type="HTTPBASIC",
                user_name="u",
                password="p",
                results_format="COURSE",
            ),
        )
    )
    return imported


def test_it_is_reachable(client: Client) -> None:
    assert client.ping.ping_app_id().api_message
    assert client.about.get_about().version


def test_default_host_with_a_slash_at_its_end(client: Client) -> None:
    client.config.host += "/"
    assert client.ping.ping_app_id().current_time


def test_importing_by_upload(client: Client, make_package: MakePackage) -> None:
    job = client.course.create_upload_and_import_course_job(
        "c1", may_create_new_version=False, tags=["loc1"], file=str(make_package("Safety"))
    )
    state = client.outcome(job.result)
    assert (state.status, state.message) == ("COMPLETE", "Import Successful")
    assert state.import_result.parser_warnings == []
    course = state.import_result.course
    assert (course.id, course.title, course.version) == ("c1", "Safety", 0)
    assert course.course_learning_standard == "SCORM12"
    assert course.tags == ["loc1"]
    assert course.root_activity.children[0].scaled_passing_score == "0.8"


def test_importing_from_an_address(client: Client, make_package: MakePackage, serve: Serve) -> None:
    package = make_package("From afar").read_bytes()

    def files(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "application/zip")])
        return [package]

    url = f"{serve(files)}/c.zip"
    first = client.course.create_fetch_and_import_course_job(
        "c2", sc.ImportFetchRequestSchema(url=url)
    )
    second = client.course.create_no_upload_and_import_course_job(
        "c3", sc.ImportRequestSchema(fetch_request=sc.ImportFetchRequestSchema(url=url))
    )
    for job in (first, second):
        assert client.outcome(job.result).import_result.course.title == "From afar"


def test_courses_are_listed_shown_renamed_and_deleted(imported: Client) -> None:
    page, status, headers = imported.course.get_courses_with_http_info(include_total_count=True)
    assert (status, headers["X-Total-Count"]) == (200, "1")
    assert [course.id for course in page.courses] == ["c1"] and not page.more
    imported.course.set_course_title("c1", sc.TitleSchema("New"))
    course = imported.course.get_course("c1", include_registration_count=True)
    assert (course.title, course.registration_count) == ("New", 0)
    assert len(imported.course.get_course_versions("c1").courses) == 1
    imported.course.delete_course("c1")
    with pytest.raises(sc.rest.ApiException) as refused:
        imported.course.get_course("c1")
    assert refused.value.status == 404


def test_a_course_comes_back_as_the_same_zip(imported: Client, make_package: MakePackage) -> None:
    path = Path(imported.course.get_course_zip("c1"))
    assert path.read_bytes() == make_package().read_bytes()
    path.unlink()


def test_course_preview_and_settings(imported: Client) -> None:
    link = imported.course.build_course_preview_launch_link(
        "c1", sc.PreviewLaunchLinkRequestSchema(redirect_on_exit_url="closer")
    ).launch_link
    assert "/launch/" in link
    imported.course.set_course_configuration(
        "c1",
        sc.SettingsPostSchema([sc.SettingsIndividualSchema("WhenToRestartRegistration", "NEVER")]),
    )
    items = imported.course.get_course_configuration("c1", include_metadata=True).setting_items
    restart = next(item for item in items if item.id == "WhenToRestartRegistration")
    assert (restart.effective_value, restart.effective_value_source) == ("NEVER", "course")
    assert restart.metadata.default == "NEVER"


def test_a_registration_is_found_by_its_id(enrolled: Client) -> None:
    assert enrolled.reg.get_registration("r1") is None
    with pytest.raises(sc.rest.ApiException) as missing:
        enrolled.reg.get_registration("r2")
    assert missing.value.status == 404


def test_registrations_are_listed(enrolled: Client) -> None:
    page = enrolled.reg.get_registrations(
        since="2026-01-01T00:00:00Z",
        datetime_filter="updated",
        order_by="updated_asc",
        tags=["loc1", "loc2"],
    )
    assert [each.id for each in page.registrations] == ["r1"]
    assert enrolled.reg.get_registrations(tags=["other"]).registrations == []
    assert enrolled.reg.get_registrations(course_id="nothing").registrations == []


def test_a_played_registration(enrolled: Client, cloud_server: CloudServer) -> None:
    played = {"completion": "COMPLETED", "success": "PASSED", "score": 87.5, "seconds": 734.2}
    cloud_server.control("POST", "play", registrationId="r1", **played)
    shown = enrolled.reg.get_registration_progress(
        "r1", include_child_results=True, include_runtime=True
    )
    assert shown.registration_completion == "COMPLETED"
    assert shown.registration_success == "PASSED"
    assert shown.score.scaled == 87.5
    assert shown.total_seconds_tracked == pytest.approx(734.2)
    assert shown.updated and shown.first_access_date and shown.completed_date
    assert shown.learner.email == "a@example.test"
    assert shown.activity_details.attempts == 1
    assert shown.activity_details.children[0].runtime.score_raw == "87.5"
    history = enrolled.reg.get_registration_launch_history("r1").launch_history
    assert [(each.completion_status, each.success_status) for each in history] == [
        ("COMPLETED", "PASSED")
    ]


def test_launch_link(enrolled: Client) -> None:
    link = enrolled.reg.build_registration_launch_link(
        "r1", sc.LaunchLinkRequestSchema(redirect_on_exit_url="http://hub.test/done", expiry=120)
    ).launch_link
    assert link.startswith("http") and "/launch/" in link
    with pytest.raises(sc.rest.ApiException) as refused:
        enrolled.reg.build_registration_launch_link(
            "r1", sc.LaunchLinkRequestSchema(redirect_on_exit_url="http://hub.test", expiry=301)
        )
    assert refused.value.status == 400


def test_instances(enrolled: Client) -> None:
    enrolled.reg.create_new_registration_instance("r1")
    found = enrolled.reg.get_registration_instances("r1").registrations
    assert sorted(each.instance for each in found) == [0, 1]
    assert enrolled.reg.get_registration_instance_progress("r1", 0).instance == 0
    assert enrolled.reg.get_registration_progress("r1").instance == 1


def test_settings_of_versions_instances_and_learning_standards(enrolled: Client) -> None:
    def chosen(user: str) -> sc.SettingsPostSchema:
        setting = sc.SettingsIndividualSchema("ApiRollupRegistrationAuthUser", user)
        return sc.SettingsPostSchema([setting])

    def counts(settings: Any) -> tuple[str, str]:
        (item,) = (x for x in settings.setting_items if x.id == "ApiRollupRegistrationAuthUser")
        return item.effective_value, item.effective_value_source

    kind = {"learning_standard": "SCORM12", "single_sco": True}
    enrolled.app.set_application_configuration(chosen("kind"), **kind)
    found = enrolled.app.get_application_configuration(**kind)
    assert counts(found) == ("kind", "learningStandardForApplication")
    enrolled.course.set_course_version_configuration("c1", 0, chosen("version"))
    found = enrolled.course.get_course_version_configuration("c1", 0)
    assert counts(found) == ("version", "course")
    enrolled.reg.set_registration_instance_configuration("r1", 0, chosen("instance"))
    found = enrolled.reg.get_registration_instance_configuration("r1", 0)
    assert counts(found) == ("instance", "registration")


def test_tags(enrolled: Client) -> None:
    reg, course, learner = enrolled.reg, enrolled.course, enrolled.learner
    reg.put_registration_tags("r1", sc.TagListSchema(["x"]))
    assert reg.get_registration_tags("r1").tags == ["loc1", "x"]
    reg.put_registration_tags_batch(sc.BatchTagsSchema(ids=["r1"], tags=["y", "x"]))
    assert reg.get_registration_tags("r1").tags == ["loc1", "x", "y"]
    reg.delete_registration_tags("r1", sc.TagListSchema(["loc1", "x", "never"]))
    assert reg.get_registration_tags("r1").tags == ["y"]
    course.put_course_tags("c1", sc.TagListSchema(["k"]))
    course.put_course_tags_batch(sc.BatchTagsSchema(ids=["c1"], tags=["m"]))
    course.delete_course_tags("c1", sc.TagListSchema(["k"]))
    assert course.get_course_tags("c1").tags == ["loc1", "m"]
    learner.put_learner_tags("u1", sc.TagListSchema(["l"]))
    learner.put_learner_tags_batch(sc.BatchTagsSchema(ids=["u1"], tags=["n"]))
    assert learner.get_learner_tags("u1").tags == ["l", "n"]
    learner.delete_learner_tags("u1", sc.TagListSchema(["l"]))
    assert learner.get_learner_tags("u1").tags == ["n"]


def test_one_wrong_id_in_a_batch_of_tags_changes_nothing(enrolled: Client) -> None:
    with pytest.raises(sc.rest.ApiException) as refused:
        enrolled.reg.put_registration_tags_batch(sc.BatchTagsSchema(ids=["r1", "r2"], tags=["y"]))
    assert refused.value.status == 404
    assert enrolled.reg.get_registration_tags("r1").tags == ["loc1"]


def test_scorm_content_makes_no_xapi_statements(enrolled: Client) -> None:
    since = "2026-01-01T00:00:00Z"
    assert enrolled.course.get_course_statements("c1", since=since).statements == []
    assert enrolled.reg.get_registration_statements("r1", since=since).statements == []
    assert enrolled.reg.get_registration_instance_statements("r1", 0).statements == []


def test_application_settings_and_account(enrolled: Client) -> None:
    url = "http://hub.test/postback"
    enrolled.app.set_application_configuration(
        sc.SettingsPostSchema(
            [sc.SettingsIndividualSchema("ApiRollupRegistrationPostBackUrl", url)]
        )
    )
    items = enrolled.app.get_application_configuration().setting_items
    assert {item.effective_value for item in items if item.explicit_value} == {url}
    account = enrolled.report.get_account_info()
    assert account.usage.total_registrations == 1 and account.usage.total_courses == 1
    assert account.reg_limit > 10


def test_learners(enrolled: Client) -> None:
    enrolled.learner.update_learner_info("u1", sc.LearnerSchema(id="u1", first_name="A2"))
    learner = enrolled.reg.get_registration_progress("r1").learner
    assert (learner.first_name, learner.last_name) == ("A2", "B")
    with pytest.raises(sc.rest.ApiException) as refused:
        enrolled.learner.delete_all_learner_data("u1", "stranger@example.test")
    assert refused.value.status == 403
    enrolled.learner.delete_all_learner_data("u1", "owner@example.test")
    erased = enrolled.reg.get_registration_progress("r1").learner
    assert erased.id == "u1" and not erased.email and not erased.first_name


def test_reset_and_delete(enrolled: Client, cloud_server: CloudServer) -> None:
    cloud_server.control("POST", "play", registrationId="r1", score=50)
    enrolled.reg.delete_registration_progress("r1")
    shown = enrolled.reg.get_registration_progress("r1")
    assert (shown.registration_completion, shown.score) == ("UNKNOWN", None)
    assert enrolled.reg.get_registration_launch_history("r1").launch_history == []
    assert enrolled.reg.delete_registration_with_http_info("r1")[1] == 204
    with pytest.raises(sc.rest.ApiException):
        enrolled.reg.get_registration_progress("r1")


def test_tokens(enrolled: Client) -> None:
    token = enrolled.auth.get_app_token("read", expiration=300)
    assert token.expires_in == 300
    enrolled.config.access_token = token.access_token
    assert enrolled.ping.ping_app_id().api_message
    with pytest.raises(sc.rest.ApiException) as refused:
        enrolled.reg.delete_registration("r1")
    assert refused.value.status == 403
    enrolled.config.access_token = "no token"
    with pytest.raises(sc.rest.ApiException) as unknown:
        enrolled.ping.ping_app_id()
    assert unknown.value.status == 401


def test_postback_test_is_sent_once(enrolled: Client, hub_inbox: Inbox) -> None:
    hub_inbox.answers = [500]
    enrolled.reg.test_registration_postback(
        sc.PostBackSchema(
            url=hub_inbox.url, auth_type="FORM", user_name="u", password="p",
            results_format="COURSE",
        )
    )  # fmt: skip
    (request,) = hub_inbox.wait_for(1)
    assert request.form["userName"] == "u" and request.form["data"].startswith("{")
