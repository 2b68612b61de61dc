"""What a learner's own browser keeps: a signed list of the enrolments it may go on with.

It holds no name and no address, opens nothing but these courses, and can be made nowhere but here.
"""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from app.models import EnrollLink, Enrollment, new_id

COOKIE = "hub_learner"
YEAR = 365 * 24 * 3600  # seconds
FORM_LIFE = 2 * 3600  # seconds
MOST = 20  # newest enrolments; a cookie has little room


class Passes:
    """Signs and reads with the deployment's secret key."""

    def __init__(self, secret_key: str) -> None:
        self._pass = URLSafeSerializer(secret_key, salt="learner-pass")
        self._form = URLSafeTimedSerializer(secret_key, salt="self-enroll")
        self._personal = URLSafeTimedSerializer(secret_key, salt="personal-link")

    def read(self, cookie: str) -> list[str]:
        """Ids of the enrolments; none for a cookie that is not ours."""
        try:
            ids = self._pass.loads(cookie)
        except BadSignature:
            return []
        return [str(one) for one in ids] if isinstance(ids, list) else []

    def add(self, cookie: str, enrollment: Enrollment) -> str:
        """The cookie with one more enrolment, the newest first."""
        others = [one for one in self.read(cookie) if one != enrollment.id]
        return str(self._pass.dumps([enrollment.id, *others][:MOST]))

    def nothing(self) -> str:
        """The cookie of a browser that has not enrolled anywhere yet."""
        return str(self._pass.dumps([]))

    def personal(self, enrollment: Enrollment) -> str:
        """In a link that is sent to the learner alone: opens this course in whatever browser."""
        return str(self._personal.dumps(enrollment.id))

    def read_personal(self, key: str) -> str | None:
        """The enrolment's id; None for a key that is not ours or older than a year."""
        try:
            return str(self._personal.loads(key, max_age=YEAR))
        except BadSignature:
            return None

    def form_token(self, link: EnrollLink) -> str:
        """In the self-enrolment form: proves that it was shown by us, for this very course.

        It carries an id of its own, so that the same form sent twice is recognised.
        """
        return str(self._form.dumps([link.id, new_id()]))

    def id_in_form(self, link: EnrollLink, token: str) -> str | None:
        """The id that the form brings; None if the form is not ours or older than two hours."""
        try:
            link_id, form_id = self._form.loads(token, max_age=FORM_LIFE)
        except (BadSignature, ValueError, TypeError):
            return None
        return str(form_id) if link_id == link.id else None
