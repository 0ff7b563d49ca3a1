"""How tests sign in as a role: by its password; or at the small OpenID provider of a platform that has one.

A state with a `provider` is that of such a platform. The account of each role is in `accounts`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.auth import AuthBase

from access.people import load_people
from camunda7.authentication import Credentials, Password
from camunda7.names import ADMINISTRATORS
from config import settings as config
from tests.support.openid_provider import OpenIdProvider, Person, openid_provider
from tests.support.platform import read_secrets, shared_platform, sign_in_by_provider
from tests.support.ports import free_port
from webapp.openid_claims import person_id

# set by tests/run.py: the tests with the marker `by_provider` are run on a platform with a provider
BY_PROVIDER = "SIGN_IN_BY_PROVIDER"


@dataclass(frozen=True)
class AccessToken:
    """Credentials of a person or service account at the provider: a new access token for each request."""

    provider: OpenIdProvider
    role: str

    def authorization(self) -> str:
        person = self.provider.people.get(self.role, Person(self.role, {}))
        return f"Bearer {self.provider.access_token(person.subject, **person.claims)}"

    def invalidate(self) -> None:
        pass


@dataclass(frozen=True)
class Authentication(AuthBase):
    """Authenticates requests by these credentials."""

    credentials: Credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self.credentials.authorization()
        return request


def credentials_of(state: Mapping[str, Any], role: str) -> Credentials:
    """Return the credentials of a role at the REST API."""
    if "provider" in state:
        return AccessToken(state["provider"], role)
    known = state["accounts"].get(role)
    return Password(**known) if known else Password(role, read_secrets()[role])


def account_of(state: Mapping[str, Any], role: str) -> str:
    """Return the account of a role in the engine."""
    known = state["accounts"].get(role)
    return known["username"] if known else role


def enter_username(browser: requests.Session, role: str, page: requests.Response) -> requests.Response:
    """Sign in where a page of the provider asks who it is; returns the page that follows."""
    return browser.post(page.url, data={"username": role}, timeout=30) if "Username" in page.text else page


def open_staff_session(browser: requests.Session, state: Mapping[str, Any], role: str, token: str) -> None:
    """Sign in at the staff pages.

    Args:
        token: for the form of the password way, against CSRF.
    """
    url = state["webapp"] + "/staff/sign-in"
    if "provider" in state:
        enter_username(browser, role, browser.get(url, timeout=30))
    else:
        browser.post(url, data={**state["accounts"][role], "csrf_token": token}, timeout=30)


@contextmanager
def platform_with_provider(folder: Path) -> Iterator[dict[str, Any]]:
    """Start a platform whose people sign in at a provider; yields its state."""
    engine, webapp = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    people = {name: person.groups for name, person in load_people(config.load().people).people.items()}
    people["admin"] = [ADMINISTRATORS]
    with openid_provider(engine, webapp) as provider:
        for name, groups in people.items():
            provider.people[name] = Person(f"{name}|1", {"groups": [f"/hospital/{group}" for group in groups]})
        groups = sorted({group for each in people.values() for group in each})
        settings = provider.settings({group: [f"/hospital/{group}"] for group in groups})
        with sign_in_by_provider(settings, engine, webapp), shared_platform(folder) as platform:
            accounts = {name: person_id(provider.issuer, each.subject) for name, each in provider.people.items()}
            yield {
                **platform.state,
                "provider": provider,
                "accounts": {name: {"username": account} for name, account in accounts.items()},
            }


def starts_with_provider() -> bool:
    """Whether the shared platform of this test session has a provider."""
    return BY_PROVIDER in os.environ
