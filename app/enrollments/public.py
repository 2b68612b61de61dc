"""What learners reach without login: the self-enrolment link, the launch, the page after exit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy import select

from app import audit
from app.accounts.brand import brand
from app.enrollments import enrolling, form_uses, launching, self_enrolling
from app.enrollments.passes import COOKIE, YEAR, Passes
from app.errors import BadInput, Conflict, LimitReached, NotConnected, NotFound
from app.extensions import db
from app.limits import TooMany, limiter, network
from app.models import Course, EnrollLink, Enrollment, Launch, across_accounts, acting_for

blueprint = Blueprint("enrollments_public", __name__)
BY = "the self-enrollment link"
# What, how often from one network, how often in all. A whole school may sit behind one address.
NEW = "enrollments by this link", "600 per 10 minute; 3000 per day", "3000 per hour"
KNOWN = (
    "attempts by this link with e-mail addresses that may be enrolled already",
    "60 per hour",
    "300 per hour",
)


@contextmanager
def link_of(token: str) -> Iterator[EnrollLink]:
    """The link, and within the block its account's rows; an unknown one is simply not found."""
    with across_accounts():
        link = db.session.scalar(select(EnrollLink).where(EnrollLink.token == token))
    if link is None or link.account.purged_at is not None:
        raise NotFound("This link does not lead to a course. Please ask for a new one.")
    with writing_for(link.account_id):
        yield link


@contextmanager
def writing_for(account_id: str) -> Iterator[None]:
    """Acts for the account; what was changed goes to the database while it does."""
    with acting_for(account_id):
        yield
        db.session.flush()


@blueprint.get("/e/<token>")
def enroll(token: str) -> Response:
    """Shows the form, or who enrolled in this browser the way on. Looking never enrols anybody."""
    with link_of(token) as link:
        enrollment = enrollment_of_browser(link.course)
        if enrollment is not None and link.account.active:
            return page("enrollments/continue.html", link, enrollment=enrollment)
        if unavailable(link):
            return page("enrollments/unavailable.html", link)
        return form(link)


@blueprint.post("/e/<token>")
def submit(token: str) -> Response:
    """Enrols who typed a name and an address, and lets this browser launch the course."""
    with link_of(token) as link:
        if unavailable(link):
            return page("enrollments/unavailable.html", link)
        typed = {name: request.form.get(name, "") for name in ("first_name", "last_name", "email")}
        if request.form.get("website"):  # a field that people cannot see
            return page("enrollments/known.html", link)
        form_id = passes().id_in_form(link, request.form.get("form_token", ""))
        if form_id is None:
            return form(link, typed, {"form": "The form was open too long. Please send it again."})
        try:
            return enroll_typed(link, typed, form_id)
        except TooMany as limit:
            return too_many(link, typed, limit)


def enroll_typed(link: EnrollLink, typed: dict[str, str], form_id: str) -> Response:
    try:
        applicant = self_enrolling.read_form(**typed)
        use, is_first = form_uses.take(link, form_id, applicant.email)
        if is_first:
            enrollment = self_enrolling.self_enroll(link, applicant)
            use.enrollment_id = enrollment.id if enrollment else None
            count_try(link, is_known=enrollment is None)
        else:
            enrollment = enrolling.active(use.enrollment_id)
    except form_uses.UsedBefore as error:
        return form(link, typed, {"form": error.sentence})
    except BadInput as error:
        return form(link, typed, {error.field or "form": error.sentence})
    except LimitReached:
        return page("enrollments/full.html", link, status=409)
    except Conflict:
        return page("enrollments/unavailable.html", link)
    if enrollment is None:
        return page("enrollments/known.html", link)
    return remember(way_on(link, enrollment), enrollment)


def way_on(link: EnrollLink, enrollment: Enrollment) -> Response:
    """The page from which the course is started; in place where the browser keeps no cookie."""
    if COOKIE in request.cookies:
        return make_response(redirect(url_for("enrollments_public.enroll", token=link.token), 303))
    key = passes().personal(enrollment)
    answer = page("enrollments/continue.html", link, enrollment=enrollment, key=key)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def count_try(link: EnrollLink, is_known: bool) -> None:
    """TooMany when this link is used more than a class would. Addresses that are enrolled already
    have a narrow limit of their own, which stands in nobody else's way."""
    what, here, in_all = KNOWN if is_known else NEW
    limiter.count(f"{what} from your network", here, link.id, network())
    limiter.count(what, in_all, link.id)


def too_many(link: EnrollLink, typed: dict[str, str], limit: TooMany) -> Response:
    """What was typed stays, and the account's administrators see once an hour what goes on."""
    db.session.rollback()
    if limiter.is_first("notes about a link that is used too much", "1 per hour", link.id):
        about = (link.course.title, link.course_id)
        audit.note_refusal(link.account_id, BY, "refused self-enrollments", *about, why=str(limit))
    response = form(link, typed, {"form": limit.sentence}, limit.status)
    response.headers["Retry-After"] = str(limit.seconds)
    return response


@blueprint.get("/e/<token>/as/<key>")
def come(token: str, key: str) -> Response:
    """A link that was sent to one learner: this browser may go on with that enrolment."""
    with link_of(token) as link:
        enrollment = enrollment_of_key(link, key)
        if enrollment is not None and "again" in request.args:
            return way_on(link, enrollment)
        # The key leaves the address, unless it turns out that the browser keeps nothing.
        to_itself = url_for("enrollments_public.come", token=token, key=key, again=1)
        to_the_form = url_for("enrollments_public.enroll", token=token)
        answer = make_response(redirect(to_itself if enrollment else to_the_form, 303))
        answer.headers["Referrer-Policy"] = "no-referrer"
        return remember(answer, enrollment) if enrollment else answer


@blueprint.post("/e/<token>/launch")
def launch(token: str) -> Response:
    """Opens the course for who enrolled in this browser, by a fresh launch link."""
    with link_of(token) as link:
        enrollment = enrollment_of_browser(link.course)
        enrollment = enrollment or enrollment_of_key(link, request.form.get("key", ""))
        if enrollment is None:
            return make_response(redirect(url_for("enrollments_public.enroll", token=token), 303))
        if not link.account.active:
            return page("enrollments/unavailable.html", link)
        try:
            address = launching.launch(enrollment)
        except (Conflict, NotConnected):
            return page("enrollments/unavailable.html", link)
        response = make_response(redirect(address, 303))
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


@blueprint.get("/exit/<launch_id>")
def leave(launch_id: str) -> Response:
    """After the player: progress is saved. Nothing depends on anybody reaching this page."""
    with across_accounts():
        row = db.session.get(Launch, launch_id)
        if row is None:
            raise NotFound("This page has nothing to show. You may close it.")
    with writing_for(row.account_id):
        launching.come_back(row)
        mine = row.enrollment.id in enrollments_of_browser()
        course = row.enrollment.course
        values: dict[str, Any] = {"course": course, "brand": brand(row.enrollment.account)}
        values["by_admin"] = row.opened_by is not None
        link = course.link if mine else None
        return make_response(render_template("enrollments/exit.html", link=link, **values))


def passes() -> Passes:
    return Passes(current_app.config["SECRET_KEY"])


def enrollments_of_browser() -> list[str]:
    return passes().read(request.cookies.get(COOKIE, ""))


def remember(response: Response, enrollment: Enrollment) -> Response:
    """Lets this browser go on with the enrolment for a year."""
    keep(response, passes().add(request.cookies.get(COOKIE, ""), enrollment))
    return response


def keep(response: Response, cookie: str) -> None:
    secure = current_app.config["SECURE"]
    response.set_cookie(COOKIE, cookie, max_age=YEAR, httponly=True, samesite="Lax", secure=secure)


def enrollment_of_browser(course: Course) -> Enrollment | None:
    """The enrolment on this course that was made in this very browser."""
    return db.session.scalar(
        select(Enrollment).where(
            Enrollment.id.in_(enrollments_of_browser()),
            Enrollment.course_id == course.id,
            Enrollment.withdrawn_at.is_(None),
        )
    )


def enrollment_of_key(link: EnrollLink, key: str) -> Enrollment | None:
    """The enrolment on the link's course that a key opens, which only its learner was given."""
    enrollment_id = passes().read_personal(key)
    enrollment = db.session.get(Enrollment, enrollment_id) if enrollment_id else None
    if enrollment is None or enrollment.course_id != link.course_id or not enrollment.active:
        return None
    return enrollment


def unavailable(link: EnrollLink) -> bool:
    return link.replaced_at is not None or not link.course.ready or not link.account.active


def form(
    link: EnrollLink,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 422,
) -> Response:
    """Bad input comes back as it was typed, with its sentence beside the field."""
    token = passes().form_token(link)
    answer = page(
        "enrollments/enroll.html",
        link,
        status if errors else 200,
        typed=typed or {},
        errors=errors or {},
        form_token=token,
    )
    if COOKIE not in request.cookies:  # whether the browser keeps it is seen when the form comes
        keep(answer, passes().nothing())
    return answer


def page(template: str, link: EnrollLink, status: int = 200, **values: Any) -> Response:
    values.update(link=link, course=link.course, brand=brand(link.account))
    response = make_response(render_template(template, **values), status)
    response.headers["Cache-Control"] = "no-store"
    return response
