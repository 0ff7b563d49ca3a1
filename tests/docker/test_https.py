"""The service `https` of docker-compose.yml: `make docker-test`. The tests run in this order, on one platform."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.docker.compose import ANSWER_TIMEOUT_S, START_TIMEOUT_S, temporary_project
from tests.docker.engine import keeps_ipv6_addresses
from tests.docker.https import HOST, ROOT_OF_ACME, HttpsCompose, hash_key, machine_address
from tests.docker.ipv6 import ipv6_client
from tests.support.case import eventually
from tests.support.chromium import launch_chromium

HSTS = "max-age=31536000"
# in a path, as the token of a link to a case
CANARY = "CANARY-of-a-link"
# lifetime of the ACME server's certificates
LIFETIME_S = 300


@pytest.fixture(scope="module")
def compose(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpsCompose]:
    project = HttpsCompose(tmp_path_factory.mktemp("https"), checkout)
    with temporary_project(project, "https", "front", "webapp") as compose:
        compose.start()
        yield compose


@pytest.fixture
def session(compose: HttpsCompose) -> requests.Session:
    return compose.open_session()


def test_the_certificate_is_valid_for_the_host_and_issued_by_the_authority(compose: HttpsCompose) -> None:
    names = compose.certificate().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]
    # controls: another authority, another name
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(compose.dial(compose.https_port), server_hostname=HOST)
    with pytest.raises(ssl.SSLError):
        compose.connect("other.test")


def test_browsers_get_http_2_and_at_least_tls_1_2(compose: HttpsCompose) -> None:
    with compose.connect(protocol="h2") as connection:
        assert (connection.version(), connection.selected_alpn_protocol()) == ("TLSv1.3", "h2")
    with compose.connect(maximum_version=ssl.TLSVersion.TLSv1_2) as connection:
        assert connection.version() == "TLSv1.2"
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        old.wrap_socket(compose.dial(compose.https_port), server_hostname=HOST)


@pytest.mark.parametrize("host", [HOST, "192.0.2.7"])
def test_http_is_redirected_to_https(compose: HttpsCompose, host: str) -> None:
    url = f"http://127.0.0.1:{compose.http_port}/sign-in?lang=fr"
    answer = requests.get(url, headers={"Host": host}, timeout=ANSWER_TIMEOUT_S, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{HOST}/sign-in?lang=fr")
    # browsers ignore it by HTTP
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/camunda/app/tasklist/default/", "/not-found"])
def test_answers_require_https_for_a_year(compose: HttpsCompose, session: requests.Session, path: str) -> None:
    answer = session.get(f"{compose.url}{path}", timeout=ANSWER_TIMEOUT_S)
    assert answer.raw.headers.getlist("Strict-Transport-Security") == [HSTS]
    assert not {"Via", "Alt-Svc"} & set(answer.headers)


def test_cookies_are_sent_by_https_only(compose: HttpsCompose, session: requests.Session) -> None:
    page = session.get(f"{compose.url}/sign-in", timeout=ANSWER_TIMEOUT_S)
    tasklist = session.get(f"{compose.url}/camunda/app/tasklist/default/", timeout=ANSWER_TIMEOUT_S)
    # Camunda sets JSESSIONID also when it refuses a request without the XSRF token
    login = f"{compose.url}/camunda/api/admin/auth/user/default/login/tasklist"
    refused = compose.open_session().post(login, data={"username": "doctor"}, timeout=ANSWER_TIMEOUT_S)
    assert refused.status_code == 403
    assert "JSESSIONID" in refused.cookies
    cookies = [each for answer in (page, tasklist, refused) for each in answer.raw.headers.getlist("Set-Cookie")]
    assert {each.partition("=")[0] for each in cookies} == {"__Host-session", "JSESSIONID", "XSRF-TOKEN", "ENGINE"}
    for cookie in cookies:
        assert "secure" in re.split(r"; ?", cookie.lower()), cookie
    assert compose.sign_in("doctor").cookies["JSESSIONID"]


@pytest.mark.parametrize("path", ["/engine-rest/engine", "/metrics", "/%6detrics", "/readyz"])
def test_what_isnt_public_stays_closed(compose: HttpsCompose, session: requests.Session, path: str) -> None:
    assert session.get(f"{compose.url}{path}", timeout=ANSWER_TIMEOUT_S).status_code == 404


def test_only_this_machine_reaches_the_front_itself(compose: HttpsCompose) -> None:
    address = machine_address()
    outside = compose.open_session(address)
    assert outside.get(f"{compose.url}/healthz", timeout=ANSWER_TIMEOUT_S).status_code == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, compose.front_port), ANSWER_TIMEOUT_S)


def fail_to_sign_in(session: requests.Session, url: str, number: int, **headers: str) -> int:
    """Try an access code that doesn't exist; returns the status."""
    page = session.get(f"{url}/sign-in", timeout=ANSWER_TIMEOUT_S).text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    fields = {"csrf_token": token, "access_code": f"WRONG-{number}", "date_of_birth-year": "1990"}
    return session.post(f"{url}/sign-in", data=fields, headers=headers, timeout=ANSWER_TIMEOUT_S).status_code


def test_a_forged_address_doesnt_evade_the_login_throttle(compose: HttpsCompose) -> None:
    """Attempts from this machine's other address are refused after three, those from 127.0.0.1 aren't."""

    def forge(number: int) -> dict[str, str]:
        address = f"198.51.100.{number}"
        return {"X-Forwarded-For": address, "X-Real-Ip": address, "Forwarded": f"for={address}"}

    outside = compose.open_session(machine_address())
    assert [fail_to_sign_in(outside, compose.url, n, **forge(n)) for n in range(5)] == [403, 403, 403, 429, 429]
    assert fail_to_sign_in(compose.open_session(), compose.url, 9) == 403


@pytest.mark.skipif(os.getuid() != 0, reason="only root may make network namespaces")
def test_clients_by_ipv6_have_addresses_of_their_own(compose: HttpsCompose) -> None:
    if not keeps_ipv6_addresses():
        pytest.skip("an engine before 27 needs ip6tables: docs/how-to/put-it-on-a-server.md#ipv6")
    with ipv6_client() as [first, second]:
        one, other = compose.open_session(first), compose.open_session(second)
        assert [fail_to_sign_in(one, compose.url, n) for n in range(5)] == [403, 403, 403, 429, 429]
        assert fail_to_sign_in(other, compose.url, 9) == 403


def test_a_patient_opens_a_form_in_a_browser(compose: HttpsCompose) -> None:
    intermediate = compose("exec", "-T", "acme", "cat", ROOT_OF_ACME.replace("root", "intermediate"))
    key = hash_key(x509.load_pem_x509_certificate(intermediate.encode()))
    resolver = f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{compose.https_port}"
    with launch_chromium(resolver, f"--ignore-certificate-errors-spki-list={key}") as browser:
        page = browser.new_page()
        page.goto(f"https://{HOST}/")
        page.get_by_role("button", name="Start the symptom check").click()
        page.wait_for_url(re.compile("/forms/pre_screening"))
        assert page.evaluate("isSecureContext && performance.getEntries()[0].nextHopProtocol") == "h2"
        [cookie] = page.context.cookies()
        assert (cookie["name"], cookie["secure"]) == ("__Host-session", True)


def test_the_web_application_finds_no_fault_with_the_proxies(compose: HttpsCompose) -> None:
    warnings = [line for line in compose("logs", "webapp").splitlines() if "docs/how-to/front.md" in line]
    assert warnings == []


HEAD = f"POST /sign-in HTTP/1.1\r\nHost: {HOST}\r\n"


def send(connection: socket.socket, text: str) -> bytes:
    """Send text as it is, and return what is received until the connection ends."""
    with connection:
        connection.settimeout(ANSWER_TIMEOUT_S)
        connection.sendall(text.encode())
        return b"".join(iter(lambda: connection.recv(10_000), b""))


def test_large_requests_are_refused(compose: HttpsCompose) -> None:
    assert send(compose.connect(), f"{HEAD}Content-Length: 5000001\r\n\r\n{'a' * 5_000_001}").startswith(
        b"HTTP/1.1 413"
    )
    assert send(compose.connect(), f"{HEAD}X-Long: {'a' * 30_000}\r\n\r\n").startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("by_https", [True, False])
def test_slow_requests_are_refused(compose: HttpsCompose, by_https: bool) -> None:
    began = time.monotonic()
    connection = compose.connect() if by_https else compose.dial(compose.http_port)
    # without a limit, `send` would raise TimeoutError
    assert b"200 OK" not in send(connection, HEAD)
    assert time.monotonic() - began > 8


def test_while_the_front_is_away_a_page_names_the_emergency_number(
    compose: HttpsCompose, session: requests.Session
) -> None:
    compose("stop", "front")
    answer = session.post(f"{compose.url}/c/{CANARY}", data={"a": "b"}, timeout=ANSWER_TIMEOUT_S)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Strict-Transport-Security"] == HSTS
    assert '<a href="tel:112">' in answer.text


def test_the_log_of_an_error_has_no_path(compose: HttpsCompose, session: requests.Session) -> None:
    compose("up", "--detach", "--no-deps", "broken")

    def is_interrupted() -> bool:
        try:
            return session.get(f"{compose.url}/c/{CANARY}", timeout=ANSWER_TIMEOUT_S).status_code == 0
        except requests.exceptions.ChunkedEncodingError:
            return True

    eventually(is_interrupted, within_s=START_TIMEOUT_S)
    log = compose("logs", "https")
    assert "aborting with incomplete response" in log
    assert CANARY not in log
    compose("rm", "--stop", "--force", "broken")
    compose("start", "front")
    compose.wait_until_healthy("front")


def test_a_request_waits_for_a_new_front(compose: HttpsCompose, session: requests.Session) -> None:
    compose("up", "--detach", "--no-deps", "--force-recreate", "front")
    assert session.get(f"{compose.url}/", timeout=ANSWER_TIMEOUT_S).status_code == 200


def test_the_web_application_knows_when_the_certificate_ends(compose: HttpsCompose) -> None:
    read = "import urllib.request as web; print(web.urlopen('http://localhost:5000/metrics').read().decode())"
    served = compose.certificate().not_valid_after_utc.timestamp()
    metrics = compose("exec", "-T", "webapp", "python", "-c", read)
    [ends] = re.findall(r"^coronacare_certificate_ends_timestamp_seconds (\S+)$", metrics, re.MULTILINE)
    # unless it was renewed in between
    assert served <= float(ends) < served + LIFETIME_S


def start_time(compose: HttpsCompose) -> str:
    command = ["docker", "inspect", "--format", "{{.State.StartedAt}}", compose("ps", "--quiet", "https").strip()]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def request_on(connection: ssl.SSLSocket, until: Callable[[], object]) -> None:
    """Send requests on one connection until the function's result is true."""
    client = http.client.HTTPConnection(HOST)
    # no other connection is opened if this one ends
    client.sock, client.auto_open = connection, 0
    while not until():
        client.request("GET", "/healthz")
        answer = client.getresponse()
        answer.read()
        assert answer.status == 200


def test_a_certificate_is_renewed_without_a_restart(compose: HttpsCompose) -> None:
    started, first = start_time(compose), compose.certificate()
    lifetime = first.not_valid_after_utc - first.not_valid_before_utc
    assert lifetime.total_seconds() <= LIFETIME_S + 120
    # a renewal has just happened, and the next one follows
    eventually(lambda: compose.certificate().serial_number != first.serial_number, within_s=LIFETIME_S)
    second = compose.certificate()
    with compose.connect() as connection:
        request_on(connection, lambda: compose.certificate().serial_number != second.serial_number)
    assert start_time(compose) == started


def issue_own() -> tuple[str, x509.Certificate]:
    """Return key and self-signed certificate of HOST in one file, and the certificate."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string(f"CN={HOST}")
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private = key.private_bytes(pem, form, serialization.NoEncryption())
    return (certificate.public_bytes(pem) + private).decode(), certificate


def test_an_operators_own_certificate_is_served_and_replaced_without_a_restart(compose: HttpsCompose) -> None:
    own, certificate = issue_own()
    compose.store("own.pem", own)
    compose("up", "--detach", "--no-deps", "https", CERTIFICATES="file")
    compose.wait_until_healthy("https")
    compose.root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    assert compose.certificate() == certificate
    started = start_time(compose)
    new, certificate = issue_own()
    compose.store("own.pem", new)
    compose("exec", "-T", "https", "sh", "-c", "kill -USR1 1")
    compose.root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def is_replaced() -> bool:
        try:
            return compose.certificate() == certificate
        except ssl.SSLCertVerificationError:
            return False

    eventually(is_replaced, within_s=START_TIMEOUT_S)
    assert start_time(compose) == started


def test_https_is_restarted_when_it_ends(compose: HttpsCompose) -> None:
    """Also after a signal: Docker takes one by `docker compose kill` for the operator's stop."""
    container = compose("ps", "--quiet", "https").strip()
    compose("exec", "-T", "https", "sh", "-c", "kill 1")
    eventually(lambda: compose.restarts(container) == [1], within_s=START_TIMEOUT_S)
