"""Event logs: pseudonyms, no rare variants, no days, and the shape of XES and OCEL 2.0."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from config.settings import ROOT
from simulation.event_log import EventLog, LogEvent, create_log, to_ocel, to_xes
from tests.support.event_logs import check_ocel, check_xes

NOW = datetime(2026, 3, 2, 9, 17, 31, tzinfo=UTC)
XES = "{http://www.xes-standard.org/}"


def invent_log(cases: int = 6) -> EventLog:
    events = []
    for number in range(cases):
        case, at = f"C-SECRET{number}", NOW + timedelta(days=number)
        events += [
            LogEvent(case, "Fill in medical form", at),
            LogEvent(case, "Visit patient", at + timedelta(hours=3), "medical-team", sample=1),
            LogEvent(case, "Notify contact", at + timedelta(hours=30), contact=1),
            LogEvent(case, "Notify contact", at + timedelta(hours=31), contact=2),
        ]
    events.append(LogEvent("C-RARE", "Assess by hand", NOW, "doctors"))
    return create_log(events, seed=1)


def test_rare_variants_are_suppressed_and_counted() -> None:
    log = invent_log()
    assert (len(log.traces), log.suppressed) == (6, 1)
    assert invent_log(4).traces == {}


def test_parallel_activities_may_end_in_any_order() -> None:
    events = [
        LogEvent(case, activity, NOW + timedelta(minutes=minutes))
        for case, order in (("C-1", ("Write report", "Notify contact")), ("C-2", ("Notify contact", "Write report")))
        for minutes, activity in enumerate(order)
    ]
    assert len(create_log(events, min_cases=2).traces) == 2


def test_neither_references_nor_days_are_exported() -> None:
    for text in (to_xes(invent_log()), to_ocel(invent_log())):
        assert "SECRET" not in text
        assert "RARE" not in text
        assert "2026" not in text
        assert "Assess by hand" not in text


def test_xes_has_traces_with_ordered_events() -> None:
    assert check_xes(to_xes(invent_log())) == 6
    root = ElementTree.fromstring(to_xes(invent_log()))
    traces = root.findall(f"{XES}trace")
    assert len(traces) == 6
    first = traces[0].findall(f"{XES}event")
    values = [{node.get("key"): node.get("value") for node in event} for event in first]
    assert [value["concept:name"] for value in values][:2] == ["Fill in medical form", "Visit patient"]
    assert values[1]["time:timestamp"] == "2000-01-01T03:00:00.000+00:00"
    assert values[1]["org:role"] == "medical-team"


def test_ocel_relates_events_to_case_sample_and_contact() -> None:
    content = check_ocel(to_ocel(invent_log()))
    assert [each["name"] for each in content["objectTypes"]] == ["case", "sample", "contact"]
    assert len(content["objects"]) == 6 * 4
    visit = next(event for event in content["events"] if event["type"] == "Visit patient")
    assert [each["qualifier"] for each in visit["relationships"]] == ["case", "sample"]


@pytest.mark.verify
def test_another_tool_reads_both_formats(tmp_path: Path) -> None:
    log = invent_log()

    def read(name: str, text: str) -> dict[str, object]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        command = [str(ROOT / ".venv-mining/bin/python"), str(ROOT / "tools/mining/check.py"), str(tmp_path / name)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        return dict(json.loads(answer.stdout.splitlines()[-1]))

    assert read("log.xes", to_xes(log)) == {"cases": 6, "events": 24}
    objects = {"case": 6, "sample": 6, "contact": 12}
    assert read("log.json", to_ocel(log)) == {"events": 24, "objects": objects, "relations": 24 + 6 + 12}
