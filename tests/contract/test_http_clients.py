"""Our HTTP clients connect directly, and ignore proxies and credentials of the environment."""

from __future__ import annotations

import ast
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from camunda7 import http_client
from camunda7.engine import EngineUnavailable
from camunda7.forms.browser import Browser
from camunda7.worker import TaskClient
from config.settings import ROOT
from hosting import probe
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from hosting.clients.sms import SmsGateway
from processes.engine import Engine
from stack import status, supervisor
from stack.replay import Replay
from tests.contract.test_structure import modules
from tests.support.http_server import Call, Reply, http_server
from tests.support.recording_proxy import RecordingProxy, recording_proxy

# probe.py runs every few seconds, and importing requests takes longer than the rest of it
OWNERS = {
    ROOT / "camunda7" / "http_client.py",
    ROOT / "hosting" / "clients" / "mail.py",
    ROOT / "hosting" / "probe.py",
}
# the clients that the benchmark compares with our workers
PEERS = ROOT / "bench" / "peers"
METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
CONSTRUCTORS = {
    "requests": METHODS | {"Session", "session"},
    "httpx": METHODS | {"stream", "Client", "AsyncClient"},
    "urllib3": {"request", "PoolManager", "ProxyManager", "HTTPConnectionPool", "HTTPSConnectionPool"},
    "urllib.request": {"urlopen", "build_opener", "urlretrieve"},
    "http.client": {"HTTPConnection", "HTTPSConnection"},
    "smtplib": {"SMTP", "SMTP_SSL", "LMTP"},
}
ACCOUNTS = {"admin": "admin", "medical_team": "m", "doctor": "d", "contact_tracer": "c"}

STOCK = b'{"kits": 1, "waiting": 0}'

Client = Callable[[str], Any]


def find_constructors(path: Path) -> set[str]:
    """The functions by which a module creates HTTP clients of its own."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = [(ast.unparse(node.func.value), node.func.attr)]
        elif isinstance(node, ast.ImportFrom):
            called = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        found |= {f"{module}.{name}" for module, name in called if name in CONSTRUCTORS.get(module, ())}
    return found


def test_only_one_module_creates_http_clients() -> None:
    paths = [path for path in modules() if path not in OWNERS and PEERS not in path.parents]
    assert {path.relative_to(ROOT).as_posix(): found for path in paths if (found := find_constructors(path))} == {}


def test_a_planted_client_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import requests, urllib.request\nfrom httpx import get\nrequests.Session()\nurllib.request.urlopen('')\n"
    )
    assert find_constructors(planted) == {"requests.Session", "httpx.get", "urllib.request.urlopen"}


def replay(url: str) -> Replay:
    accounts = {name: {"username": name, "password": "x"} for name in ACCOUNTS}
    return Replay({"engine": url, "lab": url, "lab_api_key": "key", "accounts": accounts})


CLIENTS: dict[str, Client] = {
    "engine": lambda url: Engine(url, "user", "password").get("/engine"),
    "engine, by another account": lambda url: Engine(url, "user", "password").authenticate_groups("doctor", "password"),
    "workers": lambda url: TaskClient("w", url, "user", "password", lock_s=20, long_poll_s=1).error_details("1"),
    "lab": lambda url: Lab(url, "key").stock(),
    "government": lambda url: Government(url, "key").exposure("token"),
    "SMS gateway": lambda url: SmsGateway(url, "key").delete_message("key"),
    "pilot's patients": lambda url: Browser(url).open("/"),
    "pilot's lab": lambda url: replay(url).lab.stock(),
    "status": lambda url: status._find_problem(url),
    "container's health check": lambda url: probe.find_problem(url),
    "supervisor": lambda url: supervisor._is_answering(url),
}


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RecordingProxy]:
    """A proxy for every URL, which the environment names, with credentials for every host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login stranger password stranger\n")
    netrc.chmod(0o600)
    with recording_proxy() as proxy:
        for name, value in {**proxy.environment, "NETRC": str(netrc)}.items():
            monkeypatch.setenv(name, value)
        yield proxy


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_uses_neither_proxy_nor_credentials_of_the_environment(name: str, proxy: RecordingProxy) -> None:
    calls: list[Call] = []

    def answer(call: Call) -> Reply:
        calls.append(call)
        return Reply(200, STOCK if call.path == "/v1/stock" else b'{"groups": [], "last_exposure_date": null}')

    with http_server(answer) as url:
        CLIENTS[name](url)
    assert proxy.requests == []
    assert len(calls) == 1
    assert "c3RyYW5nZXI6c3RyYW5nZXI=" not in (calls[0].headers["Authorization"] or "")


def test_the_library_requests_would_use_the_proxy(proxy: RecordingProxy) -> None:
    with http_server(lambda call: Reply(200)) as url:
        assert requests.get(url, timeout=5).status_code == 502
    assert len(proxy.requests) == 1


@pytest.fixture(autouse=True)
def _without_ca_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in http_client.CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context, and the file of its certificate authority."""
    folder = tmp_path_factory.mktemp("tls")
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a hospital's own authority")])
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(addresses, critical=False)
    certificate = builder.add_extension(x509.BasicConstraints(True, None), critical=True).sign(key, hashes.SHA256())
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(*private))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context, folder / "ca.pem"


SECURE_CLIENTS: dict[str, Client] = {
    "session": lambda url: http_client.request("GET", url, timeout=5).ok,
    "pool": lambda url: http_client.new_pool(url, 1).urlopen("GET", "/").status == 200,
}


@pytest.mark.parametrize("variable", http_client.CA_VARIABLES)
@pytest.mark.parametrize("name", SECURE_CLIENTS)
def test_the_environments_certificate_authorities_are_trusted(
    name: str,
    variable: str,
    authority: tuple[ssl.SSLContext, Path],
    proxy: RecordingProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, bundle = authority
    with http_server(lambda call: Reply(200), context) as url:
        with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
            SECURE_CLIENTS[name](url)
        monkeypatch.setenv(variable, str(bundle))
        assert SECURE_CLIENTS[name](url)
    assert proxy.requests == []


def test_a_folder_of_certificate_authorities_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    pool = http_client.new_pool("https://engine.example", 1)
    assert isinstance(pool, urllib3.HTTPSConnectionPool)
    assert pool.ca_cert_dir == str(tmp_path)


def test_an_engine_with_an_untrusted_certificate_is_unavailable(authority: tuple[ssl.SSLContext, Path]) -> None:
    with http_server(lambda call: Reply(200), authority[0]) as url, pytest.raises(EngineUnavailable, match="SSLError"):
        Engine(url, "user", "password").get("/engine")
