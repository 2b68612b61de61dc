"""Two origins: the stand-in's own, and one where course scripts can do no harm to it."""

import os
from ipaddress import ip_address
from urllib.parse import urlsplit


def content_origin(cloud_url: str) -> str:
    """The origin of player and courses, beside the stand-in's own: `content.` before its host.

    CLOUD_CONTENT_URL overrides it, for a set-up whose host names are not of that pattern.
    """
    if chosen := os.environ.get("CLOUD_CONTENT_URL"):
        return chosen.rstrip("/")
    address = urlsplit(cloud_url)
    host = address.hostname or "cloud.localhost"
    if host == "localhost" or is_number(host):
        host = "cloud.localhost"
    port = f":{address.port}" if address.port else ""
    return f"{address.scheme}://content.{host}{port}"


def is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
