"""Who may what at the web application: each cell of access.yaml, for each route there is; no post by others."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from config import settings as config
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from processes.engine import Engine
from records.access import Access
from tests.support.case import CONTACT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.mail import mails_to
from webapp.app import create_app
from webapp.options import Options

pytestmark = pytest.mark.engine

PAGES: dict[str, list[str] | None] = yaml.safe_load(Path(__file__).with_name("access.yaml").read_text())["pages"]
VISITORS = ["stranger", "patient", "contact", "manager"]
# pages that can be opened again and again; a case must have gone on before it can be withdrawn
READING = [route for route in PAGES if route.startswith("GET") and "withdraw" not in route]
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FORM = "evaluation_request"
BORN = {"date_of_birth-day": "1", "date_of_birth-month": "2", "date_of_birth-year": "1980"}
TELLS_NOT_TO = ("You don't need to send this", "Page not found")


class Visitor:
    """A browser, and the case that it has open."""

    def __init__(self, state: dict[str, Any], links: dict[str, str], home: str):
        self.state = state
        self.session = requests.Session()
        self.session.headers["Origin"] = state["webapp"]
        self._links = links
        self.home = home
        self.case: CaseUnderTest | None = None

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.state["webapp"] + path, timeout=30)

    def post(self, path: str, token: str | None, **fields: str) -> requests.Response:
        data = {**fields, **({"csrf_token": token} if token is not None else {})}
        return self.session.post(self.state["webapp"] + path, data=data, timeout=30)

    def token(self) -> str:
        """One of this session's."""
        return TOKEN.search(self.get("/lost-code").text)[1]

    def tries(self, route: str, **more: str | None) -> requests.Response:
        method, _, rule = route.partition(" ")
        token = self._links["contact" if "contact" in rule else "link"]
        values = {
            "<name>": "positivity" if "trends" in rule else FORM,
            "<int:number>": "1",
            "<token>": token,
            "<path:filename>": "icon.svg",
        }
        path = re.sub(r"<[^>]+>", lambda found: values[found[0]], rule)
        if method == "GET":
            return self.get(path)
        return self.post(path, **{"token": self.token(), **self._fields(rule), **more})

    def _fields(self, rule: str) -> dict[str, str]:
        if rule == "/forms/<name>/<int:number>":
            return {"wants_evaluation": "no", "send": "yes"}
        if rule == "/lost-code":
            # only a few attempts are allowed for one address
            return {"address": f"{uuid.uuid4().hex}@patients.example", **BORN}
        return {"topic": "nobody's"} if rule.endswith("/retry") else {}


def gets_through(answer: requests.Response) -> bool:
    """Whether somebody was shown what they asked for, and wasn't led to a sign-in."""
    led_away = answer.history and "/sign-in" in answer.url
    return answer.status_code < 400 and not led_away and not any(text in answer.text for text in TELLS_NOT_TO)


@pytest.fixture(scope="module")
def links(state: dict[str, Any]) -> dict[str, str]:
    """Tokens of a notified contact's page, and of a link to a case."""
    case = CaseUnderTest(state)
    case.is_told("positive")
    address = f"{case.barcode.lower()}@contacts.example"
    case.sends("close_contacts", {"had_contacts": "yes", "close_contacts": [{**CONTACT, "email": address}]})
    [message] = eventually(lambda: mails_to(state, address))
    return {"contact": re.search(r"/contact/([\w-]+)", message)[1], "link": "0" * 64}


@pytest.fixture
def visitor(state: dict[str, Any], links: dict[str, str], access: Access) -> Callable[[str], Visitor]:
    """Somebody of this role, with a session of their own."""

    def signed_in(role: str) -> Visitor:
        who = Visitor(state, links, {"patient": "/case", "manager": "/staff/kpis"}.get(role, "/"))
        if role == "patient":
            who.case = CaseUnderTest(state).starts({**WITH_COUGH, "cough_since": days_ago(8)})
            who.case.waits_for(FORM)
            filled = dict(zip(("year", "month", "day"), who.case.value("date_of_birth").split("-"), strict=True))
            code = access.create_code(who.case.reference, who.case.value("date_of_birth"), "")
            born = {f"date_of_birth-{part}": text for part, text in filled.items()}
            who.post("/sign-in", who.token(), access_code=code, **born)
        if role == "contact":
            who.post(f"/contact/{links['contact']}", who.token())
        if role == "manager":
            who.post("/staff/sign-in", who.token(), **state["accounts"]["process_manager"])
        return who

    return signed_in


@pytest.fixture(scope="module")
def readers() -> dict[str, Visitor]:
    """Visitors who only read, by role."""
    return {}


@pytest.fixture
def routes(records: None) -> set[str]:
    """All that there are."""
    options = Options(secret_key="k" * 32, policy=config.load().policy.model_dump(), records_secret="r" * 32)
    app = create_app(
        options, Engine("http://nowhere", "webapp", ""), Government("http://nowhere", "", 1), Lab("http://nowhere", "")
    )
    rules = app.url_map.iter_rules()
    return {f"{method} {rule}" for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}


def test_each_route_is_in_the_table(routes: set[str]) -> None:
    assert routes == set(PAGES)


def opened(who: Visitor, route: str) -> Visitor:
    """With what must have gone before: a form is begun, and its pages are answered before it is looked over."""
    if who.case is not None and "/forms/" in route:
        who.get(f"/forms/{FORM}")
        if "/check" in route:
            who.tries("POST /forms/<name>/<int:number>")
    if "withdraw" in route and who.case is not None:
        who.case.requests_evaluation()
        who.case.waits_for("medical_form")
    return who


def assert_gets_what_is_theirs(who: Visitor, role: str, route: str) -> None:
    answer = who.tries(route)
    assert answer.status_code < 500
    allowed = PAGES[route] is None or role in PAGES[route]
    assert gets_through(answer) == allowed, (role, answer.status_code, answer.text[:300])


@pytest.mark.parametrize("route", READING)
def test_who_gets_a_page(visitor: Callable[[str], Visitor], readers: dict[str, Visitor], route: str) -> None:
    for role in VISITORS:
        who = readers.get(role) or readers.setdefault(role, visitor(role))
        assert_gets_what_is_theirs(opened(who, route), role, route)


@pytest.mark.parametrize("route", [route for route in PAGES if route not in READING])
def test_who_changes_something_and_only_with_the_sessions_own_token(
    visitor: Callable[[str], Visitor], route: str
) -> None:
    other = visitor("stranger").token()
    for role in VISITORS:
        who = opened(visitor(role), route)
        if route.startswith("POST") and (PAGES[route] is None or role in (PAGES[route] or ["stranger"])):
            for token in (None, "", "wrong", other, who.token()[:-1]):
                assert who.tries(route, token=token).status_code == 400, (role, token)
            # signed in as before, and what was not done yet can be done
            assert who.get(who.home).url.endswith(who.home)
        assert_gets_what_is_theirs(who, role, route)


def test_a_pre_screening_is_open_to_everybody(visitor: Callable[[str], Visitor]) -> None:
    for role in VISITORS:
        assert visitor(role).get("/forms/pre_screening").url.endswith("/forms/pre_screening/1")


def test_no_page_of_one_patient_shows_anything_of_another(visitor: Callable[[str], Visitor]) -> None:
    one, other = visitor("patient"), visitor("patient")
    for route in (route for route in PAGES if route.startswith("GET")):
        assert one.case.reference not in opened(other, route).tries(route).text, route
    assert one.case.reference in one.get("/case").text


def test_who_is_a_manager_no_more_is_out_at_the_next_page(
    visitor: Callable[[str], Visitor], case: CaseUnderTest
) -> None:
    manager = visitor("manager")
    member = "/group/process-managers/members/process_manager"
    assert manager.get("/staff/kpis").status_code == 200
    case.admin.delete(member)
    try:
        assert manager.get("/staff/kpis").url.endswith("/staff/sign-in")
    finally:
        case.admin.put(member, {})
    # nor is it as if nothing had been when they are one again
    assert manager.get("/staff/kpis").url.endswith("/staff/sign-in")


def test_a_session_that_was_signed_out_is_over_on_the_server(visitor: Callable[[str], Visitor]) -> None:
    for role in ("patient", "manager"):
        who = visitor(role)
        kept = who.session.cookies.copy()
        assert who.get(who.home).url.endswith(who.home)
        who.tries("POST /sign-out")
        who.session.cookies.update(kept)
        assert who.get(who.home).url.endswith("/sign-in")


def test_signing_in_begins_another_session(visitor: Callable[[str], Visitor], state: dict[str, Any]) -> None:
    """Whoever has given somebody a session before they signed in can't go on with it."""
    stranger = visitor("stranger")
    token, before = stranger.token(), stranger.session.cookies.copy()
    stranger.post("/staff/sign-in", token, **state["accounts"]["process_manager"])
    assert stranger.get("/staff/kpis").status_code == 200
    stranger.session.cookies.update(before)
    assert stranger.get("/staff/kpis").url.endswith("/sign-in")


def test_a_session_that_somebody_made_up_is_none(visitor: Callable[[str], Visitor]) -> None:
    stranger = visitor("stranger")
    stranger.session.cookies.set("session", "made-up-by-somebody", domain="127.0.0.1", path="/")
    stranger.token()
    assert stranger.session.cookies["session"] != "made-up-by-somebody"
