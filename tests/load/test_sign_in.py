"""Sign-in by OpenID Connect: 500 people within a minute, and what a call costs by token and by password."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from camunda7.authentication import Credentials, Password
from stack.parts import list_local_parts
from stack.platform import Platform
from tests.load.usage import cpu_seconds, megabytes
from tests.support.accounts import AccessToken, Authentication, enter_username
from tests.support.openid_provider import OpenIdProvider, Person, openid_provider
from tests.support.platform import running_platform, sign_in_by_provider
from tests.support.ports import free_port

pytestmark = [pytest.mark.engine, pytest.mark.verify]

PEOPLE, WITHIN_S, BROWSERS = 500, 60.0, 16
# as many rounds before warm the engine up
ROUNDS, CALLS = 3, 1000
DOCTORS = {"groups": ["/hospital/doctors"]}


def _engine_and_webapp(*arguments: Any) -> list[Any]:
    return [part for part in list_local_parts(*arguments) if part.name in ("engine", "webapp")]


@contextmanager
def platform_of_doctors(folder: Path) -> Iterator[tuple[Platform, OpenIdProvider]]:
    """Start engine and web application with a provider whose people are all doctors."""
    engine, webapp = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    with openid_provider(engine, webapp) as provider:
        provider.people = {f"doctor{n}": Person(f"d|{n}", DOCTORS) for n in range(PEOPLE)}
        settings = provider.settings({"doctors": DOCTORS["groups"]})
        with sign_in_by_provider(settings, engine, webapp), running_platform(folder, parts=_engine_and_webapp) as site:
            yield site, provider


def test_500_people_sign_in_within_a_minute(tmp_path: Path) -> None:
    with platform_of_doctors(tmp_path) as (site, _):
        pages = (site.state["engine"] + "/camunda/app/tasklist/default/", site.state["webapp"] + "/staff/papers")
        started_at = time.monotonic()

        def sign_in(number: int) -> tuple[float, str]:
            """Return how long it took, and the page that was opened."""
            time.sleep(max(0.0, started_at + number * WITHIN_S / PEOPLE - time.monotonic()))
            browser, began = requests.Session(), time.monotonic()
            page = browser.get(pages[number % 2], timeout=60)
            page = enter_username(browser, f"doctor{number}", page)
            assert page.status_code == 200
            return time.monotonic() - began, page.url

        with ThreadPoolExecutor(BROWSERS) as pool:
            done = list(pool.map(sign_in, range(PEOPLE)))
        took_s = time.monotonic() - started_at
        durations = sorted(each for each, _ in done)
        processes = site.state["processes"]
        used = ", ".join(
            f"{name} {cpu_seconds(processes[name]):.0f} s CPU, {megabytes(processes[name])} MB"
            for name in ("engine", "webapp")
        )
        print(f"{PEOPLE} sign-ins in {took_s:.0f} s: median {statistics.median(durations):.2f} s,")
        print(f"95 % within {durations[int(PEOPLE * 0.95)]:.2f} s; with the start: {used}")
        assert [page for _, page in done] == [pages[number % 2] for number in range(PEOPLE)]
        assert took_s < WITHIN_S * 1.1


def test_a_call_with_a_token_costs_little_more_than_one_with_a_password(tmp_path: Path) -> None:
    with running_platform(tmp_path / "password", parts=_engine_and_webapp) as site:
        accounts = site.state["accounts"]
        people = measure(site, Password(**accounts["doctor"]))
        parts = measure(site, Password(**accounts["deployer"]))
    with platform_of_doctors(tmp_path / "provider") as (site, provider):
        people_by_token = measure(site, Once(AccessToken(provider, "doctor0")))
        parts_by_token = measure(site, Once(AccessToken(provider, "deployer")))
    print(f"CPU of the engine per call: a person {people:.2f} ms by password, {people_by_token:.2f} ms by token;")
    print(f"a part {parts:.2f} ms by password, {parts_by_token:.2f} ms by token")
    assert people_by_token < people + 2
    assert parts_by_token < parts + 2


class Once:
    """Credentials that are got once, as clients keep an access token."""

    def __init__(self, credentials: Credentials):
        self._value = credentials.authorization()

    def authorization(self) -> str:
        return self._value

    def invalidate(self) -> None:
        raise AssertionError


def measure(site: Platform, credentials: Credentials) -> float:
    """Return the engine's CPU time per call in ms, the median of some rounds."""
    session, engine = requests.Session(), site.state["processes"]["engine"]
    session.auth = Authentication(credentials)

    def call() -> None:
        url = site.state["engine"] + "/engine-rest/process-definition?maxResults=1"
        assert session.get(url, timeout=20).status_code == 200

    return statistics.median([cost_of(call, engine) for _ in range(2 * ROUNDS)][ROUNDS:])


def cost_of(call: Callable[[], None], process: int) -> float:
    before = cpu_seconds(process)
    for _ in range(CALLS):
        call()
    return (cpu_seconds(process) - before) * 1000 / CALLS
