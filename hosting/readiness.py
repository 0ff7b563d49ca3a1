"""Whether a process can do its work, for /readyz: what it needs answers, and takes our passwords and keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from camunda7.outages import CredentialsRefused
from camunda7.outages import describe as describe_error


@dataclass(frozen=True)
class Check:
    """One thing that a process needs.

    Attributes:
        what: its name.
        run: raises an error when it can't be used.
        is_required: its absence alone is a problem; of others only a refused password or key is.
        describe: a failure without a patient's data; empty is the error's own text if it is safe, or its class.
    """

    what: str
    run: Callable[[], Any]
    is_required: bool = True
    describe: Callable[[Exception], str] = lambda error: ""


def problems_of(checks: Sequence[Check]) -> list[str]:
    """What is wrong, a line each; all checks run at the same time."""
    with ThreadPoolExecutor(len(checks)) as pool:
        return [problem for problem in pool.map(_problem, checks) if problem]


def _problem(check: Check) -> str:
    try:
        check.run()
    except Exception as error:
        if check.is_required or isinstance(error, CredentialsRefused):
            return f"{check.what}: {check.describe(error) or describe_error(error)}"
    return ""
