"""The settings there are: their defaults, what they are for, and the values they can have.

Those the stand-in acts on are the postback settings and WhenToRestartRegistration; the player's
are kept and shown like any other.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.scorm_cloud.errors import ApiError


@dataclass(frozen=True)
class Setting:
    """One setting: its default, what it is for, and its values where they are limited."""

    default: str
    description: str
    values: tuple[str, ...] = ()


_BOOLEAN = ("true", "false")
_RESTART = [
    f"WHEN_EXISTING_REG_IS_{state}{newer}"
    for state in ("COMPLETE", "SATISFIED", "FAILED", "INCOMPLETE")
    for newer in ("", "_AND_NEWER_PACKAGE_VERSION_EXISTS")
]
_LAUNCH_TYPES = ("FRAMESET", "NEW_WINDOW", "NEW_WINDOW_WITHOUT_BROWSER_TOOLBAR")

CATALOGUE: dict[str, Setting] = {
    "ApiRollupRegistrationPostBackUrl": Setting("", "Where registration results are sent."),
    "ApiRollupRegistrationAuthType": Setting(
        "form", "How the postback carries its credentials.", ("form", "httpbasic")
    ),
    "ApiRollupRegistrationAuthUser": Setting("", "User name of the postback."),
    "ApiRollupRegistrationAuthPassword": Setting("", "Password of the postback."),
    "ApiRollupRegistrationFormat": Setting(
        "course", "How much detail the postback has.", ("course", "activity", "full")
    ),
    "ApiRollupRegistrationIsJson": Setting("true", "JSON instead of XML.", _BOOLEAN),
    "WhenToRestartRegistration": Setting(
        "NEVER",
        "When a launch begins a new instance.",
        ("NEVER", "WHEN_NEWER_PACKAGE_VERSION_EXISTS", *_RESTART),
    ),
    "PlayerLaunchType": Setting("FRAMESET", "Where the player opens.", _LAUNCH_TYPES),
    "PlayerScoLaunchType": Setting("FRAMESET", "Where content opens.", _LAUNCH_TYPES),
    "PlayerShowCourseStructure": Setting("true", "Show the outline.", _BOOLEAN),
    "PlayerShowFinishButton": Setting("true", "Show the button that returns.", _BOOLEAN),
    "PlayerShowNavBar": Setting("true", "Show previous and next.", _BOOLEAN),
    "PlayerShowProgressBar": Setting("false", "Show progress.", _BOOLEAN),
}


def known(name: str) -> Setting:
    """The catalogue's entry; ApiError 400 if there is none."""
    if name not in CATALOGUE:
        raise ApiError(400, f"Bad request: unknown setting [{name}].")
    return CATALOGUE[name]


def metadata_json(setting: Setting) -> dict[str, Any]:
    """What the API tells about a setting itself."""
    return {
        "default": setting.default,
        "dataType": "boolean" if setting.values == _BOOLEAN else "string",
        "settingDescription": setting.description,
        "validValues": [{"value": value, "valueDescription": value} for value in setting.values],
    }
