"""Event logs for process mining: XES (IEEE 1849) and OCEL 2.0 (JSON).

Cases are pseudonyms in random order. Times keep their distances, but not their day: all cases begin at a common time.
Cases with a variant that fewer than `min_cases` cases have are left out, since a rare course can reveal a person.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, SubElement, indent, tostring

START = datetime(2000, 1, 1, tzinfo=UTC)
XES = "http://www.xes-standard.org/"
EXTENSIONS = (("Concept", "concept"), ("Time", "time"), ("Lifecycle", "lifecycle"), ("Organizational", "org"))
MIN_CASES = 5
CASE, SAMPLE, CONTACT = "case", "sample", "contact"


@dataclass(frozen=True)
class LogEvent:
    """One completed activity.

    Attributes:
        case: key by which events belong together; not exported.
        sample: number of the sample of the case, from 1; None if the activity is about none.
        contact: number of the contact of the case, from 1; None likewise.
        resource: role that did it; empty for an automatic activity.
    """

    case: str
    activity: str
    at: datetime
    resource: str = ""
    sample: int | None = None
    contact: int | None = None


@dataclass(frozen=True)
class EventLog:
    """An event log without persons.

    Attributes:
        traces: events by pseudonym, in the order of their time.
        suppressed: number of cases that were left out, as their variant is rare.
    """

    traces: Mapping[str, list[LogEvent]]
    suppressed: int


def create_log(events: Iterable[LogEvent], min_cases: int = MIN_CASES, seed: int | None = None) -> EventLog:
    """Group events by case, leave out rare variants, and replace keys and days.

    Args:
        min_cases: of a variant, which is what was done how often, in any order.
        seed: of the pseudonyms; random ones by default.
    """
    by_case: dict[str, list[LogEvent]] = defaultdict(list)
    for event in sorted(events, key=lambda each: each.at):
        by_case[event.case].append(event)
    variants = Counter(_variant(trace) for trace in by_case.values())
    kept = [trace for trace in by_case.values() if variants[_variant(trace)] >= min_cases]
    random.Random(seed).shuffle(kept)
    traces = {f"case {number}": [_shift(event, trace[0].at) for event in trace] for number, trace in enumerate(kept, 1)}
    return EventLog(traces, len(by_case) - len(kept))


def _variant(trace: Sequence[LogEvent]) -> tuple[str, ...]:
    # sorted: parallel activities end in a random order, by which nearly each case would have a variant of its own
    return tuple(sorted(event.activity for event in trace))


def _shift(event: LogEvent, first: datetime) -> LogEvent:
    """Move an event to the common start, and round it to minutes."""
    since = timedelta(minutes=round((event.at - first) / timedelta(minutes=1)))
    return LogEvent("", event.activity, START + since, event.resource, event.sample, event.contact)


def to_xes(log: EventLog) -> str:
    """Return the log in XES (IEEE 1849-2016)."""
    root = Element("log", {"xes.version": "1849.2016", "xes.features": "", "xmlns": XES})
    for name, prefix in EXTENSIONS:
        uri = f"{XES}{prefix}.xesext"
        SubElement(root, "extension", {"name": name, "prefix": prefix, "uri": uri})
    scope = SubElement(root, "global", {"scope": "trace"})
    _add(scope, "string", "concept:name", "")
    scope = SubElement(root, "global", {"scope": "event"})
    _add(scope, "string", "concept:name", "")
    _add(scope, "date", "time:timestamp", _text(START))
    SubElement(root, "classifier", {"name": "Activity", "keys": "concept:name"})
    for pseudonym, events in log.traces.items():
        trace = SubElement(root, "trace")
        _add(trace, "string", "concept:name", pseudonym)
        for event in events:
            _add_event(trace, event)
    indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _add_event(trace: Element, event: LogEvent) -> None:
    node = SubElement(trace, "event")
    _add(node, "string", "concept:name", event.activity)
    _add(node, "date", "time:timestamp", _text(event.at))
    _add(node, "string", "lifecycle:transition", "complete")
    if event.resource:
        _add(node, "string", "org:role", event.resource)


def _add(parent: Element, kind: str, key: str, value: str) -> None:
    SubElement(parent, kind, {"key": key, "value": value})


def to_ocel(log: EventLog) -> str:
    """Return the log in OCEL 2.0 (JSON), with the object types case, sample and contact."""
    objects: dict[str, dict[str, object]] = {}
    events: list[dict[str, object]] = []
    for pseudonym, trace in log.traces.items():
        objects[pseudonym] = {"id": pseudonym, "type": CASE, "attributes": [], "relationships": []}
        for event in trace:
            related = [(pseudonym, CASE)]
            for kind, number in ((SAMPLE, event.sample), (CONTACT, event.contact)):
                if number is not None:
                    object_id = f"{pseudonym} {kind} {number}"
                    part_of = [{"objectId": pseudonym, "qualifier": "part of"}]
                    objects[object_id] = {"id": object_id, "type": kind, "attributes": [], "relationships": part_of}
                    related.append((object_id, kind))
            events.append(
                {
                    "id": f"event {len(events) + 1}",
                    "type": event.activity,
                    "time": _text(event.at),
                    "attributes": [{"name": "role", "value": event.resource}] if event.resource else [],
                    "relationships": [{"objectId": each, "qualifier": kind} for each, kind in related],
                }
            )
    activities = sorted({event.activity for trace in log.traces.values() for event in trace})
    role = [{"name": "role", "type": "string"}]
    content = {
        "objectTypes": [{"name": kind, "attributes": []} for kind in (CASE, SAMPLE, CONTACT)],
        "eventTypes": [{"name": activity, "attributes": role} for activity in activities],
        "objects": list(objects.values()),
        "events": events,
    }
    return json.dumps(content, indent=1)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
