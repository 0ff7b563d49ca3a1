"""Which language a reader is spoken to, and how days, times and durations are written in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from tests.unit.webapp.test_application import application
from webapp import formatting, languages

pytestmark = pytest.mark.usefixtures("records")


def page(client: FlaskClient, path: str = "/", asks_for: str = "") -> BeautifulSoup:
    return BeautifulSoup(client.get(path, headers={"Accept-Language": asks_for}).text, "html.parser")


def choose(client: FlaskClient, language: str, back: str = "/sign-in") -> Any:
    token = page(client).select_one("[name=csrf_token]")["value"]
    return client.post("/language", data={"csrf_token": token, "language": language, "back": back})


@pytest.mark.parametrize(
    ("asks_for", "spoken"),
    [("", "en"), ("fr-CA,en;q=0.5", "fr"), ("de,ar;q=0.8,en;q=0.5", "ar"), ("de", "en"), ("en-US", "en")],
)
def test_the_browser_is_asked_first(asks_for: str, spoken: str) -> None:
    assert page(application().test_client(), "/", asks_for).html["lang"] == spoken


def test_a_choice_counts_more_than_the_browser_and_leads_back_to_the_page() -> None:
    client = application().test_client()
    answer = choose(client, "ar")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    shown = page(client, "/sign-in", "fr")
    assert (shown.html["lang"], shown.html["dir"]) == ("ar", "rtl")
    assert "rtl" in shown.select_one("link[rel=stylesheet]")["href"]
    assert choose(client, "xx").location == "/sign-in"
    assert page(client, "/", "fr").html["lang"] == "ar"


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\nb", "x"])
def test_a_choice_leads_to_no_page_of_others(back: str) -> None:
    assert choose(application().test_client(), "fr", back).location == "/"


def test_a_choice_wants_the_token_of_the_page() -> None:
    assert application().test_client().post("/language", data={"language": "fr"}).status_code == 400


def test_a_choice_outlives_the_session_but_not_signing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    client = application(idle_s=60).test_client()
    now = 1_000_000.0
    monkeypatch.setattr("webapp.sessions.time.time", lambda: now)
    choose(client, "fr")
    now += 3600
    assert page(client).html["lang"] == "fr"
    token = page(client).select_one("[name=csrf_token]")["value"]
    client.post("/sign-out", data={"csrf_token": token})
    assert page(client).html["lang"] == "en"


def test_each_language_is_offered_by_its_own_name_but_not_where_a_page_can_not_be_shown_again() -> None:
    client = application().test_client()
    shown = page(client, "/sign-in", "fr").select_one("form.languages")
    assert [each.get_text() for each in shown.select("[lang]")] == list(languages.LANGUAGES.values())
    assert [each["lang"] for each in shown.select("[aria-current]")] == ["fr"]
    assert shown.select_one("[name=back]")["value"] == "/sign-in"
    # what is answered to a post alone leads to the start
    answer = client.post("/link/unknown/renew", data={"csrf_token": shown.select_one("[name=csrf_token]")["value"]})
    assert BeautifulSoup(answer.text, "html.parser").select_one("[name=back]")["value"] == "/"


def test_errors_are_told_in_the_language_too() -> None:
    client = application().test_client()
    found = page(client, "/nothing", "fr")
    assert found.h1.get_text() == "Page introuvable"
    refused = client.put("/sign-in", headers={"Accept-Language": "ar"})
    assert re.search("[a-zA-Z]", BeautifulSoup(refused.text, "html.parser").h1.get_text()) is None


def test_managers_read_english_and_are_not_taken_for_patients() -> None:
    client = application().test_client()
    shown = page(client, "/staff/sign-in", "ar")
    assert shown.html["lang"] == "en"
    assert not shown.select(".site-header__worse")
    assert page(client, "/sign-in").select(".site-header__worse")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["20 March 2020", "20 March 2020, 15:30 CET", "3 minutes", "1 day"]),
        ("fr", ["20 mars 2020", "20 mars 2020, 15:30 CET", "3 minutes", "1 jour"]),
        ("ar", ["20 مارس 2020", "20 مارس 2020، 3:30 م CET", "3 دقائق", "يوم"]),
    ],
)
def test_days_times_and_durations(language: str, said: list[str]) -> None:
    app = application(time_zone="Europe/Berlin")
    with app.test_request_context(headers={"Accept-Language": language}):
        then = datetime(2020, 3, 20, 14, 30, tzinfo=UTC)
        found = [formatting.day("2020-03-20"), formatting.moment(then)]
        found += [formatting.duration(3, "minute"), formatting.duration(1, "day")]
    assert [text.replace("\u202f", " ").replace("\xa0", " ") for text in found] == said


def test_no_text_and_an_unknown_text_stay_what_they_are() -> None:
    with application().test_request_context(headers={"Accept-Language": "fr"}):
        said = [formatting.translated(text) for text in ("", "100 % new to us", "Yes")]
    assert said == ["", "100 % new to us", "Oui"]


def test_a_day_that_is_none_is_shown_as_it_was_written() -> None:
    with application().test_request_context():
        assert formatting.day("soon") == "soon"


def test_without_its_catalogues_the_application_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(languages.LANGUAGES, "eo", "Esperanto")
    with pytest.raises(languages.TranslationsMissing, match="eo not compiled; run `make setup`"):
        application()
