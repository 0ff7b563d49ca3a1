"""WSGI middleware that records the requests to lab, government and SMS gateway in a ledger."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from services.http import REPLAYED
from tests.faults.ledger import Ledger

FOLDER = "LEDGERS"
POISONED = "poisoned"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def __getattr__(name: str) -> Application:
    """The application of a server by its name, because gunicorn imports `tests.faults.ledger_middleware:lab`."""
    if name not in ("lab", "government", "sms"):
        raise AttributeError(name)
    ledger = Ledger(Path(os.environ[FOLDER]) / f"{name}.jsonl")
    return record_requests(import_module(f"services.{name}.wsgi").application, ledger)


def poisoned_keys(folder: Path) -> list[str]:
    """Idempotency keys whose requests are answered with 500: the lines of a file beside the ledgers."""
    file = folder / POISONED
    return file.read_text().splitlines() if file.exists() else []


def record_requests(application: Application, ledger: Ledger) -> Application:
    """Record each request with an idempotency key and its status; answer poisoned keys with 500."""

    def serve(request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        key = request.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return application(request, start)
        if key in poisoned_keys(Path(os.environ[FOLDER])):
            ledger.append(key=key, path=request["PATH_INFO"], status=500, repeated=False)
            start("500 Internal Server Error", [("Content-Type", "application/json")])
            return [b'{"code": "error"}']

        def record_and_start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            path, repeated = request["PATH_INFO"], next(iter(REPLAYED.items())) in headers
            ledger.append(key=key, path=path, status=int(status[:3]), repeated=repeated)
            return start(status, headers, *more)

        return application(request, record_and_start)

    return serve
