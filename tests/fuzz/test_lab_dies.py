"""The laboratory's server is killed at any moment: what it acknowledged is taken once, and nothing twice."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from hl7.client import MLLPClient

from hosting.databases import connect_to
from services.lab.gateway.inbox import INTERVAL_S
from services.lab.models import MODELS, FeedItem
from tests.support.case import eventually
from tests.support.lab_messages import POSITIVE, hl7
from tests.support.ports import free_port
from tests.support.servers import KEY, run_server

pytestmark = [pytest.mark.engine, pytest.mark.verify, pytest.mark.usefixtures("state")]
HEADERS = {"X-API-Key": KEY}


@contextmanager
def lab_with_mllp(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Start the laboratory; yields its URL, process id and MLLP port."""
    port = free_port()
    with run_server("lab", folder, settings={"mllp_address": f"127.0.0.1:{port}", "capacity": "0"}) as (url, pid):
        yield url, pid, port


def order(url: str, barcode: str) -> None:
    body = {"case_reference": f"C-{barcode}", "sample_number": 1, "sample_barcode": barcode, "specimen_type": "saliva"}
    body |= {"priority": 1, "date_of_birth": POSITIVE.birth_date}
    headers = {**HEADERS, "Idempotency-Key": barcode}
    requests.post(f"{url}/v1/orders", json=body, headers=headers, timeout=10).raise_for_status()


def send_until_dead(port: int, messages: list[bytes]) -> int:
    """Send messages one by one; returns how many were acknowledged when the connection ended."""
    acknowledged = 0
    with contextlib.suppress(OSError), MLLPClient("127.0.0.1", port) as client:
        for message in messages:
            if b"\rMSA|AA|" not in client.send_message(message):
                break
            acknowledged += 1
    return acknowledged


@pytest.mark.parametrize("delay_s", [0.05, 0.3, 0.6, 0.9, 1.5])
def test_what_was_acknowledged_is_taken_once(tmp_path: Path, delay_s: float) -> None:
    barcodes = [f"AB-{each:03}" for each in range(60)]
    messages = [hl7(replace(POSITIVE, barcode=each, control_id=each)) for each in barcodes]
    with lab_with_mllp(tmp_path) as (url, pid, port):
        for barcode in barcodes:
            order(url, barcode)
        with killed_after(pid, delay_s):
            acknowledged = send_until_dead(port, messages)
    with lab_with_mllp(tmp_path) as (_, _, port):
        # the sender repeats what wasn't acknowledged, and the last message that was
        rest = messages[max(acknowledged - 1, 0) :]
        assert send_until_dead(port, rest) == len(rest)
        eventually(
            lambda: results(tmp_path) == barcodes, lambda: f"{acknowledged} of {len(barcodes)} were acknowledged"
        )
        time.sleep(2 * INTERVAL_S)
        assert results(tmp_path) == barcodes


@contextmanager
def killed_after(pid: int, seconds: float) -> Iterator[None]:
    """Kill a server and its workers after a while."""
    timer = threading.Timer(seconds, kill, [pid])
    timer.start()
    yield
    timer.join()


def kill(pid: int) -> None:
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (pid, *map(int, workers)):
        os.kill(each, signal.SIGKILL)


def results(folder: Path) -> list[str]:
    opened = connect_to(f"sqlite:///{folder}/lab.db")
    with opened.bind_ctx(MODELS), opened.connection_context():
        return sorted(item.sample_barcode for item in FeedItem.select().where(FeedItem.kind == "result"))
