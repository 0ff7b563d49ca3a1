"""Event logs: pseudonyms, no rare variants, no days, and the shape of XES and OCEL 2.0."""

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from simulation.event_log import EventLog, LogEvent, create_log, to_ocel, to_xes

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


def test_neither_references_nor_days_are_exported() -> None:
    for text in (to_xes(invent_log()), to_ocel(invent_log())):
        assert "SECRET" not in text
        assert "RARE" not in text
        assert "2026" not in text
        assert "Assess by hand" not in text


def test_xes_has_traces_with_ordered_events() -> None:
    root = ElementTree.fromstring(to_xes(invent_log()))
    traces = root.findall(f"{XES}trace")
    assert len(traces) == 6
    first = traces[0].findall(f"{XES}event")
    values = [{node.get("key"): node.get("value") for node in event} for event in first]
    assert [value["concept:name"] for value in values][:2] == ["Fill in medical form", "Visit patient"]
    assert values[1]["time:timestamp"] == "2000-01-01T03:00:00.000+00:00"
    assert values[1]["org:role"] == "medical-team"


def test_ocel_relates_events_to_case_sample_and_contact() -> None:
    content = json.loads(to_ocel(invent_log()))
    assert [each["name"] for each in content["objectTypes"]] == ["case", "sample", "contact"]
    ids = {each["id"] for each in content["objects"]}
    assert len(ids) == 6 * 4
    assert all(each["objectId"] in ids for event in content["events"] for each in event["relationships"])
    visit = next(event for event in content["events"] if event["type"] == "Visit patient")
    assert [each["qualifier"] for each in visit["relationships"]] == ["case", "sample"]
