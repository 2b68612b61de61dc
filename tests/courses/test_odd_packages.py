"""Odd packages on their whole way: from the upload to Ready, or to Error with the true reason."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app import connections
from app.extensions import db
from app.models import Account, Course, CourseStatus, across_accounts
from tests.confined.test_hostile_packages import HOSTILE
from tests.confined.zips import Member, course, good_members, manifest, raw_zip
from tests.courses.conftest import Work, begin, reread, upload, work_until_done
from tests.factories import make_course
from tests.fixtures.sandbox import Sandbox

READY = {
    "a dot for the root": (
        raw_zip([Member(b"./imsmanifest.xml", manifest()), Member(b"./index.html")]),
        "Ladder safety",
    ),
    "GBK": (course(manifest("安全培训課程", "gbk", "GBK")), "安全培训課程"),
    "Shift_JIS": (course(manifest("安全衛生教育", "shift_jis")), "安全衛生教育"),
    "Big5": (course(manifest("安全培訓", "big5", "Big5")), "安全培訓"),
    "EUC-KR": (course(manifest("안전 교육", "euc_kr", "EUC-KR")), "안전 교육"),
    "UTF-16": (course(manifest("Sécurité", "utf-16")), "Sécurité"),
    "UTF-32": (course(manifest("安全", "utf-32")), "安全"),
    "windows-1252": (course(manifest("“Sûr” – €", "cp1252", "windows-1252")), "“Sûr” – €"),
    "UTF8": (course(manifest("Sécurité sans trait", declared="UTF8")), "Sécurité sans trait"),
    "QTI beside it": (
        course(manifest(resources='<resource identifier="Q" type="imsqti_xmlv1p2" href="q.xml">'
                        "<metadata><schema>QTIv1.2</schema></metadata></resource>")),
        "Ladder safety",
    ),
    "silence": (course(**{"silence.wav": bytes(3_145_732)}), "Ladder safety"),
    "a colon": (course(**{"Lesson 1: intro.html": b"x", "Part 2:/a.html": b"x"}), "Ladder safety"),
    "a name that is not UTF-8": (
        raw_zip([*good_members(), Member(b"caf\xe9.png", flags=0x800)]), "Ladder safety",
    ),
    "CJK": (course(manifest("職場の安全衛生教育コース")), "職場の安全衛生教育コース"),
    "Thai": (course(manifest("หลักสูตรความปลอดภัย")), "หลักสูตรความปลอดภัย"),
    "no title": (course(manifest("", item=" ")), "Working at height"),
    "the item's title": (course(manifest("", item="Part one")), "Part one"),
    "data behind the files": (
        raw_zip([Member(b"imsmanifest.xml", manifest(), descriptor=True), Member(b"index.html")]),
        "Ladder safety",
    ),
    "bytes in front": (b"MZ" + bytes(2000) + raw_zip(good_members()), "Ladder safety"),
    "zip64": (raw_zip(good_members(), zip64=True), "Ladder safety"),
    "a comment": (raw_zip(good_members(), comment=b"made by a tool"), "Ladder safety"),
    "junk of a Mac": (
        course(**{"__MACOSX/._imsmanifest.xml": b"\0\5", ".DS_Store": b"\0"}), "Ladder safety",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READY)
def test_an_odd_package_becomes_ready(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, name: str
) -> None:
    package, title = READY[name]
    course = work_until_done(work, upload(client, package, "Working at height.zip"))
    assert course.status == CourseStatus.READY, (course.error, course.error_detail)
    assert course.title == title
    assert title in html.unescape(client.get("/courses").text)


REFUSED = {
    "damaged": (
        raw_zip([Member(b"imsmanifest.xml", manifest(), packed=b"\xff" * 300)]),
        "The file is damaged.",
    ),
    "bzip2": (raw_zip([*good_members(), Member(b"a.mp4", method=12)]), "“a.mp4” is compressed by"),
    "a manifest that swells": (HOSTILE["a manifest that says so"](), "was not opened"),
    "800,000 folders": (HOSTILE["800,000 folders"](), "far more files than a course has"),
    "Common Cartridge": (
        course(manifest(about="<schema>IMS Common Cartridge</schema>")),
        "This is a Common Cartridge package, not SCORM.",
    ),
    "SCORM 1.1": (raw_zip([Member(b"c.xml", b"<content/>")]), "This is a SCORM 1.1 package"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_look_is_enough_for_the_true_reason(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, name: str
) -> None:
    package, reason = REFUSED[name]
    course_id = upload(client, package)
    work()
    assert reread(course_id).status == CourseStatus.ERROR
    assert reason in html.unescape(client.get("/courses").text)


@pytest.mark.parametrize(
    ("standard", "words"),
    [
        ("SCORM11", "This is a SCORM 1.1 package."),
        ("AICC", "This is an AICC package."),
        ("XAPI", "This is an xAPI package."),
        ("CMI5", "This is a cmi5 package."),
    ],
)
def test_what_scorm_cloud_finds_it_to_be_is_said_in_good_english(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work, standard: str, words: str
) -> None:
    from tests.courses.test_publishing import accept_again

    found = work_until_done(work, upload(client, course()))
    with across_accounts():
        found.process()
        accept_again(found, standard=standard)
    assert found.error and found.error.startswith(words)


def test_a_broken_off_upload_is_not_kept(client: FlaskClient, account: Account) -> None:
    target = begin(client, "a.zip", 100).get_json()
    headers = {"Accept": "application/json"}
    broken = client.put(target["url"], data=b"x" * 10, headers=headers)
    assert broken.status_code == 422
    assert broken.get_json()["error"] == "The upload broke off. Please upload the package again."
    assert not list(connections.storage().keys())
    assert client.put(target["url"], data=b"x" * 100).status_code == 200


def test_an_upload_address_is_good_for_one_package(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work
) -> None:
    target = begin(client, "a.zip", len(course())).get_json()
    assert client.put(target["url"], data=course()).status_code == 200
    assert client.put(target["url"], data=course()).status_code == 403
    client.post(target["finish"])
    work_until_done(work, target["finish"].split("/")[2])
    assert client.put(target["url"], data=course()).status_code == 403
    assert not list(connections.storage().keys())


def test_a_package_that_lost_bytes_on_its_way_was_not_complete(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work
) -> None:
    """Whatever the storage is made of: what arrived is what was announced, or it is told."""
    import io

    course_id = upload(client, course())
    connections.storage().put(reread(course_id).storage_key or "", io.BytesIO(course()[:-30]))
    work()
    assert "The upload was not complete" in (reread(course_id).error or "")


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (50 * 1_048_576 + 1, "has 52,428,801 bytes, 1 byte too many; the limit is 50 MB"),
        (50 * 1_048_576 + 900, "has 52,429,700 bytes, 900 bytes too many; the limit is 50 MB"),
        (50 * 1_048_576 + 104_858, "has 50.1 MB; the limit is 50 MB"),
        (1_073_741_824, "has 1024 MB; the limit is 50 MB"),
    ],
)
def test_a_size_above_the_limit_is_told_truly(
    client: FlaskClient, account: Account, size: int, words: str
) -> None:
    assert words in begin(client, "a.zip", size).get_json()["error"]


def test_an_import_whose_workers_die_is_given_up_and_can_be_tried_again(
    client: FlaskClient, account: Account, sandbox: Sandbox, work: Work
) -> None:
    course_id = upload(client, course())
    with across_accounts():
        row = db.session.get_one(Course, course_id)
        row.leased_until, row.lost_claims = row.created_at, 2  # three took it and none came back
        db.session.commit()
    work()
    given_up = reread(course_id)
    assert given_up.status == CourseStatus.ERROR
    assert "Three times in a row" in html.unescape(client.get(f"/courses/{course_id}").text)
    assert "Three times in a row" in html.unescape(client.get("/activity?show=attention").text)
    assert client.post(f"/activity/course/{course_id}/retry").status_code < 400
    course_ = work_until_done(work, course_id, ahead=timedelta(seconds=1))
    assert course_.status == CourseStatus.READY, (course_.error, course_.error_detail)
    assert course_.lost_claims == 0


def test_a_course_of_another_account_does_not_open_an_address(
    client: FlaskClient, account: Account
) -> None:
    make_course(account, status=CourseStatus.UPLOADING, storage_key="packages/ab")
    assert client.put("/uploads/nonsense", data=b"x").status_code == 403
