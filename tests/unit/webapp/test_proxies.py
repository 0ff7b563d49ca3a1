"""A header that the proxy doesn't forward is logged once, without the client's address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.webapp.test_application import application

pytestmark = pytest.mark.usefixtures("records")
FORWARDED = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "Host": "care.example"}
BEHIND_ONE = {"trusted_proxies": 1, "secure_cookies": True, "public_host": "care.example"}


def logged(caplog: pytest.LogCaptureFixture, options: dict[str, Any], headers: dict[str, str]) -> list[str]:
    client = application(**options).test_client()
    # a health check calls it directly, with the container's name
    client.get("/readyz", headers={"Host": "localhost:5000"})
    for path in ("/healthz", "/", "/sign-in", "/"):
        client.get(path, headers=headers)
    return [record.getMessage() for record in caplog.records if record.name == "webapp.proxies"]


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        (BEHIND_ONE, FORWARDED),
        (
            {**BEHIND_ONE, "trusted_proxies": 2},
            {**FORWARDED, "X-Forwarded-For": "192.0.2.7, 10.0.0.1", "X-Forwarded-Proto": "https, http"},
        ),
        (BEHIND_ONE, {**FORWARDED, "X-Forwarded-Host": "care.example", "Forwarded": "for=192.0.2.7;proto=https"}),
        # the proxy behind the one that terminates TLS adds no scheme of its own
        ({**BEHIND_ONE, "trusted_proxies": 2}, {**FORWARDED, "X-Forwarded-For": "192.0.2.7, 10.0.0.1"}),
        # an address that the client sent, before the one that the proxy added
        (BEHIND_ONE, {**FORWARDED, "X-Forwarded-For": "unknown, 192.0.2.7"}),
        # on a developer's machine
        ({"public_host": "127.0.0.1:5000"}, {"Host": "localhost:5000"}),
    ],
)
def test_nothing_is_logged_while_all_headers_are_forwarded(
    caplog: pytest.LogCaptureFixture, options: dict[str, Any], headers: dict[str, str]
) -> None:
    assert logged(caplog, options, headers) == []


@pytest.mark.parametrize(
    ("options", "headers", "expected"),
    [
        (BEHIND_ONE, {**FORWARDED, "X-Forwarded-For": ""}, "X-Forwarded-For had fewer addresses than the 1"),
        (
            {**BEHIND_ONE, "trusted_proxies": 2},
            {**FORWARDED, "X-Forwarded-Proto": "https, https"},
            "fewer addresses than the 2",
        ),
        ({}, {"X-Forwarded-For": "192.0.2.7"}, "webapp.trusted_proxies is 0"),
        ({}, {"Forwarded": "for=192.0.2.7"}, "a proxy sends Forwarded"),
        (BEHIND_ONE, {**FORWARDED, "X-Forwarded-Proto": "http"}, "public_url is HTTPS, but a request came by HTTP"),
        ({"secure_cookies": True}, {}, "public_url is HTTPS, but a request came by HTTP"),
        (BEHIND_ONE, {**FORWARDED, "Host": "webapp:5000"}, "have the proxy keep Host (docs/how-to/front.md)"),
        (
            BEHIND_ONE,
            {**FORWARDED, "Host": "webapp", "X-Forwarded-Host": "care.example"},
            "X-Forwarded-Host isn't read",
        ),
    ],
)
def test_a_header_that_is_not_forwarded_is_logged_once(
    caplog: pytest.LogCaptureFixture, options: dict[str, Any], headers: dict[str, str], expected: str
) -> None:
    [line] = logged(caplog, options, headers)
    assert expected in line
    assert "192.0.2.7" not in line
