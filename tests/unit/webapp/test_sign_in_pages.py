"""Pages of signing in that lack something say what, on its field, and keep what was typed."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup

from processes.cases import Case
from records.access import Access
from records.cipher import Cipher
from tests.unit.webapp.test_application import application
from webapp.sign_in import MAX_ATTEMPTS_PER_CODE

pytestmark = pytest.mark.usefixtures("records")
BORN = {"date_of_birth-day": "10", "date_of_birth-month": "5", "date_of_birth-year": "1990"}
NO_DAY = "Enter an answer: Date of birth"
NO_CODE, NO_ADDRESS = "Enter your access code", "Enter your e-mail address or mobile number"
CODE = {"access_code": "abc234-DEF567-ghj892"}


@pytest.fixture
def client() -> Any:
    return application().test_client()


def sent(client: Any, path: str, **typed: str) -> tuple[int, Any]:
    page = BeautifulSoup(client.get("/sign-in").text, "html.parser")
    token = page.select_one("[name=csrf_token]")["value"]
    answer = client.post(path, data={"csrf_token": token, **typed})
    return answer.status_code, BeautifulSoup(answer.text, "html.parser")


def complaints(page: Any) -> list[str]:
    """Of the summary; each must be on its field as well."""
    links = page.select(".govuk-error-summary__list a")
    for link in links:
        name = link["href"].removeprefix("#").removesuffix("-day")
        on_field = page.select_one(f"#{name}-error")
        assert on_field is not None, name
        assert link.get_text(strip=True) in on_field.get_text(strip=True)
    return [link.get_text(strip=True) for link in links]


@pytest.mark.parametrize(
    ("path", "typed", "expected"),
    [
        ("/sign-in", {}, [NO_CODE, NO_DAY]),
        ("/sign-in", BORN, [NO_CODE]),
        ("/sign-in", {**BORN, "access_code": " \u200b-"}, [NO_CODE]),
        ("/sign-in", CODE, [NO_DAY]),
        ("/lost-code", {}, [NO_ADDRESS, NO_DAY]),
        ("/lost-code", BORN, [NO_ADDRESS]),
        ("/lost-code", {**BORN, "address": " \u200b"}, [NO_ADDRESS]),
        ("/lost-code", {**BORN, "address": "ada"}, [NO_ADDRESS]),
        ("/lost-code", {**BORN, "address": "ada@"}, [NO_ADDRESS]),
        ("/lost-code", {"address": "ada@patients.example"}, [NO_DAY]),
        ("/link/unknown", {}, [NO_DAY]),
        ("/link/unknown", {**BORN, "given_name": ""}, ["Enter the given name"]),
        ("/link/unknown", {"given_name": ""}, ["Enter the given name", NO_DAY]),
        ("/staff/sign-in", {}, ["Enter your account", "Enter your password"]),
        ("/staff/sign-in", {"username": "manager"}, ["Enter your password"]),
        ("/staff/sign-in", {"username": " ", "password": "secret"}, ["Enter your account"]),
    ],
)
def test_what_is_missing_is_said_on_its_field(
    client: Any, path: str, typed: dict[str, str], expected: list[str]
) -> None:
    status, page = sent(client, path, **typed)
    assert (status, complaints(page)) == (403, expected)
    assert page.title.text.startswith("Error:")
    for name, text in typed.items():
        kept = page.select_one(f"[name={name}]")
        assert kept.get("value", "") == ("" if name == "password" else text)


def test_a_code_that_is_refused_is_kept(client: Any) -> None:
    status, page = sent(client, "/sign-in", **CODE, **BORN)
    assert status == 403
    assert complaints(page) == ["This access code and date of birth don't belong together. Check both."]
    assert page.select_one("[name=access_code]")["value"] == CODE["access_code"]
    assert page.select_one("[name=date_of_birth-year]")["value"] == "1990"


def test_no_code_counts_for_nobody(client: Any) -> None:
    code = Access(Cipher("r" * 32)).create_code("C-1", "1990-05-10")
    for _ in range(MAX_ATTEMPTS_PER_CODE + 3):
        assert sent(client, "/sign-in", **BORN)[0] == 403
    assert sent(client, "/sign-in", access_code=code, **BORN)[0] == 303


def test_two_clicks_on_a_new_code_show_the_same_and_an_older_page_says_so(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Case("C-1", "1", {"date_of_birth": "1990-05-10", "email": "ada@patients.example"}, None)
    monkeypatch.setattr("webapp.patient.find_case", lambda *_: known)
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["case"] = "C-1"

    def opened() -> dict[str, str]:
        page = BeautifulSoup(client.get("/case/access-code").text, "html.parser")
        return {field["name"]: field["value"] for field in page.select("main input[type=hidden]")}

    def clicked(fields: dict[str, str]) -> Any:
        return BeautifulSoup(client.post("/case/access-code", data=fields).text, "html.parser")

    one, other = opened(), opened()
    first, second = (clicked(one).select_one(".access-code").text for _ in range(2))
    assert first == second
    late = clicked(other)
    assert late.select_one(".access-code") is None
    assert "Only the last one works" in late.text
    assert Access(Cipher("r" * 32)).find_case_by_code(first, "1990-05-10") == "C-1"
    newer = clicked(opened()).select_one(".access-code").text
    assert newer != first
    assert Access(Cipher("r" * 32)).find_case_by_code(newer, "1990-05-10") == "C-1"
