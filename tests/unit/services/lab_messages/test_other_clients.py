"""Other implementations as clients: python-hl7's mllp_send and HAPI's client by MLLP over TLS, fhirclient by HTTP."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import peewee
import pytest
from fhirclient.models.bundle import Bundle
from fhirclient.server import FHIRServer, FHIRUnauthorizedException
from hl7 import client as hl7_client
from werkzeug.serving import make_server

from config.settings import ROOT
from services.lab.app import create_app
from services.lab.gateway import mllp
from services.lab.gateway.inbox import Inbox
from services.lab.models import MODELS, Decided, Transmission
from tests.support.databases import open_service
from tests.support.lab_messages import NEGATIVE, POSITIVE, fhir_bundle, hl7
from tests.support.tls import write_certificate

HAPI = ROOT / "tests/hapi/target"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[peewee.Database]:
    database = open_service(f"sqlite:///{tmp_path}/lab.db", "lab")
    database.bind(MODELS)
    yield database
    database.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return write_certificate(tmp_path)


@pytest.fixture
def tls_port(database: peewee.Database, certificate: tuple[Path, Path]) -> Iterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    inbox = Inbox(database)
    listener = mllp.listen(("localhost", 0), lambda content: inbox.receive("mllp", content), inbox.max_bytes, context)
    yield listener.port
    listener.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two messages; of the second one the control id and the specimen differ, too."""
    found = []
    for number, example in enumerate((POSITIVE, replace(NEGATIVE, control_id="MSG-2", barcode="AB-2"))):
        found.append(tmp_path / f"{number}.hl7")
        found[-1].write_bytes(hl7(example))
    return found


def stored() -> list[tuple[str, bytes]]:
    return [(row.channel, bytes(row.content)) for row in Transmission.select().order_by(Transmission.id)]


def test_mllp_send_of_python_hl7_by_tls(
    tls_port: int,
    certificate: tuple[Path, Path],
    files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The program itself; only its socket is wrapped, as a tunnel such as stunnel does, because it knows no TLS."""
    context = ssl.create_default_context(cafile=certificate[0])

    class TlsClient(hl7_client.MLLPClient):
        def __init__(self, host: str, port: int, encoding: str = "utf-8"):
            super().__init__(host, port, encoding)
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    monkeypatch.setattr(hl7_client, "MLLPClient", TlsClient)
    together = files[0].with_name("two.hl7")
    together.write_bytes(b"".join(each.read_bytes().replace(b"\r", b"\r\n") for each in files))
    monkeypatch.setattr(
        "sys.argv", ["mllp_send", "--loose", "--port", str(tls_port), "--file", str(together), "localhost"]
    )
    hl7_client.mllp_send()
    assert capsys.readouterr().out.count("MSA|AA|MSG-") == 2
    assert [channel for channel, _ in stored()] == ["mllp", "mllp"]


@pytest.mark.verify
def test_the_client_of_hapi_by_tls(tls_port: int, certificate: tuple[Path, Path], files: list[Path]) -> None:
    classpath = f"{HAPI / 'validator.jar'}:{HAPI / 'lib'}/*"
    command = ["java", "-cp", classpath, "Send", str(tls_port), str(certificate[0]), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["AA", "AA"]), done.stderr
    assert [channel for channel, _ in stored()] == ["mllp", "mllp"]


def test_fhirclient_posts_a_bundle(database: peewee.Database) -> None:
    inbox = Inbox(database)
    server = make_server(
        "127.0.0.1", 0, create_app(database, "key", 100, inbox, {"north": "north's key"}), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        client = FHIRServer(None, base_uri=f"http://127.0.0.1:{server.port}/v1")
        bundle = Bundle(standard_bundle())
        with pytest.raises(FHIRUnauthorizedException):
            client.post_json("messages", bundle.as_json())
        client.session.headers["X-API-Key"] = "north's key"
        answer = client.post_json("messages", bundle.as_json())
        assert (answer.status_code, answer.json()) == (202, {"id": 1, "is_new": True})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        client.session.close()
    inbox.run()
    with database.connection_context():
        assert [(row.sender, row.control_id, row.reason) for row in Decided.select()] == [
            ("North Lab", "MSG-1", "no sample has this specimen id or order number")
        ]
        assert Transmission.get().laboratory == "north"


def standard_bundle() -> dict:
    """The bundle with all elements that R4 requires, because fhirclient's models are strict."""
    bundle = fhir_bundle(POSITIVE)
    required = {
        "MessageHeader": {"eventCoding": {"code": "R01"}, "source": {"name": "North Lab", "endpoint": "urn:lab"}},
        "DiagnosticReport": {"code": {"text": "SARS-CoV-2"}},
        "ServiceRequest": {"intent": "order", "status": "active", "subject": {"reference": "Patient/pat"}},
    }
    for entry in bundle["entry"]:
        entry["resource"].update(required.get(entry["resource"]["resourceType"], {}))
    return bundle
