"""What a learner's own browser keeps: a signed list of the enrolments it may go on with.

It holds no name and no address, opens nothing but these courses, and can be made nowhere but here.
"""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from app.models import Enrollment, EnrollLink

COOKIE = "hub_learner"
YEAR = 365 * 24 * 3600  # seconds
MOST = 20  # newest enrolments; a cookie has little room


class Passes:
    """Signs and reads with the deployment's secret key."""

    def __init__(self, secret_key: str) -> None:
        self._pass = URLSafeSerializer(secret_key, salt="learner-pass")
        self._form = URLSafeSerializer(secret_key, salt="self-enroll")

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

    def form_token(self, link: EnrollLink) -> str:
        """In the self-enrolment form: proves that it was shown by us, for this very course."""
        return str(self._form.dumps(link.id))

    def form_is_ours(self, link: EnrollLink, token: str) -> bool:
        try:
            return bool(self._form.loads(token) == link.id)
        except BadSignature:
            return False
