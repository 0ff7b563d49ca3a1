"""Permissions at the web application: each cell of access.yaml for each route, and CSRF tokens of each POST."""

from __future__ import annotations

import functools
import html
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from config import settings as config
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from processes.engine import Engine
from records.access import Access
from tests.support.accounts import open_staff_session, starts_with_provider
from tests.support.case import CONTACT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.lab_messages import POSITIVE, hl7
from tests.support.mail import mails_to
from tests.support.simulations import store_run
from webapp.app import create_app
from webapp.openid import OpenIdOptions
from webapp.options import Options

pytestmark = [pytest.mark.engine, pytest.mark.by_provider]

TABLE = yaml.safe_load(Path(__file__).with_name("access.yaml").read_text())
PAGES: dict[str, list[str] | None] = TABLE["pages"]
VISITORS = ["stranger", "patient", "contact", "manager", "laboratory", "care"]
HOMES = {"patient": "/case", "manager": "/staff/kpis", "laboratory": "/staff/upload", "care": "/staff/papers"}
# accounts of the engine
STAFF = {"manager": "process_manager", "laboratory": "lab_staff", "care": "contact_tracer"}
# pages that can be opened repeatedly; a withdrawal needs a case that has been prepared for it
READING = [route for route in PAGES if route.startswith("GET") and "withdraw" not in route]
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SIGN_IN_PAGES = ("/sign-in", "/staff/sign-in")
FORM = "evaluation_request"
BORN = {"date_of_birth-day": "1", "date_of_birth-month": "2", "date_of_birth-year": "1980"}
REFUSALS = ("You don't need to send this", "You've already sent this", "There is nothing to cancel", "Page not found")


class Visitor:
    """A browser session, and the case that is open in it."""

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

    def upload(self, token: str | None) -> requests.Response:
        data = {"csrf_token": token} if token is not None else {}
        files = {"file": ("results.csv", f"barcode,test,result\n{uuid.uuid4().hex},COVID-19 PCR,positive\n")}
        return self.session.post(f"{self.state['webapp']}/staff/upload", data=data, files=files, timeout=30)

    @functools.cached_property
    def message_id(self) -> str:
        """A message of a laboratory."""
        url, headers = f"{self.state['lab']}/v1/messages", {"X-API-Key": self.state["lab_api_key"]}
        return str(requests.post(url, data=hl7(POSITIVE), headers=headers, timeout=30).json()["id"])

    @functools.cached_property
    def run_id(self) -> str:
        """A finished simulation."""
        return store_run(Path(self.state["logs"]).parent / "simulation", "simulated", run_id=uuid.uuid4().hex)

    def token(self) -> str:
        """A CSRF token of this session."""
        return TOKEN.search(self.get("/lost-code").text)[1]

    def request(self, route: str, **more: str | None) -> requests.Response:
        method, _, rule = route.partition(" ")
        token = self._links["contact" if "contact" in rule else "link"]
        values = {
            "<name>": "positivity" if "trends" in rule else FORM,
            "<int:number>": "1",
            "<int:message_id>": self.message_id,
            "<run_id>": self.run_id,
            "<kind>": "csv" if "what-if" in rule else "quarantine",
            "<token>": token,
            "<path:filename>": "icon.svg",
        }
        path = re.sub(r"<[^>]+>", lambda found: values[found[0]], rule)
        if method == "GET":
            return self.get(path)
        if rule == "/staff/upload":
            return self.upload(more.get("token", self.token()))
        return self.post(path, **{"token": self.token(), **self._fields(rule), **more})

    def _fields(self, rule: str) -> dict[str, str]:
        if rule == "/forms/<name>/<int:number>":
            return {"wants_evaluation": "no", "send": "yes"}
        if rule == "/lost-code":
            # only a few attempts are allowed for one address
            return {"address": f"{uuid.uuid4().hex}@patients.example", **BORN}
        return {"topic": "unknown"} if rule.endswith("/retry") else {}


def must_sign_in(answer: requests.Response) -> bool:
    """Whether the requested page redirected to a sign-in page, which redirects on to the provider if there is one."""
    return any(urlsplit(each.url).path in SIGN_IN_PAGES for each in [*answer.history, answer][1:])


def is_granted(answer: requests.Response) -> bool:
    """Whether the requested page was shown, instead of a sign-in page or a refusal."""
    text = html.unescape(answer.text)
    return answer.status_code < 400 and not must_sign_in(answer) and not any(refusal in text for refusal in REFUSALS)


@pytest.fixture(scope="module")
def links(state: dict[str, Any]) -> dict[str, str]:
    """Tokens of a notified contact's page, and of a link to a case."""
    case = CaseUnderTest(state)
    case.reach_report("positive")
    address = f"{case.barcode.lower()}@contacts.example"
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [{**CONTACT, "email": address}]})
    [message] = eventually(lambda: mails_to(state, address))
    return {"contact": re.search(r"/contact/([\w-]+)", message)[1], "link": "0" * 64}


@pytest.fixture
def visitor(state: dict[str, Any], links: dict[str, str], access: Access) -> Callable[[str], Visitor]:
    """Return a function that creates a visitor of a role, with a session of their own."""

    def create_visitor(role: str) -> Visitor:
        user = Visitor(state, links, HOMES.get(role, "/"))
        if role == "patient":
            user.case = CaseUnderTest(state).start({**WITH_COUGH, "cough_since": days_ago(8)})
            user.case.wait_for_task(FORM)
            day = dict(zip(("year", "month", "day"), user.case.value("date_of_birth").split("-"), strict=True))
            code = access.create_code(user.case.reference, user.case.value("date_of_birth"), "")
            born = {f"date_of_birth-{part}": text for part, text in day.items()}
            user.post("/sign-in", user.token(), access_code=code, **born)
        if role == "contact":
            user.post(f"/contact/{links['contact']}", user.token())
        if role in STAFF:
            open_staff_session(user.session, state, STAFF[role], user.token())
        return user

    return create_visitor


@pytest.fixture(scope="module")
def readers() -> dict[str, Visitor]:
    """Visitors who only read, by role."""
    return {}


def list_routes(openid: OpenIdOptions | None) -> set[str]:
    """Return all routes of the web application."""
    policy = config.load().policy.model_dump()
    options = Options(secret_key="k" * 32, policy=policy, records_secret="r" * 32, openid=openid)
    app = create_app(
        options, Engine("http://nowhere", "webapp", ""), Government("http://nowhere", "", 1), Lab("http://nowhere", "")
    )
    rules = app.url_map.iter_rules()
    return {f"{method} {rule}" for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}


def test_each_route_is_in_the_table(records: None) -> None:
    provider = OpenIdOptions("http://nowhere", "c", "", [], "groups", {}, 600, "", False, "", "", "")
    assert list_routes(None) == set(PAGES)
    assert list_routes(provider) == {*PAGES, *TABLE["pages_by_provider"]}


def prepare(user: Visitor, route: str) -> Visitor:
    """Do what a route presupposes: open the form, answer its pages before they are checked, request an evaluation."""
    if user.case is not None and "/forms/" in route:
        user.get(f"/forms/{FORM}")
        if "/check" in route:
            user.request("POST /forms/<name>/<int:number>")
    if "withdraw" in route and user.case is not None:
        user.case.request_evaluation()
        user.case.wait_for_task("medical_form")
    if "papers" in route and user.case is not None:
        exposed = {"given_name": "Ada", "family_name": "Lovelace", "exposed": True, "last_exposure_date": days_ago(1)}
        user.case.set_values(exposed)
    return user


def assert_access_as_in_the_table(user: Visitor, role: str, route: str) -> None:
    answer = user.request(route)
    assert answer.status_code < 500
    allowed = PAGES[route] is None or role in PAGES[route]
    assert is_granted(answer) == allowed, (role, answer.status_code, answer.text[:300])


@pytest.mark.parametrize("route", READING)
def test_each_page_is_shown_only_to_its_roles(
    visitor: Callable[[str], Visitor], readers: dict[str, Visitor], route: str
) -> None:
    for role in VISITORS:
        user = readers.get(role) or readers.setdefault(role, visitor(role))
        assert_access_as_in_the_table(prepare(user, route), role, route)


@pytest.mark.parametrize("route", [route for route in PAGES if route not in READING])
def test_each_change_is_allowed_only_to_its_roles_and_with_the_sessions_csrf_token(
    visitor: Callable[[str], Visitor], route: str
) -> None:
    other = visitor("stranger").token()
    for role in VISITORS:
        user = prepare(visitor(role), route)
        if route.startswith("POST") and (PAGES[route] is None or role in (PAGES[route] or ["stranger"])):
            for token in (None, "", "wrong", other, user.token()[:-1]):
                assert user.request(route, token=token).status_code == 400, (role, token)
            # the user is still signed in, and the same request with a valid token is accepted below
            assert user.get(user.home).url.endswith(user.home)
        assert_access_as_in_the_table(user, role, route)


def test_a_pre_screening_is_open_to_all(visitor: Callable[[str], Visitor]) -> None:
    for role in VISITORS:
        assert visitor(role).get("/forms/pre_screening").url.endswith("/forms/pre_screening/1")


def test_no_page_of_one_patient_shows_anything_of_another(visitor: Callable[[str], Visitor]) -> None:
    one, other = visitor("patient"), visitor("patient")
    for route in (route for route in PAGES if route.startswith("GET")):
        assert one.case.reference not in prepare(other, route).request(route).text, route
    assert one.case.reference in one.get("/case").text


@pytest.mark.skipif(starts_with_provider(), reason="groups are the provider's: tests/stack/test_openid.py")
def test_a_former_manager_is_signed_out_at_the_next_request(
    visitor: Callable[[str], Visitor], case: CaseUnderTest
) -> None:
    manager = visitor("manager")
    member = "/group/process-managers/members/process_manager"
    assert manager.get("/staff/kpis").status_code == 200
    case.admin.delete(member)
    try:
        assert must_sign_in(manager.get("/staff/kpis"))
    finally:
        case.admin.put(member, {})
    # and the session stays ended when they are a manager again
    assert must_sign_in(manager.get("/staff/kpis"))


def test_signing_out_ends_the_session_on_the_server(visitor: Callable[[str], Visitor]) -> None:
    for role in HOMES:
        user = visitor(role)
        cookies = user.session.cookies.copy()
        assert user.get(user.home).url.endswith(user.home)
        user.request("POST /sign-out")
        user.session.cookies.update(cookies)
        assert must_sign_in(user.get(user.home))


def test_signing_in_starts_another_session(visitor: Callable[[str], Visitor], state: dict[str, Any]) -> None:
    """Session fixation: a session from before the sign-in gets no access."""
    stranger = visitor("stranger")
    token, before = stranger.token(), stranger.session.cookies.copy()
    open_staff_session(stranger.session, state, "process_manager", token)
    assert stranger.get("/staff/kpis").status_code == 200
    stranger.session.cookies.update(before)
    assert must_sign_in(stranger.get("/staff/kpis"))


def test_an_invented_session_id_is_replaced(visitor: Callable[[str], Visitor]) -> None:
    stranger = visitor("stranger")
    stranger.session.cookies.set("session", "made-up-by-a-test", domain="127.0.0.1", path="/")
    stranger.token()
    assert stranger.session.cookies["session"] != "made-up-by-a-test"
