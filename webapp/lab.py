"""Asks the lab how many test kits it has."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from camunda7.http_client import request
from camunda7.outages import CredentialsRefused, SafeToLog


class LabUnavailable(SafeToLog):
    """The lab's server can't be asked now."""


class SignInRefused(LabUnavailable, CredentialsRefused):
    """It refuses our API key."""


@dataclass(frozen=True)
class Stock:
    """Kits in stock, and how many samples wait for one."""

    kits: int
    waiting: int


class Lab:
    def __init__(self, url: str, api_key: str, timeout_s: float = 2):
        self._url = url
        self._headers = {"X-API-Key": api_key}
        self._timeout_s = timeout_s

    def stock(self) -> Stock:
        """What is in stock now.

        Raises:
            LabUnavailable: it doesn't answer, or not as it should.
        """
        try:
            answer = request("GET", f"{self._url}/v1/stock", headers=self._headers, timeout=self._timeout_s)
            if answer.status_code in (401, 403):
                raise SignInRefused(f"the lab refuses the API key of lab.api_key ({answer.status_code})")
            answer.raise_for_status()
            return Stock(**answer.json())
        except (requests.RequestException, TypeError) as error:
            raise LabUnavailable(f"no good answer from lab.url ({type(error).__name__})") from None
