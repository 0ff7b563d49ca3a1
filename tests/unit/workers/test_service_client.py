"""What a service's answers mean, by a real server; something in between may answer for it."""

from __future__ import annotations

import pytest

from tests.support.ports import free_port
from tests.support.serving import Reply, serving
from workers.service_client import Faulty, Refused, Service, ServiceError, SignInRefused, Unavailable


@pytest.mark.parametrize(
    ("reply", "means"),
    [
        (None, Unavailable),
        (Reply(502, b"<h1>Bad Gateway</h1>"), Unavailable),
        (Reply(503, b"{}"), Unavailable),
        (Reply(429, b"{}"), Unavailable),
        (Reply(401, b"{}"), SignInRefused),
        (Reply(403, b"{}"), SignInRefused),
        (Reply(500, b"{}"), Faulty),
        (Reply(409, b'{"code": "kit_shortage"}'), Refused),
        (Reply(400, b"<h1>no</h1>"), Refused),
        (Reply(200, b"<h1>Sign in to our network</h1>"), Unavailable),
        (Reply(200, b""), Unavailable),
        (Reply(200, b'{"order_id": "'), Unavailable),
        (Reply(200, b"[]"), Unavailable),
        (Reply(200, b"null"), Unavailable),
    ],
)
def test_what_an_answer_means(reply: Reply | None, means: type[ServiceError]) -> None:
    with serving(lambda call: reply) as url, pytest.raises(ServiceError) as raised:
        Service("lab", url, "key").post("/v1/orders", {}, "C-1/order_test/1")
    assert type(raised.value) is means


def test_a_good_answer_is_returned() -> None:
    with serving(lambda call: Reply(201, b'{"order_id": "7"}')) as url:
        assert Service("lab", url, "key").post("/v1/orders", {}) == {"order_id": "7"}


def test_nobody_is_there() -> None:
    with pytest.raises(Unavailable, match=r"no answer from lab\.url \(ConnectionError\)"):
        Service("lab", f"http://127.0.0.1:{free_port()}", "key").get("/v1/feed")
