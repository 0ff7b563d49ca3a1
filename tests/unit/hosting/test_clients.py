"""Errors of service clients for each answer of a real server, including answers of a proxy in between."""

from __future__ import annotations

import pytest

from camunda7.outages import SafeToLog
from hosting.clients import delivery
from hosting.clients.delivery import ChannelUnavailable, Deferred, Undeliverable
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.clients.service import Faulty, Refused, ServiceError, SignInRefused, Unavailable
from hosting.clients.sms import SmsGateway
from tests.support.ports import free_port
from tests.support.serving import Reply, serving


@pytest.mark.parametrize(
    ("reply", "error"),
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
def test_the_error_for_an_answer(reply: Reply | None, error: type[ServiceError]) -> None:
    with serving(lambda call: reply) as url, pytest.raises(ServiceError) as raised:
        Lab(url, "key").post("/v1/orders", {}, "C-1/order_test/1")
    assert type(raised.value) is error


def test_a_good_answer_is_returned() -> None:
    with serving(lambda call: Reply(201, b'{"order_id": "7"}')) as url:
        assert Lab(url, "key").post("/v1/orders", {}) == {"order_id": "7"}


def test_an_unreachable_service_is_unavailable() -> None:
    with pytest.raises(Unavailable, match=r"no answer from lab\.url \(ConnectionError\)"):
        Lab(f"http://127.0.0.1:{free_port()}", "key").get("/v1/feed")


@pytest.mark.parametrize("body", [b"{}", b'{"kits": 1}', b'{"status": "signed out"}'])
def test_an_invalid_stock_is_unavailable(body: bytes) -> None:
    with serving(lambda call: Reply(200, body)) as url, pytest.raises(Unavailable, match="another server answered"):
        Lab(url, "key").stock()


@pytest.mark.parametrize("body", [b"{}", b'{"last_exposure_date": "soon"}', b'{"last_exposure_date": 1}'])
def test_an_invalid_exposure_is_unavailable(body: bytes) -> None:
    with serving(lambda call: Reply(200, body)) as url, pytest.raises(Unavailable, match="another server answered"):
        Government(url, "key").exposure("token")


def test_an_unknown_token_has_no_exposure() -> None:
    with serving(lambda call: Reply(404, b'{"code": "not_found"}')) as url:
        assert Government(url, "key").exposure("token") is None


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, delivery.SignInRefused), (503, ChannelUnavailable), (500, Deferred), (422, Undeliverable)],
)
def test_the_delivery_error_for_an_answer_of_the_gateway(status: int, error: type[Exception]) -> None:
    with serving(lambda call: Reply(status, b"{}")) as url, pytest.raises(SafeToLog) as raised:
        SmsGateway(url, "key").send("+44 20 7946 0958", "text", "key")
    assert type(raised.value) is error
    assert "7946" not in str(raised.value)
