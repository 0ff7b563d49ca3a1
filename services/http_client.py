"""Makes the HTTP clients of the services, which import nothing of ours; for all else: camunda7/http_client.py."""

from __future__ import annotations

import os
from typing import Any

import requests

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def request(method: str, url: str, **options: Any) -> requests.Response:
    """One request, directly: by no proxy of the environment, without credentials of ~/.netrc."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = next(filter(None, map(os.environ.get, CA_VARIABLES)), True)
        return session.request(method, url, **options)
