"""The lab, the government and the SMS gateway as gunicorn serves them, with a ledger of what they are asked to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from services.http import REPEATED
from tests.faults.ledger import Ledger

FOLDER = "LEDGERS"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def __getattr__(name: str) -> Application:
    """One of the servers, by its name: gunicorn asks for `tests.faults.ledgered:lab`."""
    if name not in ("lab", "government", "sms"):
        raise AttributeError(name)
    ledger = Ledger(Path(os.environ[FOLDER]) / f"{name}.jsonl")
    return ledgered(import_module(f"services.{name}.wsgi").application, ledger)


def ledgered(application: Application, ledger: Ledger) -> Application:
    """Note each request with an idempotency key, and how it was answered."""

    def serve(request: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        key = request.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return application(request, start)

        def note_and_start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            path, repeated = request["PATH_INFO"], next(iter(REPEATED.items())) in headers
            ledger.note(key=key, path=path, status=int(status[:3]), repeated=repeated)
            return start(status, headers, *more)

        return application(request, note_and_start)

    return serve
