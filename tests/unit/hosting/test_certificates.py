"""The validity of a served certificate, read from a real TLS server."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hosting.certificates import CertificateCollector, read_validity
from tests.support.ports import free_port

HOST = "care.test"
# expired, and of no authority
BEGINS, ENDS = datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 3, 11, tzinfo=UTC)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server that presents the certificate to clients that ask for HOST."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_certificate(tmp_path))
    asked: list[str | None] = []
    context.sni_callback = lambda connection, name, _: asked.append(name)

    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with context.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=[server])
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()
    assert asked == [HOST]


def write_certificate(folder: Path) -> Path:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string(f"CN={HOST}")
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), BEGINS, ENDS)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = folder / "own.pem"
    private = key.private_bytes(pem, form, serialization.NoEncryption())
    file.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(pem) + private)
    return file


def collect(address: str) -> tuple[dict[str, float], CertificateCollector]:
    collector = CertificateCollector(partial(read_validity, address, HOST))
    return {sample.name: sample.value for family in collector.collect() for sample in family.samples}, collector


def test_the_validity_of_the_served_certificate_is_measured(address: str) -> None:
    measured, collector = collect(address)
    assert measured == {
        "coronacare_certificate_begins_timestamp_seconds": BEGINS.timestamp(),
        "coronacare_certificate_ends_timestamp_seconds": ENDS.timestamp(),
    }
    assert collector.outage.duration_s == 0


def test_a_certificate_that_cant_be_read_is_an_outage() -> None:
    measured, collector = collect(f"127.0.0.1:{free_port()}")
    assert measured == {}
    assert collector.outage.duration_s > 0
