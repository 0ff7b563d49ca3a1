"""The lab, the government and the SMS gateway as gunicorn serves them, with a ledger of what they are asked to do."""

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
    """One of the servers, by its name: gunicorn asks for `tests.faults.ledgered:lab`."""
    if name not in ("lab", "government", "sms"):
        raise AttributeError(name)
    ledger = Ledger(Path(os.environ[FOLDER]) / f"{name}.jsonl")
    return ledgered(import_module(f"services.{name}.wsgi").application, ledger)


def poisoned(folder: Path) -> list[str]:
    """Keys that are answered 500, whatever else is asked; one a line in a file beside the ledgers."""
    file = folder / POISONED
    return file.read_text().splitlines() if file.exists() else []


def ledgered(application: Application, ledger: Ledger) -> Application:
    """Note each request with an idempotency key, and how it was answered; for what POISONED lists there is a 500."""

    def serve(request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        key = request.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return application(request, start)
        if key in poisoned(Path(os.environ[FOLDER])):
            ledger.note(key=key, path=request["PATH_INFO"], status=500, repeated=False)
            start("500 Internal Server Error", [("Content-Type", "application/json")])
            return [b'{"code": "error"}']

        def note_and_start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            path, repeated = request["PATH_INFO"], next(iter(REPLAYED.items())) in headers
            ledger.note(key=key, path=path, status=int(status[:3]), repeated=repeated)
            return start(status, headers, *more)

        return application(request, note_and_start)

    return serve
