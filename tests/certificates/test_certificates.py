"""Certificates: issued once, drawn as one branded page, for the owner; verified by anybody."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader

from app.certificates import drawing, issuing
from app.documents.text import in_one_line
from app.extensions import db
from app.models import (
    Account,
    Certificate,
    CertificateRule,
    Course,
    Enrollment,
    Learner,
    Outcome,
    acting_for,
)
from tests.documents.scripts import NAMES
from tests.documents.test_text import read
from tests.factories import (
    complete,
    make_account,
    make_course,
    make_enrollment,
    make_learner,
    sign_in,
    utc,
)

AWKWARD_NAMES = [
    "Zoë Ångström",
    'O\'Brien & <b>Söhne</b> "Ltd"',
    "محمد بن عبد الله الأنصاري",
    "דוד בן־גוריון",
    "山田太郎",
    "김민준",
    "Константин Константинопольский-Задунайский",
    "Nguyễn Thị Ánh Nguyệt",
    "X" * 120,
    "Maximiliana Constantina " * 5,
    "\u202eevil\u202c\x07 name",
    "{{ 7 * 7 }} =1+1",
]


@pytest.fixture
def account(app: Flask) -> Iterator[Account]:
    account = make_account(
        organization_name="Harbour", primary_color="#0b3d2e", timezone="Europe/Berlin"
    )
    with acting_for(account.id):
        yield account


@pytest.fixture
def course(account: Account) -> Course:
    return make_course(account, title="First aid")


@pytest.fixture
def learner(account: Account) -> Learner:
    return make_learner(account, first_name="Zoë", last_name="Ångström", email="zoe@example.org")


@pytest.fixture
def enrollment(course: Course, learner: Learner) -> Enrollment:
    return make_enrollment(course, learner)


def issued(enrollment: Enrollment, **facts: object) -> Certificate:
    complete(enrollment, at=utc(2026, 3, 4, 23, 30), **facts)  # type: ignore[arg-type]
    with acting_for(enrollment.account_id):
        certificate = issuing.issue(enrollment)
        db.session.flush()
    assert certificate is not None
    return certificate


def text_of(pdf: bytes) -> str:
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(page.extract_text().split())


# Issuing


def test_nobody_gets_one_before_completion(enrollment: Enrollment) -> None:
    with acting_for(enrollment.account_id):
        assert issuing.issue(enrollment) is None


def test_one_completion_is_one_certificate_with_one_number(enrollment: Enrollment) -> None:
    first = issued(enrollment)
    with acting_for(enrollment.account_id):
        assert issuing.issue(enrollment) is first
    assert len(first.number) == 30


@pytest.mark.parametrize(
    ("rule", "result", "certified"),
    [
        (CertificateRule.COMPLETED, Outcome.FAILED, True),
        (CertificateRule.COMPLETED, Outcome.NONE, True),
        (CertificateRule.PASSED, Outcome.PASSED, True),
        (CertificateRule.PASSED, Outcome.FAILED, False),
        (CertificateRule.PASSED, Outcome.NONE, False),
    ],
)
def test_the_course_says_who_is_certified(
    course: Course, enrollment: Enrollment, rule: CertificateRule, result: Outcome, certified: bool
) -> None:
    course.certificate_rule = rule
    complete(enrollment, result=result)
    with acting_for(enrollment.account_id):
        assert (issuing.issue(enrollment) is not None) == certified


def test_certified_facts_stay_when_the_course_is_renamed(
    course: Course, learner: Learner, enrollment: Enrollment
) -> None:
    certificate = issued(enrollment, score=92.5)
    course.title, learner.last_name = "Renamed", "Married"
    enrollment.score = 10.0
    text = text_of(drawing.drawn(certificate))
    for fact in ("Zoë Ångström", "First aid", "92.5%"):
        assert fact in text


# The document


def test_the_page_shows_every_promised_fact(enrollment: Enrollment) -> None:
    certificate = issued(enrollment, score=92.5)
    text = text_of(drawing.drawn(certificate))
    for fact in (
        "Zoë Ångström",
        "zoe@example.org",
        "First aid",
        "5 March 2026",  # in Berlin
        "92.5%",
        "Passed",
        "Harbour",
        certificate.number,
        f"/verify/{certificate.number}",
    ):
        assert fact in text


def test_a_missing_score_and_result_are_left_out(enrollment: Enrollment) -> None:
    text = text_of(drawing.drawn(issued(enrollment, score=None, result=Outcome.NONE)))
    assert "SCORE" not in text
    assert "RESULT" not in text
    assert "–" not in text


def test_a_score_of_zero_is_printed(enrollment: Enrollment) -> None:
    assert "0%" in text_of(drawing.drawn(issued(enrollment, score=0.0, result=Outcome.FAILED)))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_letters_of_any_script_can_be_read(
    account: Account, enrollment: Enrollment, name: str, tmp_path: Path
) -> None:
    certificate = issued(enrollment)
    certificate.learner_name = certificate.course_title = account.organization_name = name
    found = read(drawing.drawn(certificate), tmp_path)
    assert found.count(in_one_line(name)) == 3


def test_a_name_that_no_font_can_draw_is_refused_and_its_letter_named(
    client: FlaskClient, account: Account, enrollment: Enrollment
) -> None:
    certificate = issued(enrollment)
    certificate.learner_name = "Ana 𒀀"
    sign_in(client, account)
    answer = client.get(f"/certificates/{certificate.id}.pdf")
    assert answer.status_code == 422
    assert "no font here has the letters 𒀀" in answer.text


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_any_name_fits_one_page_with_all_its_letters(
    account: Account, course: Course, enrollment: Enrollment, name: str
) -> None:
    certificate = issued(enrollment)
    certificate.learner_name = certificate.course_title = name
    account.organization_name = name[:120]
    document = PdfReader(io.BytesIO(drawing.drawn(certificate)))
    assert len(document.pages) == 1
    page = document.pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (842, 595)
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert fonts
    for font in fonts:
        assert "/FontFile2" in font["/FontDescriptor"].get_object(), font["/BaseFont"]


def test_the_document_says_its_title_and_language(enrollment: Enrollment) -> None:
    document = PdfReader(io.BytesIO(drawing.drawn(issued(enrollment))))
    assert document.metadata is not None
    assert document.metadata.title == "Certificate: First aid"
    assert document.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]


@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#ffe600", "#1f4fd8"])
def test_any_colour_and_a_logo_can_be_drawn(
    account: Account, enrollment: Enrollment, colour: str
) -> None:
    picture = io.BytesIO()
    Image.new("RGBA", (400, 90), "#aa3300").save(picture, "PNG")
    account.primary_color, account.logo_png = colour, picture.getvalue()
    document = PdfReader(io.BytesIO(drawing.drawn(issued(enrollment))))
    assert len(document.pages) == 1
    assert any(name.startswith("/FormXob") for name in document.pages[0]["/Resources"]["/XObject"])  # type: ignore[index]


def test_new_branding_shows_on_the_next_download(account: Account, enrollment: Enrollment) -> None:
    certificate = issued(enrollment)
    before = drawing.drawn(certificate)
    account.organization_name = "New Harbour"
    assert "New Harbour" in text_of(drawing.drawn(certificate))
    assert "New Harbour" not in text_of(before)


# Download


def test_the_owner_downloads_it_under_a_safe_name(
    client: FlaskClient, account: Account, enrollment: Enrollment
) -> None:
    certificate = issued(enrollment)
    sign_in(client, account)
    answer = client.get(f"/certificates/{certificate.id}.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    name = f'attachment; filename="certificate-{certificate.number}.pdf"'
    assert answer.headers["Content-Disposition"] == name


def test_strangers_and_signed_out_people_get_none(
    client: FlaskClient, account: Account, enrollment: Enrollment
) -> None:
    certificate = issued(enrollment)
    path = f"/certificates/{certificate.id}.pdf"
    assert client.get(path).status_code == 401
    sign_in(client, make_account("second-location"))
    assert client.get(path).status_code == 404
    assert client.get(f"/certificates/{'0' * 32}.pdf").status_code == 404


# Verification


def test_anybody_can_verify_a_number_and_never_sees_the_address(
    client: FlaskClient, enrollment: Enrollment
) -> None:
    certificate = issued(enrollment, score=92.5)
    page = client.get(f"/verify/{certificate.number}").text
    for fact in ("This certificate is valid", "Zoë Ångström", "First aid", "92.5%", "Harbour"):
        assert fact in page
    assert "zoe@example.org" not in page


def test_a_number_may_be_typed_by_hand(client: FlaskClient, enrollment: Enrollment) -> None:
    number = issued(enrollment).number.lower().replace("-", " ")
    assert client.get(f"/verify/{number}").status_code == 200


@pytest.mark.parametrize(
    "number", ["nothing", "A" * 26, "%00", "<script>alert(1)</script>", "x" * 900]
)
def test_an_unknown_number_is_said_to_be_unknown(client: FlaskClient, number: str) -> None:
    answer = client.get(f"/verify/{number}")
    assert answer.status_code == 404
    assert "No such certificate" in answer.text or "nothing at this address" in answer.text


def test_it_stays_valid_after_the_learner_was_removed_from_the_course(
    client: FlaskClient, enrollment: Enrollment
) -> None:
    certificate = issued(enrollment)
    with acting_for(enrollment.account_id):
        enrollment.withdraw()
        db.session.flush()
    assert "This certificate is valid" in client.get(f"/verify/{certificate.number}").text


def reach(enrollment: Enrollment, *, day: int, **facts: object) -> Certificate:
    """Another standing, and the certificate that is valid then."""
    complete(enrollment, at=utc(2026, 3, day, 12), **facts)  # type: ignore[arg-type]
    with acting_for(enrollment.account_id):
        certificate = issuing.issue(enrollment)
        db.session.flush()
    assert certificate is not None
    return certificate


def test_a_better_standing_has_a_certificate_of_its_own(
    client: FlaskClient, enrollment: Enrollment
) -> None:
    failed = issued(enrollment, score=40.0, result=Outcome.FAILED)
    passed = reach(enrollment, day=9, score=85.0)
    assert (passed.issue, passed.number != failed.number) == (2, True)
    assert passed.valid and not failed.valid
    old = client.get(f"/verify/{failed.number}").text
    assert "replaced by a newer one" in old
    assert f'href="/verify/{passed.number}"' in old
    assert "40%" in old and "Record of completion" in old
    new = client.get(f"/verify/{passed.number}").text
    assert "This certificate is valid" in new
    for words in ("5 March 2026", "Passed on", "9 March 2026", "85%"):
        assert words in new


def test_the_row_offers_the_certificate_that_is_valid(
    client: FlaskClient, enrollment: Enrollment, account: Account
) -> None:
    failed = issued(enrollment, score=40.0, result=Outcome.FAILED)
    passed = reach(enrollment, day=9, score=85.0)
    sign_in(client, account)
    page = client.get(f"/courses/{enrollment.course_id}").text
    assert f"/certificates/{passed.id}.pdf" in page
    assert f"/certificates/{failed.id}.pdf" not in page
    assert "passed on 9 Mar 2026" in page


def test_a_revoked_certificate_is_not_replaced_by_itself(enrollment: Enrollment) -> None:
    certificate = issued(enrollment, score=40.0, result=Outcome.FAILED)
    certificate.revoke("Somebody else took the test")
    assert reach(enrollment, day=9, score=85.0) is certificate


def test_who_failed_has_a_record_of_completion(enrollment: Enrollment) -> None:
    failed = issued(enrollment, score=40.0, result=Outcome.FAILED)
    text = text_of(drawing.drawn(failed))
    assert "RECORD OF COMPLETION" in text
    assert "CERTIFICATE OF" not in text
    assert "PASSED ON" not in text
    passed = text_of(drawing.drawn(reach(enrollment, day=9, score=85.0)))
    assert "CERTIFICATE OF COMPLETION" in passed
    assert "PASSED ON 9 March 2026" in passed or "9 March 2026" in passed


def test_a_raw_score_without_a_percentage_is_printed_as_one(enrollment: Enrollment) -> None:
    certificate = issued(enrollment, score=None)
    certificate.score_raw = 8.0
    assert "8 (raw)" in text_of(drawing.drawn(certificate))


def test_revoked_and_replaced_ones_say_so(client: FlaskClient, enrollment: Enrollment) -> None:
    certificate = issued(enrollment)
    with acting_for(enrollment.account_id):
        certificate.supersede()
        db.session.flush()
    assert "replaced by a newer one" in client.get(f"/verify/{certificate.number}").text
    with acting_for(enrollment.account_id):
        certificate.revoke("Issued to the wrong person")
        db.session.flush()
    page = client.get(f"/verify/{certificate.number}").text
    assert "was revoked" in page
    assert "Issued to the wrong person" in page
