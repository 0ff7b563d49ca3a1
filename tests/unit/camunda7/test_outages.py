"""Back-off and log lines of an outage."""

from __future__ import annotations

import logging

import pytest

from camunda7.engine import EngineUnavailable, SignInRefused
from camunda7.outages import Outage

LOG = logging.getLogger("tests")


def fake_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the clock of outages: the last element of the list is the time."""
    now = [1000.0]
    monkeypatch.setattr("camunda7.outages.time.monotonic", lambda: now[-1])
    return now


def test_pauses_and_log_lines_of_an_outage_become_rarer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now, pauses = fake_clock(monkeypatch), []
    outage = Outage("the engine", LOG)
    while now[-1] < 1000 + 3600:
        pauses.append(outage.record_failure(EngineUnavailable("POST /message: 503")))
        now.append(now[-1] + pauses[-1])
    assert pauses[0] <= 1.2
    assert 48 <= pauses[-1] <= 72
    assert len(pauses) < 90
    # the first failure, and then after 10 s, 20 s, ... up to 10 min
    assert 8 <= len(caplog.records) <= 13
    assert outage.duration_s > 3500


def test_many_failures_within_a_minute_are_a_few_log_lines(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = fake_clock(monkeypatch)
    outage = Outage("the records", LOG)
    for number in range(6000):
        outage.record_failure(EngineUnavailable("503"))
        now.append(1000 + number / 100)
    assert len(caplog.records) <= 3


def test_another_reason_is_logged_at_once(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("the engine", LOG)
    outage.record_failure(EngineUnavailable("POST /message: 503"))
    outage.record_failure(SignInRefused("POST /message: the engine refuses"))
    assert [record.getMessage() for record in caplog.records] == [
        "the engine: POST /message: 503; attempts: 1",
        "the engine: POST /message: the engine refuses; attempts: 2",
    ]


def test_calls_that_alternately_fail_and_succeed_are_a_few_log_lines(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    now = fake_clock(monkeypatch)
    outage = Outage("the engine", LOG)
    for second in range(60):
        outage.record_failure(EngineUnavailable("503"))
        outage.record_success()
        now.append(1001 + second)
    # the failure and the recovery, three times each
    assert len(caplog.records) == 6
    assert outage.duration_s == 0
    now.append(now[-1] + 121)
    outage.record_failure(EngineUnavailable("503"))
    assert len(caplog.records) == 7
