"""Log format: a message followed by key=value pairs."""

from __future__ import annotations

import logging

_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class KeyValueFormatter(logging.Formatter):
    """Appends a record's `extra` as key=value: `… INFO workers: complete topic=lab.order_test case=C-1`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        extra = (f"{key}={_quote(value)}" for key, value in vars(record).items() if key not in _STANDARD)
        return " ".join((super().formatMessage(record), *extra))


def log_to_stderr() -> None:
    """Log to standard error from level INFO."""
    output = logging.StreamHandler()
    output.setFormatter(KeyValueFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[output])


def _quote(value: object) -> str:
    text = str(value)
    return f'"{text}"' if " " in text else text
