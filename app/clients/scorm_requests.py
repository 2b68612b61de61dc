"""What we tell SCORM Cloud about learners and postbacks, in its spelling."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CloudLearner:
    """The person on a registration. The names are shown to course content."""

    id: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""

    def as_sent(self) -> dict[str, str]:
        known = {"email": self.email, "firstName": self.first_name, "lastName": self.last_name}
        return {"id": self.id, **{key: value for key, value in known.items() if value}}


@dataclass(frozen=True)
class Postback:
    """Where results are to be posted, with HTTP Basic credentials of our own making."""

    url: str
    user: str
    password: str = field(repr=False)

    def as_sent(self) -> dict[str, Any]:
        # Every field, always: the documented defaults contradict each other.
        return {
            "url": self.url,
            "authType": "HTTPBASIC",
            "userName": self.user,
            "password": self.password,
            "resultsFormat": "COURSE",
            "legacy": False,
        }

    def as_settings(self) -> dict[str, str]:
        return {
            "ApiRollupRegistrationPostBackUrl": self.url,
            "ApiRollupRegistrationAuthType": "httpbasic",
            "ApiRollupRegistrationAuthUser": self.user,
            "ApiRollupRegistrationAuthPassword": self.password,
            "ApiRollupRegistrationFormat": "course",
            "ApiRollupRegistrationIsJson": "true",
        }
