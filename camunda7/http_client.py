"""Makes every HTTP client of ours. None takes a proxy or credentials from the environment.

requests reads http_proxy, https_proxy, all_proxy and ~/.netrc by default: patients' data would go to a proxy that the
environment happens to name, and calls between parts on one host would fail there.
"""

from __future__ import annotations

import os
from typing import Any

import requests
import urllib3

# file or folder of the certificate authorities to trust: what requests, curl and OpenSSL read
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def new_session() -> requests.Session:
    """A session that connects directly, and trusts the environment's certificate authorities."""
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_bundle()
    return session


def request(method: str, url: str, **options: Any) -> requests.Response:
    """One request on a connection of its own. Arguments as requests.request."""
    with new_session() as session:
        return session.request(method, url, **options)


def new_pool(connections: int) -> urllib3.PoolManager:
    """A pool of connections that doesn't retry by itself."""
    bundle = ca_bundle()
    trusted = {"ca_cert_dir" if os.path.isdir(bundle) else "ca_certs": bundle}
    return urllib3.PoolManager(maxsize=connections, retries=False, **trusted)


def ca_bundle() -> str:
    """Where the certificate authorities to trust are: as the environment says, or those that requests ships."""
    named = (os.environ.get(name) for name in CA_VARIABLES)
    return next(filter(None, named), requests.certs.where())
