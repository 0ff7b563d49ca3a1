"""Checks the headers that proxies before the application set or forward, and logs faults: each once per process.

Values of headers are not logged: they may be personal data (addresses), and clients can send any.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from flask import Flask, request
from werkzeug.wrappers import Request

log = logging.getLogger("webapp.proxies")

# monitoring calls these directly, not through the proxies
INTERNAL_ENDPOINTS = ("healthz", "readyz", "static")


def check_proxies(app: Flask, trusted_proxies: int, public_host: str, by_https: bool) -> None:
    """Register the check of each request.

    Args:
        trusted_proxies: number of proxies before the application that append to X-Forwarded-For.
        public_host: host and port of the public URL.
        by_https: whether the public URL is HTTPS.
    """
    logged: set[str] = set()

    @app.before_request
    def check() -> None:
        if request.endpoint in INTERNAL_ENDPOINTS:
            return
        for fault in _find_faults(request, trusted_proxies, public_host, by_https):
            if fault not in logged:
                logged.add(fault)
                log.warning("%s (docs/how-to/front.md)", fault)


def _find_faults(request: Request, trusted_proxies: int, public_host: str, by_https: bool) -> Iterator[str]:
    addresses = len([each for each in request.headers.get("X-Forwarded-For", "").split(",") if each.strip()])
    if addresses and not trusted_proxies:
        yield (
            "a request had X-Forwarded-For, but webapp.trusted_proxies is 0: all people behind that proxy count as one "
            "address when they sign in"
        )
    if addresses < trusted_proxies:
        yield (
            f"X-Forwarded-For had fewer addresses than the {trusted_proxies} of webapp.trusted_proxies and the front: "
            "all people behind that proxy count as one address when they sign in"
        )
    if "Forwarded" in request.headers and not addresses:
        yield "a proxy sends Forwarded (RFC 7239), which isn't read: have it send X-Forwarded-For and X-Forwarded-Proto"
    if by_https and not _is_by_https(request, trusted_proxies):
        yield (
            "public_url is HTTPS, but a request came by HTTP: have the proxy that ends HTTPS set X-Forwarded-Proto, "
            "and count it in webapp.trusted_proxies; a browser that did come by HTTP drops our cookie and can't send a "
            "form"
        )
    if trusted_proxies and public_host and request.host != public_host:
        also = "; X-Forwarded-Host isn't read" if "X-Forwarded-Host" in request.headers else ""
        yield f"the host of a request isn't that of public_url, {public_host}: have the proxy keep Host{also}"


def _is_by_https(request: Request, trusted_proxies: int) -> bool:
    """Whether the client's request was HTTPS.

    Some proxies append to X-Forwarded-Proto, others replace it: one HTTPS among its values suffices.
    """
    forwarded = request.headers.get("X-Forwarded-Proto", "").lower().replace(" ", "").split(",")
    return request.is_secure or (trusted_proxies > 0 and "https" in forwarded)
