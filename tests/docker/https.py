"""A platform of docker-compose.yml with the service `https`, whose certificates an ACME server of its own issues."""

from __future__ import annotations

import base64
import socket
import ssl
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from requests.adapters import HTTPAdapter

from tests.docker.compose import ANSWER_TIMEOUT_S, Compose
from tests.docker.engine import keeps_ipv6_addresses
from tests.support.ports import free_port

HOST = "care.test"
ROOT_OF_ACME = "/data/caddy/pki/authorities/local/root.crt"


class HttpsCompose(Compose):
    """Runs `docker compose` for the project, and reaches it by HTTPS.

    Attributes:
        root: file with the certificate of the only authority that clients trust.
        url: of the service `https` on this machine; certificates are verified for HOST.
        http_port, https_port, front_port: on this machine.
    """

    def __init__(self, folder: Path, checkout: Path):
        self.http_port, self.https_port, self.front_port = free_port(), free_port(), free_port()
        by_ipv6 = keeps_ipv6_addresses()
        addresses = "" if by_ipv6 else "0.0.0.0:"
        super().__init__(
            folder,
            checkout,
            HOST,
            files=["tests/docker/acme.yml"],
            HTTP_PUBLISHED=f"{addresses}{self.http_port}",
            HTTPS_PUBLISHED=f"{addresses}{self.https_port}",
            IPV6=str(by_ipv6).lower(),
            IPV6_SUBNET="fd70:2a3c:9e52::/64",
            FRONT_PUBLISHED=f"127.0.0.1:{self.front_port}",
            ACME_DIRECTORY="https://acme.test/acme/local/directory",
            ACME_ROOTS="/data/caddy/root.pem",
        )
        self.root = folder / "root.pem"
        self.url = f"https://127.0.0.1:{self.https_port}"

    def start(self) -> None:
        """Start the ACME server, have `https` trust it, and start the platform without what the tests don't need."""
        self("build", "https")
        self("up", "--detach", "acme")
        self.wait_until_healthy("acme")
        self.root.write_text(self("exec", "-T", "acme", "cat", ROOT_OF_ACME))
        self.store("root.pem", self.root.read_text())
        self("up", "--build", "--detach", "https", "front", "webapp")
        self.wait_until_healthy()

    def store(self, name: str, content: str) -> None:
        """Write a file to the volume of `https`, as docs/how-to/put-it-on-a-server.md does."""
        self(
            "run", "--rm", "--no-deps", "-T", "https", "sh", "-c", f"umask 077; cat > /data/caddy/{name}", stdin=content
        )

    def open_session(self, address: str = "127.0.0.1") -> requests.Session:
        """Return a browser's session without cookies.

        Args:
            address: of this machine; it is also that of the client.
        """
        session = requests.Session()
        session.mount("https://", _ForHost(address))
        session.headers["Host"] = HOST
        session.verify = str(self.root)
        # a bundle of CAs that the environment names would replace `verify`
        session.trust_env = False
        return session

    def connect(self, host: str = HOST, protocol: str = "http/1.1", **context: Any) -> ssl.SSLSocket:
        """Open a connection, and verify the certificate for the host.

        Args:
            protocol: of HTTP, that the client prefers.
            context: attributes of the SSLContext.
        """
        trusting = ssl.create_default_context(cafile=str(self.root))
        for name, value in context.items():
            setattr(trusting, name, value)
        trusting.set_alpn_protocols([protocol, "http/1.1"])
        return trusting.wrap_socket(self.dial(self.https_port), server_hostname=host)

    def dial(self, port: int) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), ANSWER_TIMEOUT_S)

    def certificate(self) -> x509.Certificate:
        """The certificate that is served now."""
        with self.connect() as connection:
            return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")


class _ForHost(HTTPAdapter):
    """Connects to an address of this machine, and expects the certificate of HOST."""

    def __init__(self, address: str):
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, server_hostname=HOST, assert_hostname=HOST, **options)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        request.url = str(request.url).replace("127.0.0.1", self._address, 1)
        return super().send(request, *arguments, **options)


def machine_address() -> str:
    """An address of this machine other than 127.0.0.1, as other machines use it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # sends nothing
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def hash_key(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's public key, as Chromium's --ignore-certificate-errors-spki-list takes it."""
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate.public_key().public_bytes(encoding, form))
    return base64.b64encode(digest.finalize()).decode()
