"""Browsers without cookies, and browsers that hide the origin of a form, are served, or shown the reason."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from config import settings as config
from records.database import database
from records.drafts import Draft
from records.forms import DeployedForms
from records.sessions import Session
from tests.unit.webapp.test_application import application
from webapp.task_forms import START

pytestmark = pytest.mark.usefixtures("records")
HEADING = {
    "en": "Allow cookies to continue",
    "fr": "Autorisez les cookies pour continuer",
    "ar": "اسمح بملفات تعريف الارتباط للمتابعة",
}
PUBLIC = {"base_url": "https://care.example"}
# the headers of a form of the application, as extensions, browsers and proxies change them
HEADERS: dict[str, dict[str, str]] = {
    "unchanged": {"Origin": "https://care.example", "Referer": "https://care.example/"},
    "none": {},
    "Origin: null": {"Origin": "null"},
    "Origin: null, no Referer, Sec-Fetch-Site": {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    "Sec-Fetch-Site alone": {"Sec-Fetch-Site": "same-origin"},
    "Referer alone": {"Referer": "https://care.example/sign-in"},
    "Referer of another site": {"Referer": "https://www.example/"},
    "Referer by HTTP": {"Referer": "http://care.example/sign-in"},
    "Origin with a port": {"Origin": "https://care.example:443"},
    "Host rewritten": {"Host": "webapp:5000", "Origin": "https://care.example"},
}


@pytest.fixture
def stored_form() -> None:
    DeployedForms().save(START, json.loads((config.ROOT / "forms" / "pre_screening.form").read_text()))


def count_stored() -> int:
    with database.connection_context():
        return Session.select().count() + Draft.select().count()


def token_of(page: Any) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def heading(page: Any) -> str:
    return re.search(r"<h1[^>]*>([^<]+)", page.text)[1]


@pytest.mark.parametrize("language", HEADING)
def test_a_browser_without_cookies_is_told_that_they_are_needed(stored_form: None, language: str) -> None:
    client = application().test_client(use_cookies=False)
    request_options = {"headers": {"Accept-Language": language}}
    page = client.get("/forms/pre_screening", follow_redirects=True, **request_options)
    assert (page.status_code, heading(page)) == (400, HEADING[language])
    assert len(page.history) == 1
    assert count_stored() == 0


def test_each_form_sent_without_cookies_is_answered_by_a_page_about_cookies() -> None:
    app = application()
    client = app.test_client(use_cookies=False)
    token = token_of(client.get("/sign-in"))
    paths = [rule.rule for rule in app.url_map.iter_rules() if "POST" in rule.methods]
    for path in [re.sub(r"<[\w:]+>", "1", path) for path in paths]:
        page = client.post(path, data={"csrf_token": token})
        assert (page.status_code, heading(page)) == (400, HEADING["en"]), path
    print(f"{len(paths)} forms of a browser without cookies: each answered by the page that explains it")
    assert count_stored() == 0


def test_pages_of_a_browser_without_cookies_store_nothing_and_redirect_in_no_circle(stored_form: None) -> None:
    app = application()
    client = app.test_client(use_cookies=False)
    paths = [rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and rule.endpoint != "static"]
    filled = [re.sub(r"<int:\w+>", "1", path) for path in paths]
    for path in [re.sub(r"<name>", "pre_screening", path) for path in filled]:
        # the test client raises for a circle of redirects
        client.get(re.sub(r"<\w+>", "x", path), follow_redirects=True)
    assert count_stored() == 0


def test_the_first_form_starts_after_a_redirect_that_checks_the_cookie(stored_form: None) -> None:
    client = application().test_client()
    page = client.get("/forms/pre_screening", follow_redirects=True)
    assert page.request.path == "/forms/pre_screening/1"
    assert [answer.status_code for answer in page.history] == [302, 302]
    assert count_stored() == 2


def test_the_start_page_stores_nothing_and_its_cookie_saves_the_redirect(stored_form: None) -> None:
    client = application().test_client()
    client.get("/")
    assert count_stored() == 0
    assert len(client.get("/forms/pre_screening", follow_redirects=True).history) == 1


def test_a_forged_session_name_opens_no_session() -> None:
    client = application().test_client()
    client.set_cookie("session", "made-up.signature")
    page = client.get("/sign-in")
    assert "Set-Cookie" in page.headers
    assert client.get_cookie("session").value != "made-up.signature"


def test_an_ended_session_is_not_stored_again_by_a_concurrent_request() -> None:
    """A sign-out during a slow request: the session that the request stores at its end must not be restored."""
    app = application()
    client = app.test_client()
    with client.session_transaction() as session:
        session["case"] = "C-1"
    name = client.get_cookie("session").value
    with client.session_transaction() as slow_request:
        # another request signs out
        app.session_interface._records.end(name)
        slow_request["seen_at"] = 1.0
    assert count_stored() == 0
    client.set_cookie("session", name)
    with client.session_transaction() as session:
        assert "case" not in session


@pytest.mark.parametrize("path", ["/sign-in", "/lost-code", "/staff/sign-in"])
def test_forms_can_be_sent_however_the_headers_are_changed(path: str) -> None:
    client = application(secure_cookies=True, public_host="care.example").test_client()
    token = token_of(client.get(path, **PUBLIC))
    cookie = f"__Host-session={client.get_cookie('__Host-session', domain='care.example').value}"
    for named, headers in HEADERS.items():
        sent = {name: value for name, value in headers.items() if name != "Host"}
        # behind a proxy that changes the host, the browser sends the cookie of the public one
        arrives = {"HTTP_HOST": headers.get("Host", "care.example"), "HTTP_COOKIE": cookie}
        sender = client.application.test_client(use_cookies=False)
        page = sender.post(path, data={"csrf_token": token}, headers=sent, environ_overrides=arrives, **PUBLIC)
        assert page.status_code != 400, (named, heading(page))


def test_a_form_of_an_ended_session_without_origin_is_refused_with_the_reason(stored_form: None) -> None:
    client = start_pre_screening()
    client.delete_cookie("__Host-session", domain="care.example")
    client.get("/", **PUBLIC)
    page = client.post("/forms/pre_screening/1", data={"page_token": client.page_token}, **PUBLIC)
    assert page.status_code == 400
    assert "hides which page your answers came from" in page.text


@pytest.mark.parametrize("host", ["care.example", "webapp:5000"])
@pytest.mark.parametrize(
    ("headers", "is_stored"),
    [
        ({"Origin": "https://care.example"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Referer": "https://care.example/"}, True),
        ({"Origin": "null"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "https://care.example", "Sec-Fetch-Site": "cross-site"}, False),
        ({}, False),
    ],
)
def test_answers_of_an_ended_session_are_stored_if_a_header_names_the_application(
    stored_form: None, headers: dict[str, str], is_stored: bool, host: str
) -> None:
    client = start_pre_screening()
    with database.connection_context():
        Session.delete().execute()
    # the cookie of another browser, which shows this page of the first one
    client.set_cookie("__Host-session", "another", domain="care.example", secure=True)
    page = client.post(
        "/forms/pre_screening/1",
        data={"page_token": client.page_token},
        headers=headers,
        **PUBLIC,
        environ_overrides={"HTTP_HOST": host},
    )
    assert page.status_code == (303 if is_stored else 400)


def start_pre_screening() -> Any:
    """Return a browser that shows the first page of the pre-screening."""
    client: Any = application(secure_cookies=True, public_host="care.example").test_client()
    page = client.get("/forms/pre_screening", follow_redirects=True, **PUBLIC)
    client.page_token = re.search(r'name="page_token" value="([^"]+)"', page.text)[1]
    return client


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Origin": "https://www.example"}])
def test_answers_of_an_ended_session_are_stored_if_the_browser_still_has_its_cookie(
    stored_form: None, headers: dict[str, str]
) -> None:
    client = start_pre_screening()
    with database.connection_context():
        Session.delete().execute()
    page = client.post("/forms/pre_screening/1", data={"page_token": client.page_token}, headers=headers, **PUBLIC)
    assert page.status_code == 303
