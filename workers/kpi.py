"""The KPI lane: stores the figures of a case (step 19) as one row, without names and contacts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from camunda7.inputs.place import Place
from camunda7.worker import topic
from kpi.rows import KpiRows, find_age_group
from workers.diary import CALLED_AFTER


@topic("kpi.record_case")
def record_case(
    business_key: str,
    correction_number: int,
    case_outcome: str,
    orientation: str,
    age: int,
    evaluation_requested_at: datetime,
    onset_date: str,
    sample_taken_at: datetime,
    lab_result: str,
    result_told_at: datetime,
    report_published_at: datetime,
    care_completed_at: datetime,
    case_classification: str,
    contacts_named: int,
    contacts_named_at: datetime,
    contacts_notified: int,
    contacts_notified_in_24_h: int,
    contacts_notified_at: datetime,
    exposed_to: str,
    rating: str,
    watch_started_at: datetime,
    watch_ended_at: datetime,
    watch_outcome: str,
    release_from: str,
    diary: list[dict[str, Any]],
    *,
    kpis: KpiRows,
    place: Place,
) -> None:
    kpis.record(
        business_key,
        correction_number,
        outcome=case_outcome,
        orientation=orientation,
        age_group=find_age_group(age),
        evaluation_requested_at=evaluation_requested_at,
        onset_date=onset_date,
        sample_taken_at=sample_taken_at,
        result=lab_result,
        result_told_at=result_told_at,
        report_published_at=report_published_at,
        care_completed_at=care_completed_at,
        classification=case_classification,
        contacts_named=contacts_named,
        contacts_named_at=contacts_named_at,
        contacts_notified=contacts_notified,
        contacts_notified_in_24_h=contacts_notified_in_24_h,
        contacts_notified_at=contacts_notified_at,
        came_as_contact=bool(exposed_to),
        rating=int(rating) if rating else None,
        watch_started_at=watch_started_at,
        watch_ended_at=watch_ended_at,
        watch_outcome=watch_outcome,
        released_on_time=_is_on_time(watch_outcome, watch_ended_at, release_from, place),
        red_to_call_s=max(
            (day[CALLED_AFTER] for day in diary or [] if day.get(CALLED_AFTER) is not None), default=None
        ),
    )


def _is_on_time(outcome: str | None, ended_at: datetime | None, release_from: str | None, place: Place) -> bool | None:
    """Whether the patient was released on the first day that the policy allows; None if they weren't released."""
    if outcome != "released" or ended_at is None:
        return None
    return ended_at.astimezone(place.zone).date().isoformat() == release_from
