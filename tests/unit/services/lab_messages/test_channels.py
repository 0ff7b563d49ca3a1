"""The MLLP listener and the watched folder: nothing is acknowledged before it is on disk."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hl7
import peewee
import pytest
from hl7.client import MLLPClient
from hl7.mllp import open_hl7_connection

from services.lab.gateway import mllp
from services.lab.gateway.folder import Folder
from services.lab.gateway.inbox import Inbox
from services.lab.gateway.messages.reports import Format
from services.lab.gateway.transmissions import Refused
from services.lab.models import MODELS, Transmission
from tests.support.databases import open_service
from tests.support.lab_messages import NEGATIVE, POSITIVE, csv
from tests.support.lab_messages import hl7 as write_hl7
from tests.support.tls import write_certificate

MAX_BYTES = 100_000
MESSAGE = write_hl7(POSITIVE)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    database = open_service(f"sqlite:///{tmp_path}/lab.db", "lab")
    database.bind(MODELS)
    yield Inbox(database, MAX_BYTES)
    database.close()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    yield from listening(lambda content: inbox.receive("mllp", content))


def listening(store: Callable[[bytes], object]) -> Iterator[int]:
    listener = mllp.listen(("127.0.0.1", 0), store, MAX_BYTES)
    yield listener.port
    listener.close()


def stored() -> list[bytes]:
    return [bytes(row.content) for row in Transmission.select().order_by(Transmission.id)]


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def receive_all(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def code_of(answer: bytes) -> tuple[str, str]:
    """Code and control id of an acknowledgement."""
    parsed = hl7.parse(answer.decode().strip("\x0b\x1c\r"))
    return str(parsed["MSA.F1"]), str(parsed["MSA.F2"])


def test_another_implementation_gets_its_acknowledgements(port: int) -> None:
    with MLLPClient("127.0.0.1", port) as client:
        for content, control_id in ((MESSAGE, "MSG-1"), (write_hl7(NEGATIVE).replace(b"MSG-1", b"MSG-2"), "MSG-2")):
            assert code_of(client.send_message(content)) == ("AA", control_id)
    assert stored()[0] == MESSAGE
    assert len(stored()) == 2


def test_the_acknowledgement_goes_back_to_the_sender(port: int) -> None:
    with MLLPClient("127.0.0.1", port) as client:
        header = hl7.parse(client.send_message(MESSAGE).decode().strip("\x0b\x1c\r"))[0]
    assert (str(header[5]), str(header[6]), str(header[9])) == ("LIS^1.2.3^ISO", "North Lab^99D1^CLIA", "ACK^R01^ACK")


def test_a_repeated_message_is_acknowledged_and_stored_once(port: int) -> None:
    with MLLPClient("127.0.0.1", port) as client:
        assert [code_of(client.send_message(MESSAGE))[0] for _ in range(2)] == ["AA", "AA"]
    assert stored() == [MESSAGE]


@pytest.mark.parametrize(
    ("error", "code"), [(peewee.OperationalError("disk full"), "AE"), (Refused("the message is empty"), "AR")]
)
def test_a_message_that_is_not_stored_is_not_acknowledged(error: Exception, code: str) -> None:
    def fail(content: bytes) -> None:
        raise error

    for port in listening(fail):
        with MLLPClient("127.0.0.1", port) as client:
            answer = client.send_message(MESSAGE)
        assert code_of(answer) == (code, "MSG-1")
        assert b"disk full" not in answer


@pytest.mark.parametrize("content", [b"hello", b"", b"\xff\xfe", b"GET / HTTP/1.1\r\n"])
def test_what_is_not_hl7_is_refused(port: int, content: bytes) -> None:
    with connect(port) as connection:
        connection.sendall(mllp.START + content + mllp.END + b"\r")
        connection.shutdown(socket.SHUT_WR)
        assert b"\rMSA|AR" in receive_all(connection)
    assert stored() == []


def test_frames_in_pieces_and_several_in_one(port: int) -> None:
    frames = b"".join(mllp.START + MESSAGE.replace(b"MSG-1", each) + mllp.END + b"\r" for each in (b"A", b"B"))
    with connect(port) as connection:
        for byte in frames[:40]:
            connection.sendall(bytes([byte]))
            time.sleep(0.001)
        connection.sendall(frames[40:])
        connection.shutdown(socket.SHUT_WR)
        answers = receive_all(connection)
    assert answers.count(b"\rMSA|AA|") == 2
    assert len(stored()) == 2


def test_a_message_that_never_ends_is_refused(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(mllp.START + b"MSH|^~\\&|" + b"x" * (MAX_BYTES + 100_000))
        assert b"\rMSA|AR||the message is too large" in receive_all(connection)
    assert stored() == []


def test_a_slow_message_ends_its_connection_and_blocks_no_other(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mllp, "MESSAGE_S", 0.5)
    for port in listening(lambda content: inbox.receive("mllp", content)):
        with connect(port) as slow:
            slow.sendall(mllp.START + b"MSH")
            with MLLPClient("127.0.0.1", port) as client:
                assert code_of(client.send_message(MESSAGE))[0] == "AA"
            assert b"\rMSA|AE||the message wasn't complete within 0.5 s; send it again" in receive_all(slow)


def test_a_message_may_come_byte_by_byte(port: int) -> None:
    with connect(port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in mllp.START + MESSAGE + mllp.END + b"\r" + mllp.START + MESSAGE.replace(b"MSG-1", b"MSG-2"):
            connection.sendall(bytes([byte]))
        assert b"\rMSA|AA|MSG-1" in connection.recv(1000)
        connection.sendall(mllp.END)
        assert b"\rMSA|AA|MSG-2" in connection.recv(1000)
    assert len(stored()) == 2


def test_connections_beyond_the_limit_are_closed(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mllp, "MAX_CONNECTIONS", 1)
    for port in listening(lambda content: inbox.receive("mllp", content)):
        with MLLPClient("127.0.0.1", port) as client:
            client.send_message(MESSAGE)
            with connect(port) as second:
                assert receive_all(second) == b""


def test_another_implementation_sends_by_tls(inbox: Inbox, tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=certificate)

    async def send(port: int) -> str:
        reader, writer = await open_hl7_connection("127.0.0.1", port, ssl=client, server_hostname="localhost")
        writer.writemessage(hl7.parse(MESSAGE.decode()))
        await writer.drain()
        answer = await reader.readmessage()
        writer.close()
        await writer.wait_closed()
        return str(answer["MSA.F1"])

    listener = mllp.listen(("127.0.0.1", 0), lambda content: inbox.receive("mllp", content), MAX_BYTES, server)
    try:
        assert asyncio.run(send(listener.port)) == "AA"
    finally:
        listener.close()
    assert len(stored()) == 1


class TestFolder:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "from-laboratories"
        path.mkdir()
        return path

    @pytest.fixture
    def folder(self, path: Path, inbox: Inbox) -> Folder:
        def store(content: bytes, format: Format | None) -> object:
            return inbox.receive("folder", content, format)

        return Folder(path, store, MAX_BYTES)

    def test_a_file_is_stored_when_it_no_longer_grows_and_deleted(self, folder: Folder, path: Path) -> None:
        file = path / "results.csv"
        file.write_bytes(csv(POSITIVE))
        folder.read()
        assert stored() == []
        file.write_bytes(csv(POSITIVE, NEGATIVE))
        folder.read()
        assert stored() == []
        folder.read()
        assert stored() == [csv(POSITIVE, NEGATIVE)]
        assert list(path.iterdir()) == []

    def test_unfinished_files_and_folders_are_left(self, folder: Folder, path: Path) -> None:
        for name in (".hidden.hl7", "a.hl7.part", "b.tmp"):
            (path / name).write_bytes(MESSAGE)
        (path / "sub").mkdir()
        folder.read()
        folder.read()
        assert stored() == []
        assert len(list(path.iterdir())) == 4

    def test_refused_files_are_moved_beside_their_reason(self, folder: Folder, path: Path) -> None:
        (path / "large.hl7").write_bytes(MESSAGE + b"x" * MAX_BYTES)
        (path / "photo.jpg").write_bytes(b"\xff\xd8")
        folder.read()
        folder.read()
        assert stored() == []
        assert sorted(each.name for each in (path / "refused").iterdir()) == [
            "large.hl7",
            "large.hl7.reason.txt",
            "photo.jpg",
            "photo.jpg.reason.txt",
        ]

    def test_a_file_stays_while_it_cannot_be_stored(self, path: Path) -> None:
        def fail(content: bytes, format: Format | None) -> None:
            raise peewee.OperationalError

        folder = Folder(path, fail, MAX_BYTES)
        (path / "a.hl7").write_bytes(MESSAGE)
        folder.read()
        with pytest.raises(peewee.OperationalError):
            folder.read()
        assert (path / "a.hl7").exists()
