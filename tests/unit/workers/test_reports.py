"""Steps of the government's lane that report to an authority: which report, when, and what a repetition sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from camunda7.inputs.place import Place
from camunda7.worker import Context, Handler, handlers_of
from hosting.clients.government import Government
from hosting.clients.service import Unavailable
from processes.variables import VARIABLES
from reporting.authority import FORMATS, Authority
from reporting.message import Message, Refused
from reporting.report import Report, Status
from services.lab.gateway import mllp
from services.lab.gateway.inbox import Inbox
from services.lab.models import MODELS, Decided, Transmission
from tests.support.authority import PARTIES
from tests.support.databases import open_service
from workers import government as lane

VALUES = {
    "given_name": "Ada", "family_name": "Lovelace", "date_of_birth": "1990-05-10", "email": None,
    "phone": "020 7946 0000", "address": "1 Elm Street", "exposed_to": None, "lab_result": "positive",
    "lab_result_barcode": "AB-12345", "specimen_type": "saliva", "result_number": 1, "correction_number": 1,
    "sample_taken_at": datetime(2026, 11, 28, 23, 30, tzinfo=UTC),
    "reported_at": datetime(2026, 11, 29, 23, 30, 1, 999, tzinfo=UTC),
}  # fmt: skip
PLACE = Place(ZoneInfo("Europe/London"), "GB")
HANDLERS = {handler.topic: handler for handler in handlers_of(lane)}


class FakeGovernment(Government):
    """A government that has, or doesn't have, the case of a correction."""

    def __init__(self, is_registered: bool = True) -> None:
        self.is_registered = is_registered
        self.calls: list[str] = []

    def post(self, path: str, body: Any, key: str | None = None) -> dict[str, Any]:
        self.calls.append(path)
        return {"registered": self.is_registered}


@dataclass
class Recorder:
    """A transport; the first `failures` replies are lost after the receiver got the message."""

    failures: int = 0
    messages: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.messages.append(message)
        if len(self.messages) <= self.failures:
            raise Unavailable("the reply was lost")


@dataclass
class ReportRecorder:
    reports: list[Report] = field(default_factory=list)

    def send(self, report: Report) -> None:
        self.reports.append(report)


def run(topic: str, authority: Any, government: Government | None = None, **changes: Any) -> None:
    handler: Handler = HANDLERS[topic]
    values = {**VALUES, **changes}
    context = Context("t", handler.effect_key("C-1", values), last_attempt=False)
    resources = {"government": government or FakeGovernment(), "authority": authority, "place": PLACE}
    handler(values, "C-1", context, resources)


def reported(topic: str, government: Government | None = None, **changes: Any) -> Report:
    recorder = ReportRecorder()
    run(topic, recorder, government, **changes)
    [report] = recorder.reports
    return report


def test_a_registered_case_is_reported_as_final() -> None:
    report = reported("government.register_case")
    assert (report.status, report.result, report.barcode) == (Status.FINAL, "positive", "AB-12345")
    assert (report.phone, report.email) == ("+442079460000", "")
    assert report.collected_at.isoformat() == "2026-11-28T23:30:00+00:00"
    assert report.reported_at == VALUES["reported_at"]


def test_a_correction_and_a_withdrawal_of_a_registered_case_are_reported() -> None:
    corrected = reported("government.correct_case", lab_result="negative")
    assert (corrected.status, corrected.result) == (Status.CORRECTED, "negative")
    withdrawn = reported("government.correct_case", lab_result="entered_in_error", correction_number=2)
    assert (withdrawn.status, withdrawn.result) == (Status.WITHDRAWN, "")
    keys = {reported("government.register_case").control_id, corrected.control_id, withdrawn.control_id}
    assert len(keys) == 3


def test_a_correction_of_a_case_that_is_not_registered_is_not_reported() -> None:
    recorder = ReportRecorder()
    run("government.correct_case", recorder, FakeGovernment(is_registered=False), lab_result="negative")
    assert recorder.reports == []


def test_without_an_authority_only_the_government_gets_the_case() -> None:
    government = FakeGovernment()
    run("government.register_case", None, government)
    run("government.correct_case", None, government)
    assert government.calls == ["/v1/cases", "/v1/cases/C-1/result"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_report_that_is_repeated_after_a_lost_reply_is_the_same_message(format: str) -> None:
    recorder = Recorder(failures=1)
    authority = Authority(FORMATS[format], PARTIES, recorder)
    with pytest.raises(Unavailable):
        run("government.register_case", authority)
    run("government.register_case", authority)
    first, second = recorder.messages
    assert first == second


@pytest.mark.parametrize(("format", "messages"), [("elr", 0), ("fhir", 0), ("sormas", 1)])
def test_a_case_without_a_result_is_no_laboratory_report(
    format: str, messages: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    recorder = Recorder()
    authority = Authority(FORMATS[format], PARTIES, recorder)
    run("government.register_case", authority, lab_result="indeterminate", lab_result_barcode=None)
    assert len(recorder.messages) == messages
    assert ("C-1: not reported, because no sample gave a result" in caplog.text) == (messages == 0)
    assert "Lovelace" not in caplog.text


def test_a_task_of_a_former_version_reports_the_time_of_the_sample() -> None:
    assert reported("government.register_case", reported_at=None).reported_at == VALUES["sample_taken_at"]


def test_the_steps_read_catalogued_variables() -> None:
    for topic in ("government.register_case", "government.correct_case"):
        assert set(HANDLERS[topic].variables or ()) <= VARIABLES.keys()


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    database = open_service(f"sqlite:///{tmp_path}/lab.db", "lab")
    database.bind(MODELS)
    yield Inbox(database, 100_000)
    database.close()


def test_the_inbox_of_an_authority_takes_a_repeated_report_once(inbox: Inbox) -> None:
    """By MLLP to our own gateway; the first acknowledgement is lost."""
    from reporting.mllp import Mllp

    listener = mllp.listen(("127.0.0.1", 0), lambda content: inbox.receive("mllp", content), 100_000)
    transport = Mllp("127.0.0.1", listener.port)
    lost = [True]

    class LosingTransport:
        def send(self, message: Message) -> None:
            transport.send(message)
            if lost.pop() if lost else False:
                raise Unavailable("the reply was lost")

    authority = Authority(FORMATS["elr"], PARTIES, LosingTransport())
    with pytest.raises(Unavailable):
        run("government.register_case", authority)
    run("government.register_case", authority)
    run("government.correct_case", authority, lab_result="entered_in_error")
    listener.close()
    inbox.run()
    assert Transmission.select().count() == 2
    assert [row.control_id for row in Decided.select().order_by(Decided.id)] == [
        reported("government.register_case").control_id,
        reported("government.correct_case", lab_result="entered_in_error").control_id,
    ]


def test_a_refusal_is_passed_on_after_the_government_has_the_case() -> None:
    class Refusing:
        def send(self, message: Message) -> None:
            raise Refused("the authority didn't accept it")

    government = FakeGovernment()
    with pytest.raises(Refused):
        run("government.register_case", Authority(FORMATS["elr"], PARTIES, Refusing()), government)
    assert government.calls == ["/v1/cases"]
