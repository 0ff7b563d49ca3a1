"""`make status` says what a part says of itself."""

from __future__ import annotations

import io
from typing import Any

import pytest
import requests
from rich.console import Console

from stack import status
from stack.browser import PageRefused
from stack.status import _problem_of
from tests.support.ports import free_port
from tests.support.serving import Reply, serving

AWAY = "the database of lab.database_url is away"
REFUSED = "lab: the lab refuses the API key of lab.api_key (401)"


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(200, b"ok\n", "text/plain"), ""),
        (Reply(503, REFUSED.encode() + b"\n", "text/plain; charset=utf-8"), REFUSED),
        (Reply(503, b'{"code": "unavailable", "message": "the database of lab.database_url is away"}'), AWAY),
        (Reply(503, b"[1]"), "answers 503"),
        (Reply(503, b"<h1>Service Unavailable</h1>", "text/html"), "answers 503"),
    ],
)
def test_a_part_that_answers(reply: Reply, problem: str) -> None:
    with serving(lambda call: reply) as url:
        assert _problem_of(url + "/readyz") == problem


def test_a_part_that_is_away() -> None:
    assert _problem_of(f"http://127.0.0.1:{free_port()}/readyz") == "doesn't answer"


METRIC = b'coronacare_outage_seconds{what="email"} 75.2\ncoronacare_outage_seconds{what="sms"} 0.0\n'
NOW = {"waits": [], "kits": 5, "doctors": 2, "incidents": 0}


def shown(monkeypatch: pytest.MonkeyPatch, now: dict[str, Any] | Exception, **replies: Reply) -> tuple[bool, str]:
    """Whether all is well, and the last line.

    Args:
        now: the managers' figures, or the error with which they can't be read.
        replies: by the first word of a path; others are answered 200.
    """

    class Manager:
        def read_json(self, path: str) -> dict[str, Any]:
            if isinstance(now, Exception):
                raise now
            return now if "now" in path else {}

    monkeypatch.setattr(status, "signed_in_manager", lambda state: Manager())
    with serving(lambda call: replies.get(call.path.split("/")[1], Reply(200, b"", "text/plain"))) as url:
        state = {part: f"{url}/{part}" for part in status.READY}
        console = Console(width=60, file=io.StringIO())
        is_well = status.show_status(state, console)
        return is_well, console.file.getvalue().splitlines()[-1]


def test_the_last_line_says_that_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, NOW) == (True, "All is well.")


def test_the_last_line_says_why_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Reply(503, REFUSED.encode() + b"\nrecords: away\n", "text/plain")
    well, line = shown(monkeypatch, {**NOW, "incidents": 2}, workers=refused, sms=Reply(500, b"", "text/html"))
    said = f"workers: {REFUSED}, records: away; sms: answers 500; 2 incidents: see /staff/incidents"
    assert (well, line) == (False, f"NOT WELL: {said}")


def test_figures_are_not_asked_for_where_they_come_from_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, {}, webapp=Reply(503, b"", "text/html")) == (False, "NOT WELL: webapp: answers 503")


def test_a_channel_that_does_not_work_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    well, line = shown(monkeypatch, NOW, workers=Reply(200, METRIC, "text/plain"))
    assert (well, line) == (False, "NOT WELL: email: hasn't worked for 1 min 15 s; the workers' log says why")


@pytest.mark.parametrize("error", [PageRefused("sign-in"), requests.ReadTimeout()])
def test_pages_of_managers_that_can_not_be_read(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    line = f"NOT WELL: the managers' pages can't be read ({type(error).__name__})"
    assert shown(monkeypatch, error) == (False, line)


def test_the_web_application_is_asked_itself_and_not_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda call: Reply(200, b"", "text/plain")) as url:
        state = dict.fromkeys(status.READY, url) | {"webapp": f"{url}:1", "webapp_itself": url}
        assert status._show_parts(state, Console(file=io.StringIO())) == []
