"""Log lines for people and machines alike: what happened, then key=value of what it happened to."""

from __future__ import annotations

import logging

_USUAL = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class KeyValueFormatter(logging.Formatter):
    """`… INFO workers: complete topic=lab.order_test case=C-1`: what a record was given as `extra` comes last."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        given = (f"{key}={_quoted(value)}" for key, value in vars(record).items() if key not in _USUAL)
        return " ".join((super().formatMessage(record), *given))


def log_to_stderr() -> None:
    """Log from level INFO on to standard error, a line a record."""
    output = logging.StreamHandler()
    output.setFormatter(KeyValueFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[output])


def _quoted(value: object) -> str:
    text = str(value)
    return f'"{text}"' if " " in text else text
