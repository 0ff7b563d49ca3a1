"""Choice of the language, and days, times and durations written in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from tests.unit.webapp.test_application import application
from webapp import formatting, languages

pytestmark = pytest.mark.usefixtures("records")


def page(client: FlaskClient, path: str = "/", accept_language: str = "") -> BeautifulSoup:
    return BeautifulSoup(client.get(path, headers={"Accept-Language": accept_language}).text, "html.parser")


def choose(client: FlaskClient, language: str, return_to: str = "/sign-in") -> Any:
    token = page(client).select_one("[name=csrf_token]")["value"]
    return client.post("/language", data={"csrf_token": token, "language": language, "back": return_to})


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [("", "en"), ("fr-CA,en;q=0.5", "fr"), ("de,ar;q=0.8,en;q=0.5", "ar"), ("de", "en"), ("en-US", "en")],
)
def test_the_language_follows_accept_language(accept_language: str, expected: str) -> None:
    assert page(application().test_client(), "/", accept_language).html["lang"] == expected


def test_a_chosen_language_overrides_accept_language_and_returns_to_the_page() -> None:
    client = application().test_client()
    answer = choose(client, "ar")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    shown = page(client, "/sign-in", "fr")
    assert (shown.html["lang"], shown.html["dir"]) == ("ar", "rtl")
    assert "rtl" in shown.select_one("link[rel=stylesheet]")["href"]
    assert choose(client, "xx").location == "/sign-in"
    assert page(client, "/", "fr").html["lang"] == "ar"


@pytest.mark.parametrize("return_to", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\nb", "x"])
def test_a_choice_redirects_to_no_other_site(return_to: str) -> None:
    assert choose(application().test_client(), "fr", return_to).location == "/"


def test_a_choice_without_csrf_token_is_refused() -> None:
    assert application().test_client().post("/language", data={"language": "fr"}).status_code == 400


def test_a_choice_lasts_beyond_an_idle_session_until_sign_out(monkeypatch: pytest.MonkeyPatch) -> None:
    client = application(idle_s=60).test_client()
    now = 1_000_000.0
    monkeypatch.setattr("webapp.sessions.time.time", lambda: now)
    choose(client, "fr")
    now += 3600
    assert page(client).html["lang"] == "fr"
    token = page(client).select_one("[name=csrf_token]")["value"]
    client.post("/sign-out", data={"csrf_token": token})
    assert page(client).html["lang"] == "en"


def test_each_language_is_offered_by_its_own_name_and_a_posted_page_returns_to_the_start() -> None:
    client = application().test_client()
    shown = page(client, "/sign-in", "fr").select_one("form.languages")
    assert [each.get_text() for each in shown.select("[lang]")] == list(languages.LANGUAGES.values())
    assert [each["lang"] for each in shown.select("[aria-current]")] == ["fr"]
    assert shown.select_one("[name=back]")["value"] == "/sign-in"
    # a page that answers a POST can't be requested again
    answer = client.post("/link/unknown/renew", data={"csrf_token": shown.select_one("[name=csrf_token]")["value"]})
    assert BeautifulSoup(answer.text, "html.parser").select_one("[name=back]")["value"] == "/"


def test_error_pages_are_translated() -> None:
    client = application().test_client()
    not_found = page(client, "/nothing", "fr")
    assert not_found.h1.get_text() == "Page introuvable"
    refused = client.put("/sign-in", headers={"Accept-Language": "ar"})
    assert re.search("[a-zA-Z]", BeautifulSoup(refused.text, "html.parser").h1.get_text()) is None


def test_staff_pages_are_in_english_without_links_for_patients() -> None:
    client = application().test_client()
    shown = page(client, "/staff/sign-in", "ar")
    assert shown.html["lang"] == "en"
    assert not shown.select(".site-header__worse")
    assert page(client, "/sign-in").select(".site-header__worse")


@pytest.mark.parametrize(
    ("language", "expected_texts"),
    [
        ("en", ["20 March 2020", "20 March 2020, 15:30", "Friday 20 March, 15:45", "3 minutes", "1 day"]),
        ("fr", ["20 mars 2020", "20 mars 2020, 15:30", "vendredi 20 mars, 15:45", "3 minutes", "1 jour"]),
        ("ar", ["20 مارس 2020", "20 مارس 2020، 3:30 م", "الجمعة 20 مارس، 3:45 م", "3 دقائق", "يوم"]),
    ],
)
def test_days_times_and_durations_are_written_in_the_language(language: str, expected_texts: list[str]) -> None:
    app = application(time_zone="Europe/Berlin")
    with app.test_request_context(headers={"Accept-Language": language}):
        moment = datetime(2020, 3, 20, 14, 30, tzinfo=UTC)
        texts = [
            formatting.day("2020-03-20"),
            formatting.moment(moment),
            formatting.appointment(moment + timedelta(seconds=1)),
        ]
        texts += [formatting.duration(3, "minute"), formatting.duration(1, "day")]
    assert [text.replace("\u202f", " ").replace("\xa0", " ") for text in texts] == expected_texts


def test_a_visit_that_is_due_at_night_has_a_day_only() -> None:
    with application(time_zone="Europe/Berlin").test_request_context():
        at_night = datetime(2020, 3, 20, 2, 39, tzinfo=UTC)
        assert formatting.appointment(at_night) == "Friday 20 March"
        assert formatting.appointment(at_night + timedelta(hours=4)) == "Friday 20 March, 07:45"


def test_the_time_zone_is_named_while_none_is_set() -> None:
    with application().test_request_context():
        assert formatting.moment(datetime(2020, 3, 20, 14, 30, tzinfo=UTC)) == "20 March 2020, 14:30 UTC"


def test_empty_and_untranslated_texts_stay_unchanged() -> None:
    with application().test_request_context(headers={"Accept-Language": "fr"}):
        translated = [formatting.translated(text) for text in ("", "100 % new to us", "Yes")]
    assert translated == ["", "100 % new to us", "Oui"]


def test_an_invalid_day_is_shown_unchanged() -> None:
    with application().test_request_context():
        assert formatting.day("soon") == "soon"


def test_the_application_does_not_start_without_compiled_translations(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(languages.LANGUAGES, "eo", "Esperanto")
    with pytest.raises(languages.TranslationsMissing, match="eo not compiled; run `make setup`"):
        application()
