"""Readiness checks for /readyz: whether a process reaches its dependencies, and they accept its credentials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from camunda7.outages import CredentialsRefused
from camunda7.outages import describe as describe_error


@dataclass(frozen=True)
class Check:
    """Check of one dependency.

    Attributes:
        name: of the dependency.
        run: raises an error if the dependency can't be used.
        is_required: every error is a problem; otherwise only refused credentials are.
        describe: returns an error's text without patients' data; an empty one means the description of
            camunda7.outages.
    """

    name: str
    run: Callable[[], Any]
    is_required: bool = True
    describe: Callable[[Exception], str] = lambda error: ""


def find_problems(checks: Sequence[Check]) -> list[str]:
    """Run the checks in parallel; returns a line for each that failed."""
    with ThreadPoolExecutor(len(checks)) as pool:
        return [problem for problem in pool.map(_find_problem, checks) if problem]


def _find_problem(check: Check) -> str:
    try:
        check.run()
    except Exception as error:
        if check.is_required or isinstance(error, CredentialsRefused):
            return f"{check.name}: {check.describe(error) or describe_error(error)}"
    return ""
