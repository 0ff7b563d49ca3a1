"""An HTTP proxy between a worker and the engine that injects faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import urllib3

from tests.support.http_server import Call, Reply, http_server

# faults of a request, beside a status that replaces the engine's answer
CUT = "the connection is closed before the engine gets the request"
ANSWER_LOST = "the engine executes the request, and its answer is lost"


class Proxy:
    """Control of the faults.

    Attributes:
        fault: called with the path of each request; returns the fault to inject, or None to forward the request.
    """

    def __init__(self) -> None:
        self.fault: Callable[[str], int | str | None] = lambda path: None


@contextmanager
def proxy_to(url: str) -> Iterator[tuple[Proxy, str]]:
    """Start a proxy to this URL; yields its control and its base URL."""
    proxy = Proxy()
    pool = urllib3.PoolManager(maxsize=32, retries=False)

    def forward(call: Call) -> Reply | None:
        fault = proxy.fault(call.path)
        if isinstance(fault, int):
            return Reply(fault, b"{}")
        if fault == CUT:
            return None
        headers = {name: call.headers[name] for name in ("Authorization", "Content-Type") if call.headers[name]}
        answer = pool.request(call.method, url + call.path, body=call.body, headers=headers, timeout=60)
        if fault == ANSWER_LOST:
            return None
        return Reply(answer.status, answer.data, answer.headers.get("Content-Type", "text/plain"))

    with http_server(forward) as own_url:
        yield proxy, own_url
