"""Prometheus metrics of the queues and of outages."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from camunda7.outages import Outage, OutageMetrics
from hosting.clients.lab import Lab
from records.cipher import Cipher
from records.erasures import PATIENT, Erasures
from records.outbox import Message, Outbox
from records.postponed_items import PostponedItems
from records.queue import timestamp
from records.restoration import hold_messages
from records.retries import RetrySchedule
from records.submissions import Submissions
from webapp.metrics import WebappCollector

pytestmark = pytest.mark.usefixtures("records")
QUEUES = ("outbox", "submissions", "lab_feed", "erasures")


def values(name: str, label: str) -> dict[str, float]:
    """Samples of a metric, by the value of a label."""
    families = WebappCollector(Lab("http://127.0.0.1:9", "")).collect()
    return {
        sample.labels[label]: sample.value for family in families for sample in family.samples if sample.name == name
    }


def test_each_step_with_a_target_has_it() -> None:
    targets = {"visit": timedelta(hours=24), "report": None, "positivity": 0.05}
    families = WebappCollector(Lab("http://127.0.0.1:9", ""), targets=targets).collect()
    found = next(each.samples for each in families if each.name == "coronacare_wait_target_seconds")
    assert [(each.labels["step"], each.value) for each in found] == [("Task_VisitPatient", 86400)]


def test_empty_queues_are_zero() -> None:
    assert values("coronacare_queue_waiting", "queue") == dict.fromkeys(QUEUES, 0)
    assert values("coronacare_queue_oldest_seconds", "queue") == dict.fromkeys(QUEUES, 0)


def test_the_age_of_a_queue_is_that_of_its_oldest_waiting_row_whatever_its_attempts() -> None:
    schedule = RetrySchedule(timedelta(minutes=5), timedelta(hours=1))
    outbox = Outbox()
    for number in (1, 2, 3):
        outbox.add(f"C-{number}/1", "email", "a@b.example", "result_there", "en")
    Message.update(waiting_since=timestamp(-timedelta(hours=2))).where(Message.key == "C-1/1").execute()
    Message.update(waiting_since=timestamp(-timedelta(days=2))).where(Message.key == "C-3/1").execute()
    first, _, sent = outbox.claim("email")
    outbox.retry(first, schedule)
    outbox.mark_sent(sent)
    Submissions(Cipher("a secret of the tests")).add("C-1/t", "C-1", "review", {}, "")
    PostponedItems().postpone("7", schedule)
    Erasures().request("C-1", PATIENT)

    assert values("coronacare_queue_waiting", "queue") == {**dict.fromkeys(QUEUES, 1), "outbox": 2}
    oldest = values("coronacare_queue_oldest_seconds", "queue")
    assert 7200 <= oldest.pop("outbox") < 7260
    assert max(oldest.values()) < 60


def test_held_messages_are_counted() -> None:
    Outbox().add("C-1/1", "email", "a@b.example", "result_there", "en")
    hold_messages()
    assert values("coronacare_queue_waiting", "queue")["outbox"] == 0
    [sample] = [each for each in WebappCollector(Lab("http://127.0.0.1:9", "")).collect() if each.name.endswith("held")]
    assert sample.samples[0].value == 1


def test_an_outage_has_a_duration_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("camunda7.outages.time.monotonic", lambda: now[-1])
    outage = Outage("email", logging.getLogger("tests"))
    registry = CollectorRegistry()
    registry.register(OutageMetrics([outage]))

    def duration() -> float | None:
        return registry.get_sample_value("coronacare_outage_seconds", {"what": "email"})

    assert duration() == 0
    outage.record_failure(OSError())
    now.append(1090)
    assert duration() == 90
    outage.record_success()
    assert duration() == 0
