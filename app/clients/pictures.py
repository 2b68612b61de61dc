"""Fetches a picture from an address that somebody typed, without being led into our own network.

The name is resolved once, every address it has must be a public one, and the connection goes to
exactly that address, so that a second resolution cannot lead elsewhere. No redirects, https only.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from urllib.parse import urlsplit

import urllib3

LARGEST = 2 * 1024 * 1024
SECONDS = 5.0
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PictureError(Exception):
    """Why no picture came; the text may be shown to the person who typed the address."""


def fetch(address: str) -> bytes:
    """GET the address, at most 2 MB within 5 seconds. Raises PictureError."""
    host, target = checked(address)
    pool = urllib3.HTTPSConnectionPool(
        public_address(host),
        443,
        server_hostname=host,
        assert_hostname=host,
        timeout=urllib3.Timeout(total=SECONDS, connect=3),
        retries=False,
    )
    try:
        response = pool.request(
            "GET", target, headers={"Host": host}, redirect=False, preload_content=False
        )
        if response.status != 200:
            raise PictureError(
                f"That address answered with {response.status} instead of a picture."
            )
        return read(response)
    except urllib3.exceptions.HTTPError:
        raise PictureError("The picture could not be fetched from that address.") from None
    finally:
        pool.close()


def checked(address: str) -> tuple[str, str]:
    """The host and what to ask it for. Only plain https addresses by name are taken."""
    try:
        parts = urlsplit(address)
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise PictureError("That is not an address of a picture.") from None
    if parts.scheme != "https" or not host or len(address) > 2000 or not address.isprintable():
        raise PictureError("The address of the logo must start with https://.")
    if parts.username is not None or parts.password is not None or port not in (None, 443):
        raise PictureError("The address must not contain a user name or a port.")
    if is_literal(host) or "." not in host or " " in address:
        raise PictureError("The address must name a public website.")
    query = f"?{parts.query}" if parts.query else ""
    return host, (parts.path or "/") + query


def is_literal(host: str) -> bool:
    """An IP address in any spelling that a resolver would understand."""
    try:
        socket.inet_aton(host)
    except OSError:
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return False
    return True


def public_address(host: str) -> str:
    """Where the host is. PictureError unless every address it has is a public one."""
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        raise PictureError("That website does not exist or cannot be found.") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(map(is_public, addresses)):
        raise PictureError("The address must name a public website.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether it is reachable by everybody; an IPv4 address inside an IPv6 one counts as itself."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        ip = inner_address(ip) or ip
    return ip.is_global and not ip.is_multicast


def inner_address(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to."""
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def read(response: urllib3.BaseHTTPResponse) -> bytes:
    content, deadline = bytearray(), time.monotonic() + SECONDS
    for piece in response.stream(65536, decode_content=True):
        content += piece
        if len(content) > LARGEST:
            raise PictureError("The picture is larger than 2 MB.")
        if time.monotonic() > deadline:
            raise PictureError("The picture took too long to come.")
    return bytes(content)
