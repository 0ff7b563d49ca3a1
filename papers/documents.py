"""The papers that a case gives its patient, from the case's process variables."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

CONCLUSIVE = ("positive", "negative")
# an entry of the process variable results_so_far (processes/corona_care.bpmn)
SAMPLE = re.compile(r"Sample \d+, (?P<barcode>[^,]*), taken (?P<taken_at>\S+): (?P<result>\w+);")


class Kind(enum.StrEnum):
    """What a paper says.

    Attributes:
        RESULT: the result of a test.
        ISOLATION: from when until when a patient must stay isolated.
        QUARANTINE: the same of a contact of a case, who may be healthy.
        RELEASE: that the isolation is over.
    """

    RESULT = "result"
    ISOLATION = "isolation"
    QUARANTINE = "quarantine"
    RELEASE = "release"


# a patient has one of them at a time: a paper of the other kind corrects it
NOTICES = {Kind.ISOLATION, Kind.QUARANTINE}


@dataclass(frozen=True)
class Holder:
    """The person whom a paper is about."""

    given_name: str
    family_name: str
    date_of_birth: date

    @property
    def initials(self) -> str:
        """The first letters of the given and the family name: `A. L.`"""
        return " ".join(f"{name[0].upper()}." for name in (self.given_name, self.family_name))


@dataclass(frozen=True)
class Paper:
    """A paper as it holds now.

    Attributes:
        is_current: whether it is about the case's newest result; a result of an earlier sample isn't.
        result: positive or negative, of a test result.
        sample: barcode of the sample, which isn't printed.
        on: the day on which the sample was taken, or the isolation ended.
        until: the last day of the isolation or quarantine.
    """

    kind: Kind
    holder: Holder
    on: date
    until: date | None = None
    result: str = ""
    sample: str = ""
    is_current: bool = True

    @property
    def content(self) -> dict[str, Any]:
        """What a paper must agree with to hold, for its fingerprint."""
        return {name: value for name, value in asdict(self).items() if name != "is_current"}


def list_papers(values: dict[str, Any], zone: tzinfo) -> list[Paper]:
    """Return the papers that hold now; none without a name and a date of birth.

    Args:
        values: process variables of the case.
        zone: of the days on the papers.
    """
    holder = find_holder(values)
    return list(_list_papers(values, zone, holder)) if holder else []


def find_holder(values: dict[str, Any]) -> Holder | None:
    """Return the case's patient; None without a name and a date of birth."""
    given, family = (" ".join((values.get(name) or "").split()) for name in ("given_name", "family_name"))
    born = values.get("date_of_birth")
    return Holder(given, family, date.fromisoformat(born)) if given and family and born else None


def _list_papers(values: dict[str, Any], zone: tzinfo, holder: Holder) -> Iterator[Paper]:
    yield from _list_results(values, zone, holder)
    if notice := _find_notice(values, zone, holder):
        yield notice
    if _is_released(values):
        yield Paper(Kind.RELEASE, holder, _day_of(values["watch_ended_at"], zone))


def _is_released(values: dict[str, Any]) -> bool:
    """Whether the watch at home has released a positive case from isolation."""
    is_released = values.get("watch_outcome") == "released" and values.get("watch_ended_at") is not None
    return is_released and values.get("lab_result") == "positive"


def _list_results(values: dict[str, Any], zone: tzinfo, holder: Holder) -> Iterator[Paper]:
    """Yield the result that was sent to the patient, and the conclusive results of earlier samples."""
    current = values.get("lab_result_barcode")
    if _is_notified(values) and values["lab_result"] in CONCLUSIVE and current:
        on = _day_of(_find_sampling(values, current), zone)
        yield Paper(Kind.RESULT, holder, on, result=values["lab_result"], sample=current)
    for barcode, sample in _read_samples(values).items():
        if barcode != current and sample["result"] in CONCLUSIVE:
            on = _day_of(datetime.fromisoformat(sample["taken_at"]), zone)
            yield Paper(Kind.RESULT, holder, on, result=sample["result"], sample=barcode, is_current=False)


def _find_notice(values: dict[str, Any], zone: tzinfo, holder: Holder) -> Paper | None:
    """Return the notice of isolation by the doctor's report or the result, or of quarantine by the last exposure."""
    policy = values["policy"]
    reported = values.get("isolation_until") if values.get("report_published_at") else None
    if _is_notified(values) and values["lab_result"] == "positive":
        sampled = _day_of(_find_sampling(values, values.get("lab_result_barcode")), zone)
        begin = date.fromisoformat(values["onset_date"]) if values.get("onset_date") else sampled
        until = date.fromisoformat(reported) if reported else begin + timedelta(days=policy["isolation_days"])
        return Paper(Kind.ISOLATION, holder, sampled, until) if until >= sampled else None
    exposure = values.get("last_exposure_date") if values.get("exposed") else None
    if exposure:
        begin = date.fromisoformat(exposure)
        until = date.fromisoformat(reported) if reported else begin + timedelta(days=policy["quarantine_days"])
        return Paper(Kind.QUARANTINE, holder, begin, until)
    if reported:
        return Paper(Kind.ISOLATION, holder, _day_of(values["report_published_at"], zone), date.fromisoformat(reported))
    return None


def _is_notified(values: dict[str, Any]) -> bool:
    return bool(values.get("result_told_at") and values.get("lab_result"))


def _read_samples(values: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the last entry of each sample, by its barcode."""
    found = SAMPLE.finditer(values.get("results_so_far") or "")
    return {sample["barcode"]: sample.groupdict() for sample in found}


def _find_sampling(values: dict[str, Any], barcode: str | None) -> datetime:
    """Return when a sample was taken."""
    sample = _read_samples(values).get(barcode or "")
    return datetime.fromisoformat(sample["taken_at"]) if sample else values["sample_taken_at"]


def _day_of(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()
