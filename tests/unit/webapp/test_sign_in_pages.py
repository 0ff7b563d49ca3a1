"""Sign-in pages show an error on each field that lacks an answer, and keep the answers; a code is replaced once."""

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
NO_DAY = "Enter a date of birth"
NO_CODE, NO_ADDRESS = "Enter your access code", "Enter your email address or mobile number"
CODE = {"access_code": "abc234-DEF567-ghj892"}


@pytest.fixture
def client() -> Any:
    return application().test_client()


def submit(client: Any, path: str, **typed: str) -> tuple[int, Any]:
    page = BeautifulSoup(client.get("/sign-in").text, "html.parser")
    token = page.select_one("[name=csrf_token]")["value"]
    answer = client.post(path, data={"csrf_token": token, **typed})
    return answer.status_code, BeautifulSoup(answer.text, "html.parser")


def errors_of(page: Any) -> list[str]:
    """The error messages of the summary, each of which must be on its field, too."""
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
        ("/staff/sign-in", {}, ["Enter your username", "Enter your password"]),
        ("/staff/sign-in", {"username": "manager"}, ["Enter your password"]),
        ("/staff/sign-in", {"username": " ", "password": "secret"}, ["Enter your username"]),
    ],
)
def test_a_missing_answer_is_an_error_on_its_field(
    client: Any, path: str, typed: dict[str, str], expected: list[str]
) -> None:
    status, page = submit(client, path, **typed)
    assert (status, errors_of(page)) == (403, expected)
    assert page.title.text.startswith("Error:")
    for name, text in typed.items():
        field = page.select_one(f"[name={name}]")
        assert field.get("value", "") == ("" if name == "password" else text)


def test_a_refused_code_is_shown_again(client: Any) -> None:
    status, page = submit(client, "/sign-in", **CODE, **BORN)
    assert status == 403
    assert errors_of(page) == ["The access code or the date of birth is wrong. Check both and try again."]
    assert page.select_one("[name=access_code]")["value"] == CODE["access_code"]
    assert page.select_one("[name=date_of_birth-year]")["value"] == "1990"


def test_attempts_without_a_code_are_not_limited(client: Any) -> None:
    code = Access(Cipher("r" * 32)).create_code("C-1", "1990-05-10")
    for _ in range(MAX_ATTEMPTS_PER_CODE + 3):
        assert submit(client, "/sign-in", **BORN)[0] == 403
    assert submit(client, "/sign-in", access_code=code, **BORN)[0] == 303


def test_two_clicks_on_new_code_show_the_same_code_and_an_older_page_creates_none(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Case("C-1", "1", {"date_of_birth": "1990-05-10", "email": "ada@patients.example"}, None)
    monkeypatch.setattr("webapp.patient.find_case", lambda *_: known)
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["case"] = "C-1"

    def open_page() -> dict[str, str]:
        page = BeautifulSoup(client.get("/case/access-code").text, "html.parser")
        return {field["name"]: field["value"] for field in page.select("main input[type=hidden]")}

    def click(fields: dict[str, str]) -> Any:
        return BeautifulSoup(client.post("/case/access-code", data=fields).text, "html.parser")

    page, older_page = open_page(), open_page()
    first, second = (click(page).select_one(".access-code").text for _ in range(2))
    assert first == second
    of_older_page = click(older_page)
    assert of_older_page.select_one(".access-code") is None
    assert "Only the newest one works" in of_older_page.text
    assert Access(Cipher("r" * 32)).find_case_by_code(first, "1990-05-10") == "C-1"
    newer = click(open_page()).select_one(".access-code").text
    assert newer != first
    assert Access(Cipher("r" * 32)).find_case_by_code(newer, "1990-05-10") == "C-1"


def test_another_language_shows_the_same_code(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Case("C-1", "1", {"date_of_birth": "1990-05-10", "email": "ada@patients.example"}, None)
    monkeypatch.setattr("webapp.patient.find_case", lambda *_: known)
    monkeypatch.setattr("webapp.languages.set_language", lambda *_: None)
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["case"] = "C-1"
    fields = {"page_token": "click", "since": "", "confirmation": "yes"}
    fields["csrf_token"] = BeautifulSoup(client.get("/case/access-code").text, "html.parser").select_one(
        "[name=csrf_token]"
    )["value"]
    pages = [BeautifulSoup(client.post("/case/access-code", data=fields).text, "html.parser")]
    # chosen on the page itself
    kept = {each["name"]: each["value"] for each in pages[0].select(".languages input")}
    assert pages[0].select_one(".languages")["action"] == "/case/access-code"
    pages.append(BeautifulSoup(client.post("/case/access-code", data=kept | {"language": "fr"}).text, "html.parser"))
    assert [page.html["lang"] for page in pages] == ["en", "fr"]
    assert len({page.select_one(".access-code").text for page in pages}) == 1
    # it still is the confirmation of the request
    assert all(page.select("main p.govuk-body-l") for page in pages)
