"""Request bodies that are too large, too slow or too deeply nested are refused, with bounded memory and threads."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.platform import read_secrets
from tests.support.servers import KEY, SERVERS, run_server

pytestmark = [pytest.mark.engine, pytest.mark.verify, pytest.mark.usefixtures("state")]

LARGE = b"x" * 10_000_000
DEEP = b"[" * 200_000
PATHS = {"lab": "/v1/orders", "government": "/v1/cases"}
MAX_GROWTH_MB = 30


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its children, as gunicorn's workers are children of its master process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in [pid, *map(int, children)])
    return pages * 4096 / 1e6


def in_chunks(content: bytes) -> Any:
    """A generator of chunks, which requests sends with chunked encoding and without Content-Length."""
    return (content[at : at + 100_000] for at in range(0, len(content), 100_000))


@pytest.mark.parametrize("name", SERVERS)
def test_large_and_deep_bodies_are_refused_in_bounded_memory(name: str, tmp_path: Path) -> None:
    with run_server(name, tmp_path) as (url, pid):
        headers = {"X-API-Key": KEY, "Idempotency-Key": "1", "Content-Type": "application/json"}
        requests.post(url + PATHS[name], data=b"{}", headers=headers, timeout=20)
        before = memory_mb(pid)
        for body, status in ((LARGE, 413), (DEEP, 400), (in_chunks(LARGE), 400), (b'{"a": ' * 100_000, 400)):
            answer = requests.post(url + PATHS[name], data=body, headers=headers, timeout=20)
            assert answer.status_code == status
            assert answer.json()["code"]
        assert memory_mb(pid) - before < MAX_GROWTH_MB


def test_the_pages_refuse_large_bodies(state: dict[str, Any]) -> None:
    pid = state["processes"]["webapp"]
    before = memory_mb(pid)
    for body in (LARGE, in_chunks(LARGE)):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = requests.post(state["webapp"] + "/sign-in", data=body, headers=headers, timeout=20)
        assert answer.status_code in (400, 413)
    assert memory_mb(pid) - before < MAX_GROWTH_MB


def test_the_engine_refuses_large_and_deep_bodies(state: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    admin = ("admin", read_secrets()["admin"])
    large = json.dumps({"name": "x" * 10_000_000}).encode()
    for body, status in ((large, 413), (in_chunks(large), 411), (DEEP, 400)):
        answer = requests.post(
            state["engine"] + "/engine-rest/task", data=body, headers=headers, auth=admin, timeout=20
        )
        assert answer.status_code == status


@pytest.mark.parametrize("stops_in", ["head", "body"])
def test_slow_clients_do_not_occupy_all_threads(stops_in: str, tmp_path: Path) -> None:
    head = f"POST /v1/orders HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nIdempotency-Key: 1\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 100\r\n"
    sent = head if stops_in == "head" else head + '\r\n{"case_reference": '
    with run_server("lab", tmp_path, "tests.support.short_timeout.Worker") as (url, _):
        address = urlsplit(url)
        slow = [socket.create_connection((address.hostname, address.port)) for _ in range(16)]
        began_at = time.monotonic()
        for connection in slow:
            connection.sendall(sent.encode())
        # more slow connections than threads: another client still gets an answer
        assert requests.get(url + "/healthz", timeout=15).ok
        assert time.monotonic() - began_at > 0.5
        for connection in slow:
            connection.settimeout(15)
            answer = connection.recv(100)
            assert (b"400 " in answer) if stops_in == "body" else (answer == b"" or b"400 " in answer)
            connection.close()
