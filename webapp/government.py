"""Asks the government whether a contact's token is one that it gave out."""

from __future__ import annotations

from urllib.parse import quote

import requests


class GovernmentUnavailable(Exception):
    """The government's server can't be asked now."""


class Government:
    def __init__(self, url: str, api_key: str, timeout_s: float = 5):
        self._url = url
        self._headers = {"X-API-Key": api_key}
        self._timeout_s = timeout_s

    def is_contact(self, token: str) -> bool:
        """Whether this token was given to a contact."""
        try:
            answer = requests.get(
                f"{self._url}/v1/tokens/{quote(token, safe='')}",
                headers=self._headers,
                timeout=self._timeout_s,
            )
        except requests.RequestException as error:
            raise GovernmentUnavailable(type(error).__name__) from None
        if answer.status_code not in (200, 404):
            raise GovernmentUnavailable(str(answer.status_code))
        return answer.status_code == 200
