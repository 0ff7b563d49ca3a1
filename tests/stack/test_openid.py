"""Sign-in by OpenID Connect at a small real provider: staff at engine and web application, and service accounts."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from stack.parts import list_local_parts
from tests.support.case import eventually
from tests.support.openid_provider import CLIENT, CONTACT, OpenIdProvider, Person, openid_provider
from tests.support.platform import running_platform, sign_in_by_provider
from tests.support.ports import free_port
from webapp.openid_claims import person_id

EMERGENCY = "kVn0qTz7" + "YpLw2Rt5"
CHECKED_WITHIN_S = 6
TASKLIST = "/camunda/app/tasklist/default/"
FILTERS = "/camunda/api/engine/engine/default/filter"
PEOPLE = {
    "dana": ("auth0|d-1", ["/hospital/doctors"]),
    "paula": ("pāula ß", ["/hospital/managers", "/sports"]),
    "impostor": ("workers", ["/hospital/doctors"]),
    "guest": ("n-1", ["/sports"]),
    "leaver": ("l-1", ["/hospital/doctors", "/hospital/managers"]),
    "mover": ("m-1", ["/hospital/doctors", "/hospital/managers"]),
}
STARTS = [TASKLIST, "/staff/papers"]


@dataclass
class Site:
    """The engine, the web application and the provider."""

    provider: OpenIdProvider
    engine: str
    webapp: str
    logs: Path

    def url(self, path: str) -> str:
        return (self.webapp if path.startswith("/staff") else self.engine) + path

    def open(self, username: str, path: str) -> tuple[requests.Session, requests.Response]:
        """Open a page in a new browser, and sign in where the provider asks who it is."""
        browser = requests.Session()
        page = browser.get(self.url(path), timeout=20)
        if "Username" in page.text:
            page = browser.post(page.url, data={"username": username}, timeout=20)
        return browser, page

    def log(self) -> str:
        return (self.logs / "engine.log").read_text() + (self.logs / "webapp.log").read_text()

    def call(self, path: str, token: str) -> requests.Response:
        url = f"{self.engine}/engine-rest{path}"
        return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=20)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    engine, webapp = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    folder = tmp_path_factory.mktemp("platform")
    with openid_provider(engine, webapp) as provider:
        for username, (subject, groups) in PEOPLE.items():
            claims = {"groups": groups, "given_name": username.title(), "family_name": "Müller"}
            provider.people[username] = Person(subject, claims)
        settings = provider.settings(
            {"doctors": ["/hospital/doctors"], "process-managers": ["/hospital/managers"]},
            checked_within=f"PT{CHECKED_WITHIN_S}S",
            emergency_password=EMERGENCY,
        )
        with sign_in_by_provider(settings, engine, webapp), running_platform(folder, parts=_engine_and_webapp):
            yield Site(provider, engine, webapp, folder / "log")


def _engine_and_webapp(*arguments: Any) -> list[Any]:
    return [part for part in list_local_parts(*arguments) if part.name in ("engine", "webapp")]


def heading(page: requests.Response) -> str:
    found = re.search(r"<h1[^>]*>([^<]*)", page.text)
    return found[1] if found else ""


def test_one_sign_in_opens_tasklist_and_the_staff_pages(site: Site) -> None:
    browser, page = site.open("dana", TASKLIST)
    assert (page.status_code, page.url) == (200, site.engine + TASKLIST)
    me = browser.get(site.url("/camunda/api/admin/auth/user/default"), timeout=20).json()
    assert me["userId"] == person_id(site.provider.issuer, "auth0|d-1")
    assert set(me["authorizedApps"]) == {"tasklist", "welcome"}
    profile = browser.get(site.url(f"/camunda/api/engine/engine/default/user/{me['userId']}/profile"), timeout=20)
    assert (profile.json()["firstName"], profile.json()["lastName"]) == ("Dana", "Müller")
    assert "All to do" in {each["name"] for each in browser.get(site.url(FILTERS), timeout=20).json()}
    # the provider's session suffices
    papers = browser.get(site.url("/staff/papers"), timeout=20)
    assert (papers.status_code, papers.url) == (200, site.webapp + "/staff/papers")
    assert browser.get(site.url("/staff/now"), timeout=20).url.endswith("/staff/papers")


def test_a_manager_with_non_ascii_letters_in_the_subject_opens_the_figures(site: Site) -> None:
    browser, page = site.open("paula", "/staff/now")
    assert (page.status_code, page.url) == (200, site.webapp + "/staff/now")
    apps = browser.get(site.url("/camunda/app/cockpit/default/"), timeout=20)
    assert apps.status_code == 200


@pytest.mark.parametrize("start", STARTS)
def test_a_person_without_a_group_is_told_whom_to_ask_and_may_do_nothing(site: Site, start: str) -> None:
    browser, page = site.open("guest", start)
    assert (page.status_code, heading(page)) == (403, "You don't have access yet")
    assert CONTACT in page.text
    assert browser.get(site.url(FILTERS), timeout=20).status_code in (401, 403)
    assert "Sign out" in page.text


def test_a_person_who_may_not_open_an_application_is_told_so(site: Site) -> None:
    browser, _ = site.open("dana", TASKLIST)
    page = browser.get(site.url("/camunda/app/cockpit/default/"), headers={"Accept": "text/html"}, timeout=20)
    assert (page.status_code, heading(page)) == (403, "You don't have access to this application")
    assert CONTACT in page.text


def test_a_persons_subject_never_makes_them_a_service_account(site: Site) -> None:
    browser, _ = site.open("impostor", TASKLIST)
    me = browser.get(site.url("/camunda/api/admin/auth/user/default"), timeout=20).json()["userId"]
    assert me == person_id(site.provider.issuer, "workers")
    assert me not in ("webapp", "workers", "deployer")


@pytest.mark.parametrize("start", STARTS)
def test_a_state_is_accepted_once_and_from_its_own_browser_only(site: Site, start: str) -> None:
    browser, page = site.open("leaver", start)
    callback = next(each.url for each in page.history if each.url.split("?")[0].endswith("/callback"))
    again = browser.get(callback, timeout=20)
    assert (again.status_code, heading(again)) == (403, "You aren't signed in")
    stolen = requests.get(callback, timeout=20)
    assert (stolen.status_code, heading(stolen)) == (403, "You aren't signed in")


FORGERIES: dict[str, Any] = {
    "nonce of another sign-in": lambda claims: {**claims, "nonce": "another"},
    "audience of another client": lambda claims: {**claims, "aud": "another", "azp": CLIENT},
    "authorized party of another client": lambda claims: {**claims, "aud": [CLIENT, "another"], "azp": "another"},
    "another issuer": lambda claims: {**claims, "iss": "https://id.attacker.example"},
    "expired": lambda claims: {**claims, "exp": int(time.time()) - 120},
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_false_id_token_opens_no_session(site: Site, start: str, forgery: str) -> None:
    site.provider.change_id_token = FORGERIES[forgery]
    try:
        browser, page = site.open("dana", start)
    finally:
        site.provider.change_id_token = lambda claims: claims
    assert (page.status_code, heading(page)) == (403, "You aren't signed in")
    path = "/staff/papers" if start.startswith("/staff") else FILTERS
    assert browser.get(site.url(path), timeout=20, allow_redirects=False).status_code in (302, 401)


@pytest.mark.parametrize("start", STARTS)
def test_a_token_a_minute_ahead_of_our_clock_is_accepted(site: Site, start: str) -> None:
    site.provider.change_id_token = lambda claims: {**claims, "iat": int(time.time()) + 40}
    try:
        assert site.open("dana", start)[1].status_code == 200
    finally:
        site.provider.change_id_token = lambda claims: claims


@pytest.mark.parametrize(
    "path",
    [
        "/staff/sign-in?next=https://attacker.example/",
        "/staff/sign-in/start?redirect_uri=https://attacker.example/",
        "/camunda/sign-in/start/openid?redirect_uri=https://attacker.example/&continue=https://attacker.example/",
    ],
)
def test_no_parameter_redirects_to_another_site(site: Site, path: str) -> None:
    _, page = site.open("dana", path)
    assert page.status_code == 200
    addresses = [each.headers.get("Location", "") for each in page.history] + [page.url]
    assert not [each for each in addresses if "attacker" in each]


def test_an_unknown_provider_in_the_address_is_not_found(site: Site) -> None:
    assert requests.get(site.url("/camunda/sign-in/start/another"), timeout=20).status_code == 404


def test_an_access_token_opens_what_its_service_account_may(site: Site) -> None:
    token = site.provider.access_token("webapp")
    assert site.call("/process-definition", token).status_code == 200
    assert site.call("/user", token).status_code == 403


def test_a_person_may_call_the_rest_api_with_the_permissions_of_their_groups(site: Site) -> None:
    token = site.provider.access_token("auth0|d-1", groups=["/hospital/doctors"])
    assert site.call("/filter", token).status_code == 200
    found = site.call("/user", token).json()
    assert [each["id"] for each in found] == [person_id(site.provider.issuer, "auth0|d-1")]


@pytest.mark.parametrize("subject", ["webapp", "auth0|d-1"])
def test_an_access_token_opens_no_web_application(site: Site, subject: str) -> None:
    token = site.provider.access_token(subject, groups=["/hospital/doctors"])
    answer = requests.get(site.url(FILTERS), headers={"Authorization": f"Bearer {token}"}, timeout=20)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("subject", "claims"),
    [
        ("webapp", {"aud": "another-api"}),
        ("webapp", {"aud": CLIENT}),
        ("webapp", {"aud": []}),
        ("webapp", {"iss": "https://id.attacker.example"}),
        ("webapp", {"exp": int(time.time()) - 120}),
        ("n-1", {"groups": ["/sports"]}),
        ("n-1", {}),
        ("auth0|d-1", {"groups": ["/hospital/doctors"], "iat": 1}),
    ],
)
def test_an_access_token_for_something_else_is_refused(site: Site, subject: str, claims: dict[str, Any]) -> None:
    answer = site.call("/process-definition", site.provider.access_token(subject, **claims))
    assert (answer.status_code, answer.headers["WWW-Authenticate"], answer.content) == (401, "Bearer", b"")


def test_a_token_without_a_signature_or_by_another_key_is_refused(site: Site) -> None:
    parts = site.provider.access_token("webapp").split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    assert site.call("/process-definition", f"{unsigned}.{parts[1]}.").status_code == 401
    assert site.call("/process-definition", ".".join([*parts[:2], parts[2][::-1]])).status_code == 401


def test_no_password_opens_anything(site: Site) -> None:
    passwords = json.loads((site.logs.parent / "secrets.json").read_text())
    for account in ("admin", "doctor", "webapp", "workers", "deployer"):
        answer = requests.get(f"{site.engine}/engine-rest/engine", auth=(account, passwords[account]), timeout=20)
        assert (account, answer.status_code) == (account, 401)
    form = {"username": "admin", "password": passwords["admin"]}
    login = requests.post(site.url("/camunda/api/admin/auth/user/default/login/admin"), data=form, timeout=20)
    assert login.status_code in (401, 403)
    assert requests.post(site.url("/staff/sign-in"), data=form, timeout=20).status_code in (400, 405)


def test_the_emergency_account_works_loudly(site: Site) -> None:
    def used() -> float:
        metrics = requests.get(site.engine + "/actuator/prometheus", timeout=20).text
        found = re.search(r'engine_emergency_sign_ins_total\{result="accepted"\} (\S+)', metrics)
        return float(found[1]) if found else 0

    before = used()
    assert requests.get(f"{site.engine}/engine-rest/user", auth=("emergency", EMERGENCY), timeout=20).status_code == 200
    assert used() == before + 1
    browser = requests.Session()
    form = browser.get(site.url("/camunda/sign-in/emergency"), timeout=20)
    assert heading(form) == "Emergency account"
    page = browser.post(form.url, data={"username": "emergency", "password": EMERGENCY}, timeout=20)
    assert page.status_code == 200
    assert "admin" in browser.get(site.url("/camunda/api/admin/auth/user/default"), timeout=20).json()["authorizedApps"]
    staff = requests.Session()
    form = staff.get(site.url("/staff/sign-in?emergency"), timeout=20)
    token = re.search(r'name="csrf_token" value="([^"]+)', form.text)
    assert token
    form_data = {"csrf_token": token[1], "username": "emergency", "password": EMERGENCY}
    assert staff.post(site.url("/staff/sign-in?emergency"), data=form_data, timeout=20).url == site.url("/staff/now")
    assert "ERROR" in next(line for line in site.log().splitlines() if "emergency account is used" in line)


def test_a_wrong_password_closes_the_emergency_account_for_a_while(site: Site) -> None:
    def status(password: str) -> int:
        return requests.get(f"{site.engine}/engine-rest/user", auth=("emergency", password), timeout=20).status_code

    form = {"username": "emergency", "password": EMERGENCY + "x"}
    refused = requests.post(site.url("/camunda/sign-in/emergency"), data=form, timeout=20)
    assert "password is wrong" in refused.text
    assert status(EMERGENCY) == 401
    eventually(lambda: status(EMERGENCY) == 200, within_s=20)


def test_signing_out_ends_the_session_here_and_at_the_provider(site: Site) -> None:
    for start, sign_out in ((TASKLIST, "/camunda/sign-out"), ("/staff/papers", "/staff/sign-out")):
        browser, _ = site.open("dana", start)
        page = browser.get(site.url(sign_out), timeout=20)
        assert (page.status_code, heading(page)) == (200, "You have signed out")
        assert "Username" in browser.get(site.url(start), timeout=20).text


def test_the_provider_ends_the_sessions_of_both(site: Site) -> None:
    browser, _ = site.open("dana", TASKLIST)
    assert browser.get(site.url("/staff/papers"), timeout=20).status_code == 200
    other, _ = site.open("leaver", TASKLIST)
    sid = next(each.sid for each in reversed(site.provider.refresh_tokens.values()) if each.username == "dana")
    assert site.provider.end_session(sid) == 200
    assert browser.get(site.url(FILTERS), timeout=20).status_code == 401
    answer = browser.get(site.url("/staff/papers"), timeout=20, allow_redirects=False)
    assert answer.headers["Location"] == "/staff/sign-in"
    assert other.get(site.url(FILTERS), timeout=20).status_code == 200


@pytest.mark.parametrize("claims", [{"aud": "another"}, {"events": {}}, {"nonce": "x"}, {"iss": "https://x.example"}])
@pytest.mark.parametrize("path", ["/camunda/sign-out/back-channel", "/staff/sign-out/back-channel"])
def test_a_false_logout_token_ends_no_session(site: Site, path: str, claims: dict[str, Any]) -> None:
    token = site.provider.logout_token(**{"sub": "auth0|d-1", **claims})
    assert requests.post(site.url(path), data={"logout_token": token}, timeout=20).status_code == 400
    assert requests.post(site.url(path), timeout=20).status_code == 400


def test_a_lost_group_and_a_leaver_are_out_in_time(site: Site) -> None:
    mover, _ = site.open("mover", TASKLIST)
    mover.get(site.url("/staff/now"), timeout=20)
    leaver, _ = site.open("leaver", TASKLIST)
    leaver.get(site.url("/staff/now"), timeout=20)
    site.provider.people["mover"].claims["groups"] = ["/hospital/doctors"]
    site.provider.people["leaver"].is_enabled = False
    try:
        time.sleep(CHECKED_WITHIN_S)
        assert leaver.get(site.url(FILTERS), timeout=20).status_code == 401
        for browser in (leaver, mover):
            page = browser.get(site.url("/staff/now"), timeout=20, allow_redirects=False)
            assert (page.status_code, page.headers["Location"]) == (302, "/staff/sign-in")
        assert _apps(site, mover) == {"tasklist", "welcome"}
        assert mover.get(site.url(FILTERS), timeout=20).status_code == 200
    finally:
        site.provider.people["leaver"].is_enabled = True
        site.provider.people["mover"].claims["groups"] = PEOPLE["mover"][1]


def _apps(site: Site, browser: requests.Session) -> set[str]:
    browser.get(site.url("/camunda/app/tasklist/default/"), timeout=20)
    return set(browser.get(site.url("/camunda/api/admin/auth/user/default"), timeout=20).json()["authorizedApps"])


def test_an_outage_of_the_provider_disturbs_no_one_for_a_while(site: Site) -> None:
    browser, _ = site.open("dana", TASKLIST)
    browser.get(site.url("/staff/papers"), timeout=20)
    site.provider.is_away = True
    try:
        started_at = time.monotonic()
        while time.monotonic() - started_at < CHECKED_WITHIN_S * 0.6:
            assert browser.get(site.url(FILTERS), timeout=20).status_code == 200
            assert browser.get(site.url("/staff/papers"), timeout=20).url == site.url("/staff/papers")
            time.sleep(0.3)
        eventually(lambda: browser.get(site.url(FILTERS), timeout=20).status_code == 401)
        eventually(lambda: browser.get(site.url("/staff/papers"), timeout=20, allow_redirects=False).status_code == 302)
        # with tokens that it has, the platform goes on
        assert requests.get(site.webapp + "/readyz", timeout=20).status_code == 200
    finally:
        site.provider.is_away = False
    assert site.open("dana", TASKLIST)[1].status_code == 200


def test_the_providers_new_key_is_read_and_a_withdrawn_one_signs_nothing(site: Site) -> None:
    old = site.provider.access_token("webapp")
    site.provider.rotate_key()
    for start in STARTS:
        assert site.open("dana", start)[1].status_code == 200
    assert site.call("/process-definition", site.provider.access_token("webapp")).status_code == 200
    assert site.call("/process-definition", old).status_code == 401


def test_two_providers_people_with_one_name_are_two_accounts() -> None:
    assert person_id("https://a.example", "dana") != person_id("https://b.example", "dana")
    assert re.fullmatch("[0-9a-f]{32}", person_id("https://a.example", "d|ä"))
