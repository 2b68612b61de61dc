"""One HTTP request from a stand-in to the outside.

Names under ``.localhost`` are meant for browsers; from here they are this machine, whatever the
system's resolver says, and the server behind them still sees the name in the Host header.
Redirects are never followed.
"""

import http.client
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit


def post(url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> int:
    """POST ``body`` and give the status. OSError, HTTPException or ValueError if none came."""
    connection, path = _connect(url, timeout_s)
    try:
        connection.request("POST", path, body=body, headers=dict(headers))
        response = connection.getresponse()
        response.read(65536)
        return response.status
    finally:
        connection.close()


def get(url: str, timeout_s: float, limit: int) -> bytes:
    """GET at most ``limit`` bytes; ValueError if the answer is not 200 or is larger."""
    connection, path = _connect(url, timeout_s)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(f"the address answered {response.status}")
        body = response.read(limit + 1)
        if len(body) > limit:
            raise ValueError("the file is too large")
        return body
    finally:
        connection.close()


def _connect(url: str, timeout_s: float) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http address")
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    line = socket.create_connection((_address(parts.hostname), port), timeout_s)
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname, port, timeout=timeout_s)
    if secure:
        line = ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
    connection.sock = line  # already connected, so the library only writes the Host header
    return connection, _target(parts)


def _address(hostname: str) -> str:
    if hostname == "localhost" or hostname.endswith(".localhost"):
        return "127.0.0.1"
    return hostname


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
