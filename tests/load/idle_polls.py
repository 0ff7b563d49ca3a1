"""Long polls for a topic without tasks."""

from __future__ import annotations

import base64
import json
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

LONG_MS = 600_000
# answered at once
SHORT_MS = 1


@contextmanager
def long_polls(engine: str, username: str, password: str, count: int) -> Iterator[None]:
    """Keep `count` long polls waiting at the engine within the context, each on its own connection."""
    address = urlsplit(engine)
    account = base64.b64encode(f"{username}:{password}".encode()).decode()
    polls = [socket.create_connection((address.hostname, address.port)) for _ in range(count)]
    ends = [socket.create_connection((address.hostname, address.port)) for _ in range(count)]
    try:
        _ask(polls, str(address.hostname), account, LONG_MS)
        yield
        answered, _, _ = select.select(polls, [], [], 0)
        assert not answered, f"{len(answered)} of {count} polls didn't wait: {answered[0].recv(300)!r}"
        # the engine keeps only the newest poll of a worker id, so these short polls end the long ones
        _ask(ends, str(address.hostname), account, SHORT_MS)
        assert all(end.recv(12).endswith(b"200") for end in ends)
    finally:
        for poll in [*polls, *ends]:
            poll.close()


def _ask(connections: list[socket.socket], host: str, account: str, timeout_ms: int) -> None:
    """Send a poll on each connection, each with its own worker id."""
    for number, connection in enumerate(connections):
        topics = [{"topicName": "topic.without.tasks", "lockDuration": 1000}]
        poll = {"workerId": f"idle-{number}", "maxTasks": 1, "asyncResponseTimeout": timeout_ms, "topics": topics}
        body = json.dumps(poll).encode()
        head = (
            f"POST /engine-rest/external-task/fetchAndLock HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Basic {account}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
