"""Who is calling: an application with a secret key, or a token that an application asked for.

A management identity may do nothing but manage applications, and nobody else may do that.

Tokens are signed and not stored, as on SCORM Cloud: they cannot be revoked, only expire.
"""

import hmac
import secrets
from collections.abc import Iterable

from flask import g, request
from itsdangerous import BadSignature, URLSafeSerializer

from sandbox.scorm_cloud.cloud import Cloud, the_cloud
from sandbox.scorm_cloud.database import MANAGERS
from sandbox.scorm_cloud.errors import ApiError

VERBS = ("read", "write", "delete")
FAMILIES = {
    "courses": "course",
    "registrations": "registration",
    "learner": "learner",
    "reporting": "reporting",
    "appManagement": "appmgmt",
    "ping": "ping",
    "about": "about",
}
SCOPES = {
    "admin",
    *VERBS,
    *(
        f"{verb}:{family}"
        for verb in VERBS
        for family in (*FAMILIES.values(), "dispatch", "invitation", "xapicredential", "xapipipe")
    ),
}
LONGEST_TOKEN_S = 28800
MANAGEMENT = "api.management"  # the blueprint with the calls that manage applications


def authenticate() -> None:
    """Let a known application through, as ``g.app_id``; ApiError 401 or 403 otherwise."""
    g.app_id = _caller()
    the_cloud().ledger.identify(g.app_id)
    managing = request.blueprint == MANAGEMENT
    if managing and g.app_id not in MANAGERS:
        raise ApiError(403, "Only the application management credentials allow this call.")
    if not managing and g.app_id in MANAGERS:
        raise ApiError(403, "The application management credentials do not allow this call.")


def _caller() -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(the_cloud(), value.strip())
    given = request.authorization
    if given is None or given.type != "basic":
        raise ApiError(401, "Authorization Required.")
    name, password = given.username or "", (given.password or "").encode()
    known = _secrets(name) or [secrets.token_hex()]
    if not any(hmac.compare_digest(each.encode(), password) for each in known):
        raise ApiError(401, "Authorization Required.")
    return name


def _secrets(name: str) -> list[str]:
    """The keys that count: an application's first one, and those it was given later."""
    if name in MANAGERS:
        return [MANAGERS[name]]
    with the_cloud().store.read() as db:
        rows = db.execute(
            "SELECT secret FROM applications WHERE id = ? UNION ALL"
            " SELECT secret FROM credentials WHERE app = ? AND active",
            (name, name),
        ).fetchall()
    return [row["secret"] for row in rows]


def make_token(cloud: Cloud, app: str, scopes: Iterable[str], seconds: float) -> str:
    """A token of ``app`` for so many seconds; ApiError 400 for an unknown scope or a wrong time."""
    wanted = list(scopes)
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if not wanted or unknown:
        raise ApiError(400, f"Bad request: unknown scope [{' '.join(unknown)}].")
    if not 0 < seconds <= LONGEST_TOKEN_S:
        raise ApiError(400, f"Bad request: expiration must be between 1 and {LONGEST_TOKEN_S}.")
    content = {"app": app, "scopes": wanted, "expires": cloud.clock.timestamp() + seconds}
    return str(_signer(cloud).dumps(content))


def require_basic() -> None:
    """Tokens are only given to callers who know the secret key; ApiError 401 otherwise."""
    if request.authorization is None or request.authorization.type != "basic":
        raise ApiError(401, "Authorization Required.")


def _by_token(cloud: Cloud, token: str) -> str:
    try:
        content = _signer(cloud).loads(token)
    except BadSignature as error:
        raise ApiError(401, "Authorization Required.") from error
    if not _secrets(content["app"]):
        raise ApiError(401, "Authorization Required. The application is gone.")
    if content["expires"] < cloud.clock.timestamp():
        raise ApiError(401, "Authorization Required. The token has expired.")
    if not _allowed(set(content["scopes"])):
        raise ApiError(403, "The token's scopes do not allow this call.")
    return str(content["app"])


def _allowed(scopes: set[str]) -> bool:
    path = request.path.removeprefix("/api/v2/")
    if path.endswith("/delete-information"):
        return "admin" in scopes
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(request.method, "write")
    if path.endswith(("/launchLink", "/preview")):
        verb = "read"  # building a link changes nothing
    family = FAMILIES.get(path.partition("/")[0], "")
    return bool({"admin", verb, f"{verb}:{family}"} & scopes)


def _signer(cloud: Cloud) -> URLSafeSerializer:
    key = cloud.store.value("token_key")
    if key is None:
        key = secrets.token_hex(32)
        cloud.store.set_value("token_key", key)
    return URLSafeSerializer(key, salt="token")
