"""Messages of 50 MB, messages that never end, and slow ones: memory and time are bounded, and the answer is clear.

`pytest -rP` prints what was measured.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from hosting.databases import connect_to
from services.lab.gateway import mllp
from services.lab.models import MODELS, Transmission
from tests.support.lab_messages import POSITIVE, hl7
from tests.support.ports import free_port
from tests.support.servers import KEY, run_server

pytestmark = pytest.mark.slow

HEADERS = {"X-API-Key": KEY, "Content-Type": "application/hl7-v2"}
PIECE = b"x" * 100_000
# of the server, while it refuses: copies of the part of a message that is read
MAX_GROWTH_MB = 60
# the server ends a request that isn't read within 20 s
MAX_SECONDS = 40


class Server:
    """A running server of the laboratory."""

    def __init__(self, folder: Path, url: str, pid: int, port: int):
        self.url, self.port = f"{url}/v1/messages", port
        self._folder, self._pid = folder, pid

    def memory_mb(self, field: str) -> int:
        """Memory of the process that serves, in MB; `field` is of /proc/…/status."""
        worker = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()[0]
        lines = Path(f"/proc/{worker}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(field)).split()[1]) // 1024

    def refused(self, channel: str) -> float:
        """Value of the metric of refused messages."""
        text = requests.get(self.url.replace("/v1/messages", "/metrics"), timeout=10).text
        name = f'lab_messages_received_total{{channel="{channel}",outcome="refused"}}'
        return sum(float(line.split()[1]) for line in text.splitlines() if line.startswith(name))

    def stored(self) -> int:
        opened = connect_to(f"sqlite:///{self._folder}/lab.db")
        with opened.bind_ctx(MODELS), opened.connection_context():
            return Transmission.select().count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("lab"), free_port()
    with run_server("lab", folder, settings={"mllp_address": f"127.0.0.1:{port}", "capacity": "0"}) as (url, pid):
        yield Server(folder, url, pid, port)


@pytest.fixture(autouse=True)
def measured(server: Server, request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing is stored, memory and time stay within their bounds."""
    before, start = server.memory_mb("VmRSS"), time.monotonic()
    yield
    seconds, growth = time.monotonic() - start, server.memory_mb("VmHWM") - before
    print(f"{request.node.name}: {seconds:.1f} s, memory grew by at most {growth} MB")
    assert growth < MAX_GROWTH_MB
    assert seconds < MAX_SECONDS
    assert server.stored() == 0


def many(pieces: int, pause_s: float = 0) -> Iterator[bytes]:
    yield hl7(POSITIVE)
    for _ in range(pieces):
        time.sleep(pause_s)
        yield PIECE if not pause_s else b"x"


def test_fifty_megabytes_by_http(server: Server) -> None:
    before = server.refused("http")
    answer = requests.post(server.url, data=b"".join(many(500)), headers=HEADERS, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (413, "request_entity_too_large")
    assert server.refused("http") == before + 1


def post_in_chunks(server: Server, pieces: Iterator[bytes]) -> bytes:
    """Post with chunked transfer coding, and return what the server answers, also before the end."""
    host, port = server.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        head = {**HEADERS, "Host": host, "Transfer-Encoding": "chunked"}
        lines = ["POST /v1/messages HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        connection.sendall("\r\n".join(lines).encode())
        try:
            for piece in pieces:
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        except OSError:
            pass
        try:
            return connection.recv(1000)
        except OSError:
            return b""


def test_fifty_megabytes_in_chunks_by_http(server: Server) -> None:
    answer = post_in_chunks(server, many(500))
    # a server that doesn't read the rest may reset the connection before its answer is read
    assert answer == b"" or b" 413 " in answer.splitlines()[0]
    # control: the answer to 10.1 MB
    assert b" 413 " in post_in_chunks(server, many(101)).splitlines()[0]


def test_a_request_that_never_ends(server: Server) -> None:
    answer = post_in_chunks(server, many(100, pause_s=0.3))
    assert answer == b"" or b" 400 " in answer.splitlines()[0]


def send(server: Server, pieces: Iterator[bytes]) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(mllp.START)
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass
        try:
            return connection.recv(1000)
        except OSError:
            return b""


def test_fifty_megabytes_by_mllp(server: Server) -> None:
    before = server.refused("mllp")
    answer = send(server, many(500))
    assert answer == b"" or b"\rMSA|AR|MSG-1|the message is too large" in answer
    # control: a whole 10 MB are read, so that the answer was seen
    assert b"\rMSA|AR|MSG-1|the message is too large" in send(server, many(101))
    assert server.refused("mllp") == before + 2
