"""Whose word counts on where a request came from: only that of proxies that the settings name.

A proxy says in X-Forwarded-For who called it, and in X-Forwarded-Proto whether by https. Anybody
else can send these headers, too, and would pass every limit per address with them. So they count
only when the connection itself comes from a proxy of FORWARDED_ALLOW_IPS, and only the last
TRUSTED_PROXIES entries, which our own proxies have added: what stands before is the caller's text.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)
EVERYBODY = "*"


class Proxies:
    """A WSGI application that hands requests on, with the caller's address in REMOTE_ADDR."""

    def __init__(self, app: WSGIApplication, named: Iterable[str], in_a_row: int) -> None:
        named = list(named)
        self._app = app
        self._behind_proxies = ProxyFix(app, x_for=in_a_row, x_proto=1)
        self._everybody = EVERYBODY in named
        self._networks = [
            ipaddress.ip_network(one, strict=False) for one in named if one != EVERYBODY
        ]
        self._has_warned = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self.believes(environ.get("REMOTE_ADDR", "")):
            return self._behind_proxies(environ, start_response)
        if "HTTP_X_FORWARDED_PROTO" in environ and not self._has_warned:
            self._has_warned = True
            log.warning("X-Forwarded headers do not count: FORWARDED_ALLOW_IPS names no such proxy")
        return self._app(environ, start_response)

    def believes(self, peer: str) -> bool:
        """Whether the one at the other end of the connection is a proxy of ours."""
        if self._everybody:
            return True
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        return any(address in network for network in self._networks)


def init_app(app: Flask) -> None:
    named, in_a_row = app.config["FORWARDED_ALLOW_IPS"], app.config["TRUSTED_PROXIES"]
    app.wsgi_app = Proxies(app.wsgi_app, named, in_a_row)  # type: ignore[method-assign]
