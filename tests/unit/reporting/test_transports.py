"""The transports: what is sent arrives unchanged, and each answer has its consequence, without patients' data."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hl7
import pytest
from hl7.mllp import start_hl7_server

from camunda7 import errors
from hosting.clients.service import Faulty, ServiceError, SignInRefused, Unavailable
from reporting import elr, fhir, sormas
from reporting.authority import FORMATS, Authority, Endpoint, create_transport
from reporting.folder import Folder
from reporting.http import Http
from reporting.message import Message, Refused
from reporting.mllp import Mllp
from services.lab.gateway import mllp
from services.lab.gateway.transmissions import Refused as RefusedByGateway
from tests.support.authority import PARTIES, REGISTERED
from tests.support.http_server import Call, Reply, http_server
from tests.support.tls import write_certificate

MESSAGE = Message(REGISTERED.control_id, elr.write(REGISTERED, PARTIES), elr.CONTENT_TYPE, elr.SUFFIX)
# of the patient, in the answers of receivers that repeat what they got
SECRET = "O'Neil"


def answer(code: str, *others: str, control_id: str = MESSAGE.control_id) -> bytes:
    segments = ["MSH|^~\\&|A|B|C|D|20261130||ACK^R01^ACK|1|P|2.5.1", f"MSA|{code}|{control_id}|{SECRET}", *others]
    return "".join(f"{segment}\r" for segment in segments).encode()


@contextmanager
def receiver(reply: Callable[[bytes], bytes], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that takes one frame a connection, and writes the reply; yields its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                received = b""
                while b"\x1c\r" not in received and (chunk := connection.recv(65536)):
                    received += chunk
                connection.sendall(reply(received))

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def send_to(reply: bytes, timeout_s: float = 5) -> None:
    with receiver(lambda _: b"\x0b" + reply + b"\x1c\r") as port:
        Mllp("127.0.0.1", port, timeout_s=timeout_s).send(MESSAGE)


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_an_accepted_message_is_sent(code: str) -> None:
    send_to(answer(code))


@pytest.mark.parametrize("code", ["AR", "CR"])
def test_a_refused_message_is_an_incident_with_condition_and_place_but_without_texts(code: str) -> None:
    error = f"ERR||PID^1^5|101^{SECRET}^HL70357|E||||{SECRET}"
    with pytest.raises(Refused) as caught:
        send_to(answer(code, error))
    assert isinstance(caught.value, errors.Refusal)
    expected = f"the authority didn't accept message {MESSAGE.control_id}; required field missing at PID^1^5 ({code})"
    assert str(caught.value) == expected


@pytest.mark.parametrize("place", [SECRET, "PID^1^5^O'Neil", "pid^1", "PID^1234"])
def test_a_place_that_may_be_data_is_left_out(place: str) -> None:
    with pytest.raises(Refused) as caught:
        send_to(answer("AR", f"ERR||{place}|{SECRET}"))
    assert str(caught.value) == f"the authority didn't accept message {MESSAGE.control_id} (AR)"


@pytest.mark.parametrize(
    "reply",
    [
        answer("AE"), answer("CE"), answer("XX"), answer(""), answer("AA", control_id="another"),
        answer("AA").split(b"MSA")[0], answer("AA", f"MSA|AA|{MESSAGE.control_id}"), b"OK", b"", b"\xff\xfe",
    ],
)  # fmt: skip
def test_an_error_or_an_unclear_answer_is_repeated_as_an_attempt(reply: bytes) -> None:
    with pytest.raises(Faulty) as caught:
        send_to(reply)
    assert SECRET not in str(caught.value)


def test_a_receiver_that_closes_or_is_silent_or_down_is_unavailable() -> None:
    with receiver(lambda _: b"\x0bMSH") as port, pytest.raises(Unavailable):
        Mllp("127.0.0.1", port).send(MESSAGE)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unavailable, match="TimeoutError"):
        Mllp("127.0.0.1", silent.getsockname()[1], timeout_s=0.3).send(MESSAGE)
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        Mllp("127.0.0.1", 1).send(MESSAGE)


def test_an_endless_answer_is_an_error() -> None:
    with pytest.raises(Faulty, match="too long"), receiver(lambda _: b"\x0b" + b"x" * 100_000) as port:
        Mllp("127.0.0.1", port).send(MESSAGE)


def test_an_answer_byte_by_byte_has_one_deadline() -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            for _ in range(40):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return
                threading.Event().wait(0.1)

    threading.Thread(target=drip, daemon=True).start()
    with pytest.raises(Unavailable, match="TimeoutError"):
        Mllp("127.0.0.1", server.getsockname()[1], timeout_s=0.5).send(MESSAGE)
    server.close()


@pytest.mark.filterwarnings(r"ignore:datetime\.datetime\.utcnow\(\) is deprecated:DeprecationWarning")
def test_another_implementation_receives_and_acknowledges() -> None:
    """python-hl7's server, whose acknowledgements it writes itself."""
    received: list[hl7.Message] = []

    async def accept(reader: Any, writer: Any) -> None:
        message = await reader.readmessage()
        received.append(message)
        writer.writemessage(message.create_ack("AA"))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def exchange() -> None:
        async with await start_hl7_server(accept, host="127.0.0.1", port=0, encoding="utf-8") as server:
            port = server.sockets[0].getsockname()[1]
            await asyncio.to_thread(Mllp("127.0.0.1", port).send, MESSAGE)

    asyncio.run(exchange())
    assert str(received[0]["MSH.F10"]) == REGISTERED.control_id
    assert str(received[0]["PID.F5.R1.C1"]).startswith("O'Neil")


def listening(store: Callable[[bytes], object], context: ssl.SSLContext | None = None) -> mllp.Listener:
    return mllp.listen(("127.0.0.1", 0), store, 100_000, context)


def test_our_own_gateway_receives_the_message_byte_by_byte_as_it_was_written() -> None:
    received: list[bytes] = []
    listener = listening(received.append)
    create_transport(Endpoint(f"mllp://127.0.0.1:{listener.port}")).send(MESSAGE)
    listener.close()
    assert received == [MESSAGE.content]


def test_our_own_gateways_refusals_have_their_consequences() -> None:
    def refuse(content: bytes) -> None:
        raise RefusedByGateway("not wanted")

    def fail(content: bytes) -> None:
        raise OSError

    for store, error in ((refuse, Refused), (fail, Faulty)):
        listener = listening(store)
        with pytest.raises(error):
            Mllp("127.0.0.1", listener.port).send(MESSAGE)
        listener.close()


def test_mllp_with_tls_checks_both_certificates(tmp_path: Path) -> None:
    server, server_key = write_certificate(tmp_path, "server")
    client, client_key = write_certificate(tmp_path, "client")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client)
    context.load_cert_chain(server, server_key)
    context.verify_mode = ssl.CERT_REQUIRED
    received: list[bytes] = []
    listener = listening(received.append, context)
    url = f"mllps://localhost:{listener.port}"
    create_transport(Endpoint(url, "", server, client, client_key)).send(MESSAGE)
    assert received == [MESSAGE.content]
    # the receiver's certificate isn't trusted, is for another name, or ours is missing
    for endpoint in (
        Endpoint(url, "", None, client, client_key),
        Endpoint(url.replace("localhost", "127.0.0.1"), "", server, client, client_key),
        Endpoint(url, "", server),
    ):
        with pytest.raises(Unavailable):
            create_transport(endpoint).send(MESSAGE)
    listener.close()
    assert len(received) == 1


def post(reply: Reply | None, token: str = "") -> list[Call]:
    calls: list[Call] = []

    def serve(call: Call) -> Reply | None:
        calls.append(call)
        return reply

    with http_server(serve) as url:
        Http(f"{url}/reports", token).send(MESSAGE)
    return calls


def test_a_message_is_posted_with_its_type_and_key() -> None:
    [call] = post(Reply(202), token="a token")
    assert (call.method, call.path, call.body) == ("POST", "/reports", MESSAGE.content)
    assert call.headers["Content-Type"] == "application/hl7-v2; charset=utf-8"
    assert call.headers["Idempotency-Key"] == MESSAGE.control_id
    assert call.headers["Authorization"] == "Bearer a token"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (None, Unavailable), (Reply(429), Unavailable), (Reply(503), Unavailable), (Reply(408), Unavailable),
        (Reply(401), SignInRefused), (Reply(403), SignInRefused), (Reply(500), Faulty),
        (Reply(400), Refused), (Reply(404), Refused), (Reply(422), Refused), (Reply(302), Refused),
        (Reply(200, answer("AR")), Refused), (Reply(200, answer("AE")), Faulty),
    ],
)  # fmt: skip
def test_each_answer_by_http_has_its_consequence(reply: Reply | None, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        post(reply)
    assert type(caught.value) is error
    assert SECRET not in str(caught.value)


def test_an_acknowledgement_by_http_is_read() -> None:
    post(Reply(200, answer("AA")))
    post(Reply(200, b"thank you"))


def test_the_issues_of_an_operation_outcome_are_told_by_code_and_place_without_texts() -> None:
    issues = [
        {"severity": "error", "code": "required", "diagnostics": SECRET, "expression": ["Patient.name[0].family"]},
        {"severity": "error", "code": SECRET, "expression": [f"Patient.name.where(family='{SECRET}')"]},
    ]
    outcome = json.dumps({"resourceType": "OperationOutcome", "issue": issues}).encode()
    with pytest.raises(Refused) as caught:
        post(Reply(422, outcome))
    expected = (
        f"the authority didn't accept message {MESSAGE.control_id} (422); required at Patient.name[0].family; error"
    )
    assert str(caught.value) == expected
    for content in (b"[]", b'{"issue": 1}', b'{"issue": [1]}', b'{"issue": [{"expression": 1}]}', b"\xff"):
        with pytest.raises(Refused):
            post(Reply(422, content))


def test_a_file_is_complete_under_its_name_and_a_repetition_replaces_it(tmp_path: Path) -> None:
    transport = create_transport(Endpoint(f"file://{tmp_path}/with%20space"))
    with pytest.raises(Unavailable):
        transport.send(MESSAGE)
    (tmp_path / "with space").mkdir()
    for _ in range(2):
        transport.send(MESSAGE)
    [file] = (tmp_path / "with space").iterdir()
    assert (file.name, file.read_bytes()) == (f"{MESSAGE.control_id}.hl7", MESSAGE.content)


def test_a_full_disk_leaves_no_file_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Unavailable):
        Folder(tmp_path).send(MESSAGE)
    assert [each.name for each in tmp_path.iterdir() if not each.name.startswith(".")] == []


class Recorder:
    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)


@pytest.mark.parametrize(("format", "module"), [("elr", elr), ("fhir", fhir), ("sormas", sormas)])
def test_the_configured_format_is_sent(format: str, module: Any) -> None:
    recorder = Recorder()
    Authority(FORMATS[format], PARTIES, recorder).send(REGISTERED)
    assert recorder.messages == [
        Message(REGISTERED.control_id, module.write(REGISTERED, PARTIES), module.CONTENT_TYPE, module.SUFFIX)
    ]


def test_errors_can_be_logged() -> None:
    assert all(issubclass(each, ServiceError) for each in (Refused, Faulty, Unavailable, SignInRefused))
