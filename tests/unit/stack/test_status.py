"""`make status` says what a part says of itself."""

from __future__ import annotations

import pytest

from stack.status import _problem_of
from tests.support.ports import free_port
from tests.support.serving import Reply, serving

REFUSED = "lab: the lab refuses the API key of lab.api_key (401)"


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(200, b"ok\n", "text/plain"), ""),
        (Reply(503, REFUSED.encode() + b"\n", "text/plain; charset=utf-8"), REFUSED),
        (Reply(503, b"<h1>Service Unavailable</h1>", "text/html"), "answers 503"),
    ],
)
def test_a_part_that_answers(reply: Reply, problem: str) -> None:
    with serving(lambda call: reply) as url:
        assert _problem_of(url + "/readyz") == problem


def test_a_part_that_is_away() -> None:
    assert _problem_of(f"http://127.0.0.1:{free_port()}/readyz") == "doesn't answer"
