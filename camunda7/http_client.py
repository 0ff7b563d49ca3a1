"""Makes every HTTP client of ours. None takes a proxy or credentials from the environment.

An answer must be complete within the timeout of its request. requests and urllib3 allow that time for each read: a
server that sends a byte now and then would keep a thread for ever.

requests reads http_proxy, https_proxy, all_proxy and ~/.netrc by default: patients' data would go to a proxy that the
environment happens to name, and calls between parts on one host would fail there.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import time
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection

# file or folder of the certificate authorities to trust: what requests, curl and OpenSSL read
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def new_session() -> requests.Session:
    """A session that connects directly, and trusts the environment's certificate authorities."""
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_bundle()
    for prefix in ("http://", "https://"):
        session.mount(prefix, _Adapter())
    return session


def request(method: str, url: str, **options: Any) -> requests.Response:
    """One request on a connection of its own. Arguments as requests.request."""
    with new_session() as session:
        return session.request(method, url, **options)


def new_pool(connections: int) -> urllib3.PoolManager:
    """A pool of connections that doesn't retry by itself."""
    bundle = ca_bundle()
    if os.path.isdir(bundle):
        return _with_own_pools(urllib3.PoolManager(maxsize=connections, retries=False, ca_cert_dir=bundle))
    return _with_own_pools(urllib3.PoolManager(maxsize=connections, retries=False, ca_certs=bundle))


def ca_bundle() -> str:
    """Where the certificate authorities to trust are: as the environment says, or those that requests ships."""
    named = (os.environ.get(name) for name in CA_VARIABLES)
    return next(filter(None, named), DEFAULT_CA_BUNDLE_PATH)


class _TimedReader(io.RawIOBase):
    """Reads from a socket until its timeout has passed since this was made."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket):
        self._raw = raw
        self._socket = sock
        self._timeout_s = sock.gettimeout()
        self._deadline = time.monotonic() + (self._timeout_s or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._timeout_s is None:
            return self._raw.readinto(buffer)
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer isn't complete in time")
        self._socket.settimeout(left_s)
        try:
            return self._raw.readinto(buffer)
        finally:
            self._socket.settimeout(self._timeout_s)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """The final answer to a request.

    http.client skips the interim answer 100 only. It would return 103 (Early Hints), and take the final answer for that
    to the next request on the connection (RFC 9110, 15.2).
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any):
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))

    def begin(self) -> None:
        super().begin()
        while self.status < http.HTTPStatus.OK and self.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = None  # type: ignore[assignment]  # as http.client has it before the answer begins
            super().begin()
        # a proxy that answers in the server's place may close the connection without notice, or speak another protocol
        self.will_close |= not http.HTTPStatus.OK <= self.status < http.HTTPStatus.MULTIPLE_CHOICES


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        _with_own_pools(self.poolmanager)


def _with_own_pools(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager
