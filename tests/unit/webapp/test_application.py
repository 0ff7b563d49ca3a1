"""The web application without an engine: sign-in limits, sessions, cookies, and pages during outages."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import abort
from flask.testing import FlaskClient
from peewee import OperationalError

from config import settings as config
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from processes.engine import Engine
from records import database
from records.forms import DeployedForms
from records.sessions import Sessions
from tests.support.templates import COMPILED
from webapp.app import create_app
from webapp.options import Options
from webapp.resources import resources_of
from webapp.sign_in import _read_access_code, _read_address
from webapp.task_forms import START

pytestmark = pytest.mark.usefixtures("records")
UNREACHABLE = "http://127.0.0.1:9"
OPTIONS: dict[str, Any] = {
    "secret_key": "k" * 32,
    "policy": config.load().policy.model_dump(),
    "records_secret": "r" * 32,
}


def application(lab_url: str = UNREACHABLE, **options: Any) -> Any:
    merged = Options(**{**OPTIONS, **options})
    engine, government, lab = (
        Engine(UNREACHABLE, "webapp", "", timeout_s=1),
        Government(UNREACHABLE, "", 1),
        Lab(lab_url, "key"),
    )
    app = create_app(merged, engine, government, lab)
    app.jinja_env.bytecode_cache = COMPILED
    return app


def sign_in(client: FlaskClient, code: str = "A", **request_options: Any) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in", **request_options).text)[1]
    fields = {"csrf_token": token, "access_code": code, "date_of_birth-year": "1990"}
    return client.post("/sign-in", data=fields, **request_options)


def test_failed_sign_ins_are_limited_per_address() -> None:
    client = application(sign_in_attempts_per_address=3).test_client()
    first, second = ({"environ_base": {"REMOTE_ADDR": address}} for address in ("10.0.0.1", "10.0.0.2"))
    assert [sign_in(client, f"code {number}", **first).status_code for number in range(4)] == [403, 403, 403, 429]
    assert sign_in(client, "code 5", **second).status_code == 403


def test_checks_of_papers_are_limited_per_address() -> None:
    client = application(paper_checks_per_address=3).test_client()
    first, second = ({"environ_base": {"REMOTE_ADDR": address}} for address in ("10.0.0.1", "10.0.0.2"))
    answers = [client.get(f"/paper/{number}", **first) for number in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert "checked too many papers" in answers[3].text
    assert {answer.headers["Referrer-Policy"] for answer in answers} == {"no-referrer"}
    assert client.get("/paper/5", **second).status_code == 404
    # and sign-ins have a limit of their own
    assert sign_in(client, **first).status_code == 403


def test_an_answer_that_is_too_long_is_to_be_shortened() -> None:
    answer = application().test_client().post("/sign-in", data={"access_code": "A" * 1_100_000})
    assert answer.status_code == 413
    assert "Go back, shorten your answers and send them again." in answer.text


def test_ipv6_addresses_of_one_network_are_limited_together() -> None:
    client = application(sign_in_attempts_per_address=1).test_client()
    one, same, other = (
        {"environ_base": {"REMOTE_ADDR": address}} for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
    )
    assert [sign_in(client, str(n), **who).status_code for n, who in enumerate((one, same, other))] == [403, 429, 403]


def test_behind_a_proxy_the_forwarded_address_is_limited() -> None:
    client = application(sign_in_attempts_per_address=1, trusted_proxies=1).test_client()
    answers = [
        sign_in(client, str(number), headers={"X-Forwarded-For": address})
        for number, address in enumerate(("10.0.0.1", "10.0.0.2", "10.0.0.2"))
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 429]


def test_without_a_proxy_a_forwarded_address_is_ignored() -> None:
    client = application(sign_in_attempts_per_address=1).test_client()
    answers = [sign_in(client, str(n), headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(2)]
    assert [answer.status_code for answer in answers] == [403, 429]


def test_forms_can_be_sent_by_https_with_secure_cookies_and_hsts() -> None:
    """The referrer policy lets browsers send `Referer`; the `__Host-` cookie is for this host and HTTPS only."""
    client = application(secure_cookies=True).test_client()
    at = {"base_url": "https://care.example"}
    assert client.get("/sign-in", **at).headers["Referrer-Policy"] == "strict-origin"
    assert "max-age=31536000" in client.get("/sign-in", **at).headers["Strict-Transport-Security"]
    [cookie] = application(secure_cookies=True).test_client().get("/sign-in", **at).headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert sign_in(client, headers={"Referer": "https://care.example/sign-in"}, **at).status_code == 403


def test_an_idle_session_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    client = application(idle_s=60).test_client()
    now = 1_000_000.0
    monkeypatch.setattr("webapp.sessions.time.time", lambda: now)
    with client.session_transaction() as session:
        session.update(case="C-1", seen_at=now)
    now += 59
    assert client.get("/case").status_code == 503
    now += 59
    assert client.get("/case").status_code == 503
    now += 61
    assert client.get("/case").location == "/sign-in"


def test_static_files_are_cacheable_for_a_year_and_set_no_cookie() -> None:
    client = application().test_client()
    sheet = re.search(r'href="(/static/coronacare.css\?v=[0-9a-f]+)"', client.get("/").text)[1]
    with client.session_transaction() as session:
        session["browser"] = "browser/1"
    with client.get(sheet) as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
    assert client.get("/").headers["Cache-Control"] == "no-store, max-age=0"


def test_without_engine_and_stored_form_the_page_says_that_nothing_was_lost() -> None:
    answer = application().test_client().get("/forms/pre_screening", follow_redirects=True)
    assert answer.status_code == 503
    assert "Nothing has been lost" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


@pytest.fixture
def stored_form() -> None:
    """The start form, stored in the records when the engine was last reachable."""
    DeployedForms().save(START, json.loads((config.ROOT / "forms" / "pre_screening.form").read_text()))


def test_a_stored_form_is_shown_while_the_engine_is_unreachable(stored_form: None) -> None:
    page = application().test_client().get("/forms/pre_screening", follow_redirects=True)
    assert page.status_code == 200
    assert page.request.path == "/forms/pre_screening/1"


@pytest.mark.parametrize("path", ["/case", "/forms/pre_screening"])
def test_a_form_that_was_stored_but_not_acknowledged_is_shown_as_received(path: str, stored_form: None) -> None:
    app = application()
    client = app.test_client()
    client.get("/forms/pre_screening", follow_redirects=True)
    with client.session_transaction() as session:
        key, owner = session["begun"], session["browser"]  # codespell:ignore begun
    reference = key.partition("/")[0]
    # the web application was killed between storing the form and answering
    resources_of(app).submissions.add(key, reference, "pre_screening", {}, f"{owner}/pre_screening")
    page = client.get(path, follow_redirects=True)
    assert "We have your answers" in page.text
    # the case has no access code yet
    assert "access code" not in page.text
    assert reference in page.text


@pytest.fixture
def set_records_outage(tmp_path: Path) -> Callable[[bool], None]:
    """A function that starts (True) or ends (False) an outage of the records."""

    reachable, unreachable = database.database.obj, database.connect_to(f"sqlite:///{tmp_path}/missing/records.db")
    (tmp_path / "missing").rmdir()

    def set_outage(is_outage: bool) -> None:
        database.database.initialize(unreachable if is_outage else reachable)

    return set_outage


def test_an_outage_of_engine_and_records_is_logged_in_two_lines_however_many_pages_are_requested(
    set_records_outage: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    client = application().test_client()
    assert client.get("/sign-in").status_code == 200
    for _ in range(30):
        assert client.get("/forms/pre_screening", follow_redirects=True).status_code == 503
    set_records_outage(True)
    for _ in range(30):
        assert client.get("/sign-in").status_code == 503
    lines = [record.getMessage() for record in caplog.records]
    set_records_outage(False)
    assert [line.partition(":")[0] for line in lines] == ["engine", "records"]
    assert "the database of records.database_url can't be reached or written" in lines[1]


def test_during_an_outage_of_the_records_pages_warn_that_answers_may_be_lost_and_show_the_advice(
    set_records_outage: Callable,
) -> None:
    client = application().test_client()
    with client.session_transaction() as session:
        session["case"] = "C-1"
    cookie = client.get_cookie("session")
    set_records_outage(True)
    unavailable = [
        client.get("/case"),
        client.post("/forms/pre_screening/1", data={"cough": "true"}),
        client.get("/sign-in"),
    ]
    assert [answer.status_code for answer in unavailable] == [503] * 3
    for answer in unavailable:
        assert "may not have been saved" in answer.text
        assert int(answer.headers["Retry-After"]) > 0
    static = [client.get("/"), client.get("/forms/symptoms_worsened")]
    assert [answer.status_code for answer in static] == [200, 200]
    assert all("tel:112" in answer.text for answer in (*unavailable, *static))
    # the session cookie is still valid after the outage
    assert client.get_cookie("session") == cookie
    set_records_outage(False)
    with client.session_transaction() as session:
        assert session["case"] == "C-1"


def test_a_session_that_can_not_be_stored_is_an_error_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(Sessions, "save", refuse)
    client = application().test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)[1]
    assert client.post("/language", data={"csrf_token": token, "language": "fr"}).status_code == 503


@pytest.mark.parametrize(
    ("day", "complaint"),
    [
        (("10", "5", "0001"), "Date of birth must be"),
        (("10", "5", "9999"), "Date of birth must be today or in the past"),
        (("31", "2", "1990"), "Date of birth: enter a real date"),
        (("١٠", "٥", "١٩٩٠"), "The access code or the date of birth is wrong"),
        (("\u200e10", "5\u00a0", "１９９０"), "The access code or the date of birth is wrong"),
    ],
)
def test_the_date_of_birth_at_sign_in_is_read_as_in_forms(day: tuple[str, str, str], complaint: str) -> None:
    client = application().test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    parts = {f"date_of_birth-{part}": text for part, text in zip(("day", "month", "year"), day, strict=True)}
    answer = client.post("/sign-in", data={"csrf_token": token, "access_code": "A", **parts})
    assert answer.status_code == 403
    assert complaint in html.unescape(answer.text)


def test_a_pasted_access_code_is_cleaned() -> None:
    app = application()
    code = resources_of(app).access.create_code("C-1", "1990-05-10", "+442079460958")
    pasted = "\ufeff" + code.lower().translate(
        {ord("-"): "\u2011", **{ord("0") + n: chr(0xFF10 + n) for n in range(10)}}
    )
    with app.test_request_context("/sign-in", method="POST", data={"access_code": pasted}):
        assert resources_of(app).access.find_case_by_code(_read_access_code(), "1990-05-10") == "C-1"


@pytest.mark.parametrize("typed", ["+44 20 7946 0958", "０２０ ７９４６ ０９５８", "0044\u200b20 7946\u20110958"])
def test_a_lost_code_request_finds_the_case_by_a_number_in_any_notation(typed: str) -> None:
    app = application(telephone_region="GB")
    resources_of(app).access.create_code("C-1", "1990-05-10", "+442079460958")
    with app.test_request_context("/lost-code", method="POST", data={"address": typed}):
        assert resources_of(app).access.find_cases_by_address(_read_address(), "1990-05-10") == ["C-1"]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/lost-code", "/nothing"])
def test_each_page_shows_the_telephone_number_and_e_mail_address_of_the_service(path: str) -> None:
    page = application().test_client().get(path).text
    policy = OPTIONS["policy"]
    assert page.startswith("<!DOCTYPE html>")
    assert f'href="tel:{policy["contact_phone"].replace(" ", "")}"' in page
    assert f'href="mailto:{policy["contact_email"]}"' in page


def test_a_bad_request_is_explained_in_our_words() -> None:
    app = application()
    app.add_url_rule("/bad", view_func=lambda: abort(400))
    page = app.test_client().get("/bad")
    assert page.status_code == 400
    assert "Go back" in page.text
    assert "browser (or proxy)" not in page.text
