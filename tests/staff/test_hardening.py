"""Hardening of the engine and the pages: headers, cookies, error messages and wrong passwords."""

from __future__ import annotations

import json
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from access.roles import GROUP, MEMBERSHIP, USER
from camunda7.names import ADMINISTRATORS
from config.settings import ROOT
from tests.support.accounts import Authentication, credentials_of
from tests.support.apis import rest_api, sign_in
from tests.support.case import CaseUnderTest
from tests.support.platform import read_secrets

pytestmark = pytest.mark.engine

CONCURRENT_PAGES = 200
APPLICATIONS = ("tasklist", "cockpit", "admin")
# Strict-Transport-Security is sent only by HTTPS (see tests/unit/webapp); gunicorn sends its name in Server, without a
# version
IGNORED = {"Strict-Transport-Security", "Server"}
STACK_TRACES = ("\tat ", ".java:", "Traceback", 'File "')


def find_header_problems(headers: dict[str, str]) -> list[str]:
    """The findings of drHEADer, an independent checker, with its default rules."""
    command = [str(ROOT / ".venv-headers/bin/python"), str(ROOT / "tools/headers/check.py")]
    done = subprocess.run(command, input=json.dumps(headers), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return [f"{each['rule']}: {each['message']}" for each in found if each["rule"] not in IGNORED]


@pytest.mark.by_provider
@pytest.mark.parametrize("path", ["/", "/sign-in", "/forms/pre_screening/1", "/staff/sign-in", "/nothing", "/healthz"])
def test_pages_have_all_security_headers(state: dict[str, Any], path: str) -> None:
    answer = requests.get(state["webapp"] + path, allow_redirects=False, timeout=10)
    headers = {name: value for name, value in answer.headers.items() if name != "Set-Cookie"}
    assert find_header_problems(headers) == []


@pytest.mark.by_provider
@pytest.mark.parametrize("path", ["/engine-rest/engine", "/engine-rest/task", "/nothing"])
def test_the_engine_has_all_security_headers(state: dict[str, Any], path: str) -> None:
    session = requests.Session()
    session.auth = Authentication(credentials_of(state, "admin"))
    headers = dict(session.get(state["engine"] + path, timeout=10).headers)
    found = find_header_problems(headers)
    assert [each for each in found if "Content-Security-Policy" not in each or "engine-rest" in path] == []


@pytest.mark.by_provider
@pytest.mark.parametrize("application", APPLICATIONS)
def test_camundas_applications_have_all_security_headers_but_allow_inline_styles(
    state: dict[str, Any], application: str
) -> None:
    session, _ = sign_in(state, "admin", application)
    answer = session.get(f"{state['engine']}/camunda/app/{application}/default/", timeout=10)
    headers = {name: value for name, value in answer.headers.items() if name != "Set-Cookie"}
    policy = headers["Content-Security-Policy"]
    assert "unsafe-eval" not in policy
    assert [part for part in policy.split(";") if "unsafe" in part] == [" style-src 'self' 'unsafe-inline'"]
    headers["Content-Security-Policy"] = policy.replace(" 'unsafe-inline'", "").replace(
        "default-src 'self'", "default-src 'none'"
    )
    assert find_header_problems(headers) == []


@pytest.mark.by_provider
def test_each_page_has_the_nonce_of_its_own_policy(state: dict[str, Any]) -> None:
    """Also if pages are loaded concurrently: with the nonce of another page, their scripts would be blocked."""

    page = f"{state['engine']}/camunda/app/tasklist/default/"
    session, _ = sign_in(state, "doctor", "tasklist")

    def nonces(_: int) -> tuple[set[str], set[str]]:
        answer = requests.get(page, cookies=session.cookies, timeout=60)
        in_policy = re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        return set(in_policy), set(re.findall(r'nonce="([^"]+)"', answer.text))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(nonces, range(CONCURRENT_PAGES)))
    assert [(policy, page) for policy, page in found if policy != page] == []
    assert len({nonce for policy, _ in found for nonce in policy}) == CONCURRENT_PAGES


def test_missing_headers_are_found() -> None:
    found = find_header_problems({"Content-Type": "text/html"})
    assert len(found) >= 5
    assert any("Content-Security-Policy" in each for each in found)


@pytest.mark.by_provider
def test_cookies_are_http_only_and_same_site(state: dict[str, Any]) -> None:
    answers = {
        "session": requests.get(state["webapp"] + "/sign-in", timeout=10),
        # with a provider, a page redirects to it
        "JSESSIONID": requests.get(
            state["engine"] + "/camunda/app/tasklist/default/", allow_redirects=False, timeout=10
        ),
    }
    for name, answer in answers.items():
        [cookie] = [c for c in answer.raw.headers.getlist("Set-Cookie") if c.startswith(name + "=")]
        assert {"httponly", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}, cookie


MALFORMED = [
    ("POST", "/task", b'{"'),
    ("POST", "/task", b"[" * 100_000),
    ("POST", "/task", b'{"name": {"a": 1}}'),
    ("GET", "/task?sortBy=nothing&sortOrder=asc", None),
    ("GET", "/task?firstResult=x", None),
    ("GET", "/task/%00", None),
    ("GET", "/nothing", None),
    ("PUT", "/task", b"{}"),
    ("POST", "/message", b'{"messageName": null}'),
    ("GET", "/variable-instance?variableValues=a_x_y", None),
    ("POST", "/process-definition/key/nothing/start", b"{}"),
]


@pytest.mark.by_provider
@pytest.mark.parametrize(("method", "path", "body"), MALFORMED, ids=lambda value: str(value)[:30])
def test_a_malformed_request_is_refused_without_a_stack_trace(
    state: dict[str, Any], method: str, path: str, body: bytes | None
) -> None:
    as_doctor, _ = sign_in(state, "doctor", "tasklist")
    as_admin = requests.Session()
    as_admin.auth = Authentication(credentials_of(state, "admin"))
    bases = [(as_admin, "/engine-rest"), (as_doctor, "/camunda/api/engine/engine/default")]
    for session, base in bases:
        headers = {"Content-Type": "application/json"}
        answer = session.request(method, state["engine"] + base + path, data=body, headers=headers, timeout=20)
        assert 400 <= answer.status_code < 500, answer.text[:300]
        assert [trace for trace in STACK_TRACES if trace in answer.text] == []


def test_wrong_passwords_do_not_lock_the_account_of_a_part(state: dict[str, Any]) -> None:
    for part in ("webapp", "workers", "deployer"):
        for _ in range(12):
            assert (
                requests.get(state["engine"] + "/engine-rest/engine", auth=(part, "x"), timeout=10).status_code == 401
            )
        assert rest_api(state, part).call("GET", "/task/nothing").status_code in (403, 404)


def test_a_wrong_password_locks_the_account_of_a_person_temporarily(state: dict[str, Any], case: CaseUnderTest) -> None:
    account = "guessed" + case.barcode.lower().replace("-", "")
    body = {"profile": {"id": account}, "credentials": {"password": "the right one"}}
    case.admin.post("/user/create", body)
    try:

        def status(password: str) -> int:
            return requests.get(
                state["engine"] + "/engine-rest/engine", auth=(account, password), timeout=10
            ).status_code

        assert status("the right one") == 200
        assert status("wrong") == 401
        # while the account is locked, the right password is refused as well
        assert status("the right one") == 401
        deadline = time.monotonic() + 20
        while status("the right one") != 200:
            assert time.monotonic() < deadline
            time.sleep(1)
    finally:
        case.admin.delete(f"/user/{account}")


@pytest.mark.serial
def test_without_an_administrator_the_set_up_page_creates_none(state: dict[str, Any], case: CaseUnderTest) -> None:
    """While the administrators' group is empty, Camunda's own set-up page would create a member."""
    own = {"type": 1, "permissions": ["ALL"], "userId": "admin", "resourceId": "*"}
    planted = {"profile": {"id": "planted"}, "credentials": {"password": "planted-by-a-test"}}
    # with these grants the administrator can be added to the group again
    grants = [
        case.admin.post("/authorization/create", {**own, "resourceType": n})["id"] for n in (USER, GROUP, MEMBERSHIP)
    ]
    case.admin.delete(f"/group/{ADMINISTRATORS}/members/admin")
    try:
        sessions = [requests.Session()]
        for role, application in (
            ("doctor", "tasklist"),
            ("contact_tracer", "tasklist"),
            ("process_manager", "cockpit"),
        ):
            sessions.append(sign_in(state, role, application)[0])
        for part in ("webapp", "workers", "deployer", "medical_team"):
            session = requests.Session()
            session.auth = (part, read_secrets()[part])
            sessions.append(session)
        for session in sessions:
            for path in (
                "/camunda/api/admin/setup/default/user/create",
                "/camunda/api/admin/setup/./default/user/create",
            ):
                assert session.post(state["engine"] + path, json=planted, timeout=10).status_code in (403, 404)
            assert session.get(state["engine"] + "/camunda/app/admin/default/setup/", timeout=10).status_code == 404
    finally:
        case.admin.put(f"/group/{ADMINISTRATORS}/members/admin", {})
        for grant in grants:
            case.admin.delete(f"/authorization/{grant}")
    assert case.admin.get("/user", id="planted") == []


@pytest.mark.parametrize("name", ["WEBAPP", "Webapp", " webapp", "webapp ", "webapp\t", "ｗebapp"])
def test_a_variant_of_an_account_name_is_refused(state: dict[str, Any], name: str) -> None:
    """Otherwise attempts and calls would be counted under a name that isn't the account's."""
    credentials = (name.encode(), read_secrets()["webapp"].encode())
    answer = requests.get(state["engine"] + "/engine-rest/engine", auth=credentials, timeout=10)
    assert answer.status_code == 401


@pytest.mark.by_provider
@pytest.mark.parametrize("path", ["/camunda", "/camunda/", "/camunda/app", "/camunda/app/tasklist", "/"])
def test_a_redirect_of_the_engine_names_no_host(state: dict[str, Any], path: str) -> None:
    """Behind a proxy, the engine doesn't know the scheme and host of its public address."""
    answer = requests.get(state["engine"] + path, allow_redirects=False, timeout=10)
    assert answer.headers.get("Location", "/").startswith("/")


@pytest.mark.by_provider
def test_without_its_setting_there_is_no_emergency_account(state: dict[str, Any]) -> None:
    for password in ("", "x", "null"):
        answer = requests.get(state["engine"] + "/engine-rest/engine", auth=("emergency", password), timeout=10)
        assert answer.status_code == 401
    browser, page = requests.Session(), state["engine"] + "/camunda/sign-in/emergency"
    assert "password" not in browser.get(page, timeout=10).text
    browser.post(page, data={"username": "emergency", "password": ""}, timeout=10)
    me = browser.get(state["engine"] + "/camunda/api/admin/auth/user/default", timeout=10)
    assert me.status_code in (401, 404)
    assert "mergency" not in requests.get(state["webapp"] + "/staff/sign-in?emergency", timeout=10).text
