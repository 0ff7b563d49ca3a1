"""HTTP clients with a total timeout, and without proxies and credentials of the environment.

A response must be complete within the timeout of its request. requests and urllib3 apply the timeout to each read, so
that a server which sends slowly would block a thread for ever.

By default requests reads http_proxy, https_proxy, all_proxy and ~/.netrc: patients' data would go to the environment's
proxy, and calls between parts on one host would fail there.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection


@dataclass(frozen=True)
class Tls:
    """Certificates of a connection; None is the environment's authorities, and no certificate of ours.

    Attributes:
        ca: file with the authorities of the server's certificate, in PEM.
        certificate: file with the client's certificate, and its chain, in PEM.
        key: file with its private key; None if it is in the file of the certificate.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


# the environment's authorities, no certificate of ours
NO_TLS = Tls()
# file or folder with trusted certificate authorities; variables of requests, curl and OpenSSL
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def new_session(tls: Tls = NO_TLS) -> requests.Session:
    """Return a session without proxies that trusts the environment's certificate authorities, or those of `tls`."""
    session = requests.Session()
    configure_session(session, tls)
    return session


def configure_session(session: requests.Session, tls: Tls = NO_TLS) -> None:
    """Change a session as new_session() does."""
    session.trust_env = False
    session.verify = str(tls.ca) if tls.ca else ca_bundle()
    if tls.certificate:
        session.cert = (str(tls.certificate), str(tls.key)) if tls.key else str(tls.certificate)
    for prefix in ("http://", "https://"):
        session.mount(prefix, _Adapter())


def request(method: str, url: str, **options: Any) -> requests.Response:
    """Send one request on a new connection. Arguments as for requests.request()."""
    with new_session() as session:
        return session.request(method, url, **options)


def new_pool(url: str, connections: int, tls: Tls = NO_TLS) -> urllib3.HTTPConnectionPool:
    """Return a connection pool without retries for the server of a URL."""
    bundle = str(tls.ca) if tls.ca else ca_bundle()
    trusted: dict[str, Any] = {"ca_cert_dir" if os.path.isdir(bundle) else "ca_certs": bundle}
    if tls.certificate:
        trusted |= {"cert_file": str(tls.certificate), "key_file": str(tls.key) if tls.key else None}
    manager = _with_own_pools(urllib3.PoolManager(maxsize=connections, retries=False, **trusted))
    return manager.connection_from_url(url)


def ca_bundle() -> str:
    """Return the path of the trusted certificate authorities: from CA_VARIABLES, or those of certifi."""
    paths = (os.environ.get(name) for name in CA_VARIABLES)
    return next(filter(None, paths), DEFAULT_CA_BUNDLE_PATH)


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a deadline: the socket's timeout after the creation of the reader."""

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
            raise TimeoutError("the response isn't complete within the timeout")
        # urllib3 sets the socket's timeout anew for each request
        self._socket.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """The final response to a request.

    Skips all interim responses. http.client skips only 100: it would return 103 (Early Hints), and take the final
    response for that to the next request on the connection (RFC 9110, 15.2).
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any):
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))

    def begin(self) -> None:
        super().begin()
        while self.status < http.HTTPStatus.OK and self.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = None  # type: ignore[assignment]  # as http.client has it before the answer begins
            super().begin()
        # after an error close the connection: a proxy that answers for the server may have closed it, too
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
