"""Asks the government what it has to tell a contact by their token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

import requests

from camunda7.http_client import request
from camunda7.outages import CredentialsRefused, SafeToLog


class GovernmentUnavailable(SafeToLog):
    """The government's server can't be asked now."""


class SignInRefused(GovernmentUnavailable, CredentialsRefused):
    """It refuses our API key."""


@dataclass(frozen=True)
class Exposure:
    """What holds for a contact: the latest day of exposure, or None when there was none after all."""

    last_day: date | None


class Government:
    def __init__(self, url: str, api_key: str, timeout_s: float = 5):
        self._url = url
        self._headers = {"X-API-Key": api_key}
        self._timeout_s = timeout_s

    def exposure(self, token: str) -> Exposure | None:
        """What holds for the contact with this token; None when it was never given out.

        Raises:
            GovernmentUnavailable: it doesn't answer, or not as it should.
        """
        try:
            answer = request(
                "GET",
                f"{self._url}/v1/tokens/{quote(token, safe='')}",
                headers=self._headers,
                timeout=self._timeout_s,
            )
        except requests.RequestException as error:
            raise GovernmentUnavailable(f"no answer from government.url ({type(error).__name__})") from None
        if answer.status_code in (401, 403):
            raise SignInRefused(f"the government refuses the API key of government.api_key ({answer.status_code})")
        if answer.status_code not in (200, 404):
            raise GovernmentUnavailable(str(answer.status_code))
        if answer.status_code == 404:
            return None
        try:
            day = answer.json()["last_exposure_date"]
            return Exposure(date.fromisoformat(day) if day else None)
        except (ValueError, KeyError, TypeError) as error:
            # something between gave it, such as a network's page for signing in
            raise GovernmentUnavailable(type(error).__name__) from None
