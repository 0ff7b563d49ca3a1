"""Stands between a worker and the engine, and makes trouble on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import urllib3

from tests.support.serving import Call, Reply, serving

# what may become of a call, beside a status to answer with in the engine's place
CUT = "the connection is cut before the engine hears of it"
ANSWER_LOST = "the engine does it, and its answer is lost"


class Proxy:
    """What happens to the calls.

    Attributes:
        trouble: given the path, what becomes of the call; None lets it through.
    """

    def __init__(self) -> None:
        self.trouble: Callable[[str], int | str | None] = lambda path: None


@contextmanager
def proxy_to(url: str) -> Iterator[tuple[Proxy, str]]:
    """A running one, and its base URL."""
    proxy = Proxy()
    pool = urllib3.PoolManager(maxsize=32, retries=False)

    def pass_on(call: Call) -> Reply | None:
        trouble = proxy.trouble(call.path)
        if isinstance(trouble, int):
            return Reply(trouble, b"{}")
        if trouble == CUT:
            return None
        headers = {name: call.headers[name] for name in ("Authorization", "Content-Type") if call.headers[name]}
        answer = pool.request(call.method, url + call.path, body=call.body, headers=headers, timeout=60)
        if trouble == ANSWER_LOST:
            return None
        return Reply(answer.status, answer.data, answer.headers.get("Content-Type", "text/plain"))

    with serving(pass_on) as own_url:
        yield proxy, own_url
