"""Fetches a picture from an address that somebody typed, without being led into our own network.

The name is resolved once, every address it has must be a public one, and the connection goes to
exactly that address, so that a second resolution cannot lead elsewhere. No redirects, https only.
All of it is over within a few seconds, however slowly the other side speaks.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import string
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote, urlsplit

LARGEST = 2 * 1024 * 1024
SECONDS = 5.0
PORT = 443
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Not for everybody by their registries, whatever this Python's own lists say of them.
NOT_GLOBAL = [
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.0/24", "192.88.99.0/24",  # protocols' own, and the old relays
        "::/96", "::ffff:0:0:0/96",  # IPv4 inside, in forms that nothing routes
        "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "3fff::/20", "5f00::/16",
        "fec0::/10",
    )
]  # fmt: skip
TOO_LARGE = "The picture is larger than 2 MB. Choose a smaller one."
TOO_SLOW = "The picture took too long to come. Try again, or choose a file instead."
HEADERS = {"Accept": "image/*", "User-Agent": "ScormHub/1.0 (logo of a training account)"}


class PictureError(Exception):
    """Why no picture came; the text may be shown to the person who typed the address."""


def fetch(address: str) -> bytes:
    """GET the address, at most 2 MB within 5 seconds. Raises PictureError."""
    host, target = checked(address)
    where = public_address(host)
    deadline = time.monotonic() + SECONDS
    try:
        with connected(where, host) as line, cut_off_at(deadline, line):
            return answer(line, host, target)
    except ssl.SSLCertVerificationError:
        raise PictureError("That website's certificate is not valid for its name.") from None
    except (OSError, ValueError, http.client.HTTPException):
        late = time.monotonic() >= deadline
        said = TOO_SLOW if late else "The picture could not be fetched from that address."
        raise PictureError(said) from None


def checked(address: str) -> tuple[str, str]:
    """The host and what to ask it for. Only plain https addresses by name are taken."""
    try:
        parts = urlsplit(address)
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise PictureError("That is not an address of a picture.") from None
    if parts.scheme != "https" or not host or len(address) > 2000 or not address.isprintable():
        raise PictureError("The address of the logo must start with https://.")
    if parts.username is not None or parts.password is not None or port not in (None, PORT):
        raise PictureError("The address must not contain a user name or a port.")
    if is_literal(host) or "." not in host or " " in address:
        raise PictureError("The address must name a public website.")
    query = f"?{parts.query}" if parts.query else ""
    return host, quote((parts.path or "/") + query, safe=string.punctuation)


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
        found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
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
    listed = any(ip in block for block in NOT_GLOBAL if block.version == ip.version)
    return ip.is_global and not ip.is_multicast and not listed


def inner_address(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to."""
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def connected(where: str, host: str) -> ssl.SSLSocket:
    """A line to this very address, on which the host has yet to prove its name."""
    plain = socket.create_connection((where, PORT), timeout=SECONDS)
    try:
        return ssl.create_default_context().wrap_socket(
            plain, server_hostname=host, do_handshake_on_connect=False
        )
    except ValueError:
        plain.close()
        raise


@contextmanager
def cut_off_at(deadline: float, line: ssl.SSLSocket) -> Iterator[None]:
    """Ends whatever still goes on upon the line then. A time limit of the socket's own would begin
    anew with each byte, and a drip would never end. Raises TimeoutError if it came to that."""
    ending = threading.Timer(deadline - time.monotonic(), hang_up, [line])
    ending.daemon = True
    ending.start()
    try:
        yield
    finally:
        ending.cancel()
    if time.monotonic() >= deadline:
        raise TimeoutError


def hang_up(line: ssl.SSLSocket) -> None:
    with suppress(OSError):  # it may be over already
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def answer(line: ssl.SSLSocket, host: str, target: str) -> bytes:
    """What the host sends for this target: the whole of it, if that is not too much."""
    line.do_handshake()
    connection = http.client.HTTPConnection(host)
    connection.sock = line
    connection.request("GET", target, headers=HEADERS)
    with connection.getresponse() as response:  # a line ends only with what reads from it
        return content(response)


def content(response: http.client.HTTPResponse) -> bytes:
    """The whole picture. PictureError if there is none, or more than the limit."""
    if 300 <= response.status < 400:
        raise PictureError("That address leads on to another one. Enter the picture's own address.")
    if response.status != 200:
        raise PictureError(f"That address answered with {response.status} instead of a picture.")
    if (response.length or 0) > LARGEST:  # what the answer says of itself
        raise PictureError(TOO_LARGE)
    picture = response.read(LARGEST + 1)
    if len(picture) > LARGEST:
        raise PictureError(TOO_LARGE)
    if response.length:
        raise http.client.IncompleteRead(picture)
    return picture
