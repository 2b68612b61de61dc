"""The settings that the hub and its sandbox get on a developer's machine and in the tests.

`config.py` and `.env.example` explain each of them; here only the local values are chosen.
"""

from __future__ import annotations

import base64
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.places import PYTHON, ROOT
from tools.progress import SetupError

HUB, CRM, CLOUD = "the hub", "the sandbox CRM", "the sandbox SCORM Cloud"


@dataclass(frozen=True)
class Ports:
    """Where the three listen. In a browser each has a name of its own, so that the hub inside the
    CRM's frame is a third party there, as it is in real life."""

    hub: int
    crm: int
    cloud: int

    @classmethod
    def in_a_row(cls, first: int) -> Ports:
        return cls(first, first + 1, first + 2)

    def named(self) -> list[tuple[str, int]]:
        return [(HUB, self.hub), (CRM, self.crm), (CLOUD, self.cloud)]

    @property
    def hub_url(self) -> str:
        return f"http://hub.localhost:{self.hub}"

    @property
    def crm_url(self) -> str:
        return f"http://crm.localhost:{self.crm}"

    @property
    def agency_url(self) -> str:
        """The CRM under an agency's own name."""
        return f"http://agency.localhost:{self.crm}"

    @property
    def cloud_url(self) -> str:
        return f"http://cloud.localhost:{self.cloud}"


def sandbox(ports: Ports, data: Path) -> dict[str, str]:
    """What both sandbox applications are told."""
    return {
        "SANDBOX_DATA": str(data),
        "SANDBOX_CONTROLS": "1",
        "HUB_URL": ports.hub_url,
        "CRM_URL": ports.crm_url,
        "CLOUD_URL": ports.cloud_url,
    }


def hub(ports: Ports, *, redis_url: str, data: Path) -> dict[str, str]:
    """What the hub is told so that it takes the sandbox for the outside world.

    Its database and the packages that wait for import lie in `data`.
    """
    return {
        "FLASK_APP": "wsgi",
        "APP_ENV": "development",
        "PUBLIC_URL": ports.hub_url,
        "DATABASE_URL": f"sqlite:///{data / 'hub.sqlite3'}",
        "REDIS_URL": redis_url,
        "STORAGE_URL": f"file://{data / 'uploads'}",
        "CRM_CLIENT_ID": "sandboxapp-1",
        "CRM_CLIENT_SECRET": "sandbox-client-secret",
        "CRM_SHARED_SECRET": "sandbox-shared-secret",
        "CRM_WORKFLOW_SECRET": "sandbox-workflow-secret",
        "CRM_API_URL": f"http://127.0.0.1:{ports.crm}",
        "CRM_AUTHORIZE_URL": f"{ports.crm_url}/oauth/chooselocation",
        "CRM_FRAME_ORIGINS": f"{ports.crm_url} {ports.agency_url}",
        "SCORM_CLOUD_API_URL": f"http://127.0.0.1:{ports.cloud}/api/v2",
        "SCORM_PLAYER_ORIGINS": f"{ports.cloud_url} http://*.cloud.localhost:{ports.cloud}",
        "BILLING": "none",
    }


def of_the_launcher(ports: Ports, *, redis_url: str, data: Path) -> dict[str, str]:
    """All that bin/dev tells the hub; its own secrets and whatever was added to `env` in `data`."""
    return {
        **hub(ports, redis_url=redis_url, data=data),
        **webhook_key(data / "sandbox"),
        **kept_secrets(data / "env"),
    }


def keep_ports(ports: Ports, data: Path) -> None:
    """Leaves behind where bin/dev serves, for bin/flask."""
    (data / "port").write_text(f"{ports.hub}\n")


def kept_ports(data: Path) -> Ports | None:
    """Where bin/dev serves, or served last; None if it never did."""
    file = data / "port"
    return Ports.in_a_row(int(file.read_text())) if file.exists() else None


def new_secrets() -> dict[str, str]:
    """Secrets of our own, drawn at random."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


def kept_secrets(file: Path) -> dict[str, str]:
    """The secrets in a file like .local/env, drawn and written there at the first start.

    Any other setting may be added to that file by hand; it then wins over the values above.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{name}={value}\n" for name, value in new_secrets().items()]
        file.touch(mode=0o600)
        file.write_text("".join(lines))
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {
        name.strip(): value.strip() for name, equals, value in pairs if equals and name[0] != "#"
    }


def webhook_key(sandbox_data: Path) -> dict[str, str]:
    """The key by which the hub knows the sandbox CRM's webhooks, made here if it is not there.

    Its public half is kept beside it: working it out takes a third of a quick start.
    """
    private, public = sandbox_data / "crm-signing.pem", sandbox_data / "crm-signing.public"
    if not (private.exists() and public.exists()):
        public.parent.mkdir(parents=True, exist_ok=True)
        public.write_text(public_half(private))
    return {"CRM_WEBHOOK_PUBLIC_KEYS": public.read_text()}


def public_half(private: Path) -> str:
    question = (
        "import sys, pathlib; from sandbox.crm.signing import SigningKey; "
        "print(SigningKey(pathlib.Path(sys.argv[1])).public)"
    )
    command = [PYTHON, "-c", question, str(private)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if answer.returncode != 0:
        raise SetupError(f"The sandbox CRM's signing key cannot be read:\n{answer.stderr}")
    return answer.stdout.strip()
