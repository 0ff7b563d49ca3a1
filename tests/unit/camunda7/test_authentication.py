"""Access tokens of a client: cached, renewed before their end, used while their endpoint is away; and certificates."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from camunda7 import authentication
from camunda7.authentication import ClientCredentials, Password
from camunda7.engine import Engine, EngineUnavailable, SignInRefused
from camunda7.http_client import Tls
from camunda7.worker.client import TaskClient
from tests.support.http_server import Call, Reply, http_server
from tests.support.tls import write_certificate


@dataclass
class OAuthServer:
    """A token endpoint and a REST API; remembers the calls."""

    lifetime_s: float = 300
    status: int = 200
    api_status: int = 200
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    def answer(self, call: Call) -> Reply:
        self.calls.append(call)
        if call.path == "/.well-known/openid-configuration":
            return Reply(200, json.dumps({"token_endpoint": self.url + "/token"}).encode())
        if call.path == "/token":
            token = {"access_token": f"token-{len(self.of('/token'))}", "expires_in": self.lifetime_s}
            return Reply(self.status, json.dumps(token).encode())
        return Reply(self.api_status, b"[]")

    def of(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path.partition("?")[0] == path]

    def credentials(self, **options: Any) -> ClientCredentials:
        return ClientCredentials("wörkers", "s:cret", **({"token_url": self.url + "/token"} | options))


@contextmanager
def oauth_server(**options: Any) -> Iterator[OAuthServer]:
    server = OAuthServer(**options)
    with http_server(server.answer) as server.url:
        yield server


def test_a_token_is_requested_once_and_sent_with_each_call() -> None:
    with oauth_server() as server:
        engine = Engine(server.url, credentials=server.credentials(scope="engine", parameters={"resource": "x"}))
        engine.get("/task")
        engine.get("/task")
        (request,) = server.of("/token")
        assert request.body == b"grant_type=client_credentials&scope=engine&resource=x"
        # both form-encoded before HTTP Basic (RFC 6749, 2.3.1)
        assert request.headers["Authorization"] == Password("w%C3%B6rkers", "s%3Acret").authorization()
        sent = [call.headers["Authorization"] for call in server.of("/engine-rest/task")]
        assert sent == ["Bearer token-1", "Bearer token-1"]


def test_the_workers_client_sends_it_too() -> None:
    with oauth_server() as server:
        TaskClient("w", server.url, "", "", 10, 1, server.credentials()).list_locked_tasks()
        assert server.calls[-1].headers["Authorization"] == "Bearer token-1"


def test_the_provider_tells_the_token_endpoint() -> None:
    with oauth_server() as server:
        credentials = server.credentials(token_url="", issuer=server.url + "/")
        assert credentials.authorization() == "Bearer token-1"


def test_a_token_is_renewed_before_it_ends() -> None:
    with oauth_server(lifetime_s=1) as server:
        credentials = server.credentials()
        assert credentials.authorization() == credentials.authorization() == "Bearer token-1"
        time.sleep(1 - authentication.RENEWED_BEFORE_END)
        assert credentials.authorization() == "Bearer token-2"


def test_while_the_endpoint_is_away_a_token_is_used_until_its_end() -> None:
    with oauth_server(lifetime_s=1) as server:
        credentials = server.credentials()
        credentials.authorization()
        server.status = 503
        time.sleep(0.85)
        assert credentials.authorization() == "Bearer token-1"
        credentials.invalidate()
        with pytest.raises(EngineUnavailable, match=r"no access token for wörkers \(HTTPError\)"):
            Engine(server.url, credentials=credentials).get("/task")


def test_after_a_failure_nobody_waits_for_the_endpoint_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with oauth_server(status=503) as server:
        credentials = server.credentials()
        for _ in range(3):
            with pytest.raises(authentication.TokenUnavailable):
                credentials.authorization()
        assert len(server.of("/token")) == 1
        server.status = 200
        after = time.monotonic() + authentication.RETRY_INTERVAL_S
        monkeypatch.setattr(time, "monotonic", lambda: after)
        assert credentials.authorization() == "Bearer token-2"


def test_a_refused_client_is_an_operators_error() -> None:
    with oauth_server(status=401) as server, pytest.raises(SignInRefused, match="refuses the client wörkers"):
        Engine(server.url, credentials=server.credentials()).get("/task")


def test_after_a_token_was_refused_the_next_call_gets_a_new_one() -> None:
    with oauth_server(api_status=401) as server:
        engine = Engine(server.url, credentials=server.credentials())
        for _ in range(2):
            with pytest.raises(SignInRefused):
                engine.get("/task")
        sent = [call.headers["Authorization"] for call in server.of("/engine-rest/task")]
        assert sent == ["Bearer token-1", "Bearer token-2"]


def test_certificates_of_both_sides_are_used(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    with http_server(lambda call: Reply(200, b"[]"), context) as url:
        local = url.replace("127.0.0.1", "localhost")
        with_both, without = Tls(certificate, certificate, key), Tls(certificate)
        assert Engine(local, tls=with_both).get("/task") == []
        assert TaskClient("w", local, "", "", 10, 1, tls=with_both).list_locked_tasks() == []
        with pytest.raises(EngineUnavailable):
            Engine(local, tls=without).get("/task")
        with pytest.raises(EngineUnavailable):
            Engine(local).get("/task")
