"""Each KPI is compared with plain arithmetic over generated cases, for any order of recording and any period."""

from __future__ import annotations

import random
import statistics
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kpi.indicator import DAYS, SECONDS, Indicator
from kpi.indicators import compute_kpis
from kpi.rows import CaseRow, KpiRows, rebuild
from kpi.synthetic import cases as invented_cases
from kpi.synthetic import invent
from kpi.tallies import Tally

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("records")]
FIRST, PERIOD_DAYS = date(2020, 2, 20), 75
OUTCOMES = ("care_completed", "care_completed", "care_completed", "withdrawn", "evaluation_declined", None)
Case = dict[str, Any]


def generate_case(chance: random.Random) -> Case:
    """A random case; values that aren't always known may be missing."""

    def maybe(value: Any) -> Any:
        return value if chance.random() < 0.8 else None

    # whole hours, so that some durations are equal
    requested = datetime(2020, 2, 10, tzinfo=UTC) + timedelta(hours=chance.randrange(1000))
    moments = [requested := requested + timedelta(hours=chance.randrange(60)) for _ in range(5)]
    sampled, result_told, reported, completed, notified = moments
    result = chance.choice(["positive", "positive", "negative", "indeterminate", None])
    is_positive = result == "positive"
    named = chance.randrange(4) if is_positive else None
    return {
        "outcome": chance.choice(OUTCOMES),
        "result": result,
        "classification": maybe("confirmed") if is_positive else maybe("not_a_case"),
        "onset_date": maybe(str(sampled.date() - timedelta(days=chance.randrange(9)))),
        "evaluation_requested_at": maybe(sampled - timedelta(hours=2)),
        "sample_taken_at": maybe(sampled),
        "result_told_at": maybe(result_told),
        "report_published_at": maybe(reported),
        "care_completed_at": maybe(completed),
        "rating": maybe(chance.randrange(1, 6)),
        "contacts_named": named,
        "contacts_notified": named and chance.randrange(named + 1),
        "contacts_notified_in_24_h": named and 0,
        "contacts_notified_at": maybe(notified) if named else None,
        "came_as_contact": chance.random() < 0.3,
        "watch_outcome": (outcome := chance.choice(["released", "released", "hospital", "withdrawn", None])),
        "released_on_time": chance.random() < 0.5 if outcome == "released" else None,
        "red_to_call_s": maybe(chance.randrange(7200)) if outcome else None,
        "closed_on": FIRST + timedelta(days=chance.randrange(PERIOD_DAYS)),
    }


def record(cases: list[Case], chance: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record each case as the worker does: in pieces, twice, and some with a correction afterwards."""
    for number, case in enumerate(cases):
        monkeypatch.setattr("kpi.rows._now", lambda day=case["closed_on"]: f"{day}T12:00:00.000+00:00")
        known = {name: value for name, value in case.items() if name != "closed_on"}
        correction = chance.randrange(2)
        if correction:
            KpiRows().record(f"C-{number}", outcome="care_completed", result="negative", rating=1, contacts_named=9)
            if case["outcome"] is None:
                # a corrected case that is open again is in no KPI
                KpiRows().record(f"C-{number}", correction, result="positive")
        part = dict(chance.sample(sorted(known.items()), chance.randrange(len(known))))
        for piece in (part, known, known):
            KpiRows().record(f"C-{number}", correction, **piece)


def expected(cases: list[Case]) -> dict[str, float | None]:
    """The KPIs, computed from lists of cases."""
    closed = [case for case in cases if case["outcome"]]
    results = [case["result"] for case in closed if case["result"]]
    ratings = [case["rating"] for case in closed if case["rating"]]
    confirmed = [case for case in closed if case["classification"] == "confirmed"]
    with_contacts = [case["contacts_named"] for case in confirmed if case["contacts_named"]]
    named = sum(case["contacts_named"] or 0 for case in closed)
    notified = sum(case["contacts_notified"] or 0 for case in closed)
    conclusive = results.count("positive") + results.count("negative")
    secondary = sum(case["came_as_contact"] for case in confirmed)
    watched = [case["watch_outcome"] for case in closed if case["watch_outcome"]]
    on_time = sum(bool(case["released_on_time"]) for case in closed)
    return {
        "closed": len(closed),
        **{f"ended_{each}": sum(case["outcome"] == each for case in closed) for each in {c["outcome"] for c in closed}},
        "positive": results.count("positive"),
        "negative": results.count("negative"),
        "other": len(results) - conclusive,
        "positivity": results.count("positive") / conclusive if conclusive else None,
        "mean_feedback": statistics.fmean(ratings) if ratings else None,
        "ratings": len(ratings),
        "ratings_asked": sum(case["care_completed_at"] is not None for case in closed),
        **spread("cycle_time", closed, "evaluation_requested_at", "care_completed_at"),
        **spread("sample_to_result", closed, "sample_taken_at", "result_told_at"),
        **spread("result_to_report", closed, "result_told_at", "report_published_at"),
        **spread("sample_to_last_contact", closed, "sample_taken_at", "contacts_notified_at"),
        **spread_of("red_to_call", [case["red_to_call_s"] for case in closed if case["red_to_call_s"] is not None]),
        **spread_of(
            "onset_to_result",
            [
                (case["result_told_at"].date() - date.fromisoformat(case["onset_date"])).days
                for case in closed
                if case["onset_date"] and case["result_told_at"]
            ],
        ),
        "confirmed": len(confirmed),
        "with_contacts": len(with_contacts) / len(confirmed) if confirmed else None,
        "contacts_per_case": statistics.fmean(with_contacts) if with_contacts else None,
        "contacts_named": named,
        "notified_in_24_h": sum(case["contacts_notified_in_24_h"] or 0 for case in closed) / named if named else None,
        "secondary": secondary / notified if notified else None,
        "watched": len(watched),
        "watched_to_hospital": watched.count("hospital") / len(watched) if watched else None,
        "released_on_time": on_time / watched.count("released") if watched.count("released") else None,
    }


def spread(name: str, cases: list[Case], start: str, end: str) -> dict[str, float | None]:
    durations = [(case[end] - case[start]).total_seconds() for case in cases if case[start] and case[end]]
    return spread_of(name, durations)


def spread_of(name: str, values: list[float]) -> dict[str, float | None]:
    deciles = statistics.quantiles(values, n=10, method="inclusive") if len(values) > 1 else values * 9 or [None] * 9
    return {
        f"{name}_mean": statistics.fmean(values) if values else None,
        f"{name}_median": deciles[4],
        f"{name}_p90": deciles[8],
    }


def is_equal(figure: Indicator, value: float | None) -> bool:
    tolerance = 0.02 if figure.unit == SECONDS and not figure.key.endswith("mean") else 1e-9
    return figure.value == (value if value is None else pytest.approx(value, rel=tolerance))


@pytest.mark.parametrize(("seed", "count"), [(1, 0), (2, 1), (3, 2), (4, 7), (5, 150)])
def test_each_kpi_of_recorded_cases(seed: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    cases = [generate_case(chance) for _ in range(count)]
    record(cases, chance, monkeypatch)
    ends = [None, *(FIRST + timedelta(days=day) for day in (0, 10, 11, 40, 41, PERIOD_DAYS + 40))]
    for first, last in [(first, last) for first in ends for last in ends]:
        within = [case for case in cases if (first or date.min) <= case["closed_on"] <= (last or date.max)]
        reference, found = expected(within), compute_kpis(first, last)
        assert {figure.key for figure in found} == reference.keys()
        assert [figure for figure in found if not is_equal(figure, reference[figure.key])] == []
    assert {figure.unit for figure in compute_kpis()} >= {SECONDS, DAYS}


def test_each_kpi_without_and_with_invented_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    recorded = [generate_case(chance) for _ in range(60)]
    record(recorded, chance, monkeypatch)
    today = FIRST + timedelta(days=50)
    invent(4, today)
    invented = [as_case(row) for row in invented_cases(4, today)]
    for first, last in [(None, None), (today - timedelta(days=20), today - timedelta(days=3))]:
        for cases, included in ((recorded, False), (recorded + invented, True)):
            within = [case for case in cases if (first or date.min) <= case["closed_on"] <= (last or date.max)]
            reference, found = expected(within), compute_kpis(first, last, invented=included)
            assert {figure.key for figure in found} == reference.keys()
            assert [figure for figure in found if not is_equal(figure, reference[figure.key])] == []
    assert rebuild()


def as_case(row: dict[str, Any]) -> Case:
    """A row's moments as datetimes, as generated cases have them."""
    moments = {name: value and datetime.fromisoformat(value) for name, value in row.items() if name.endswith("_at")}
    return {**row, **moments, "closed_on": date.fromisoformat(row["closed_at"][:10])}


def test_rebuilding_gives_the_stored_tallies_and_corrects_wrong_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(6)
    record([generate_case(chance) for _ in range(60)], chance, monkeypatch)
    stored, figures = sorted(Tally.select().tuples()), compute_kpis()
    assert rebuild()
    assert sorted(Tally.select().tuples()) == stored
    # wrong and missing tallies are corrected
    Tally.update(count=Tally.count + 3).where(Tally.figure == "outcome").execute()
    Tally.delete().where(Tally.figure == "rating").execute()
    assert compute_kpis() != figures
    assert not rebuild()
    assert sorted(Tally.select().tuples()) == stored
    Tally.delete().execute()
    assert not rebuild()
    assert sorted(Tally.select().tuples()) == stored
    assert CaseRow.select().count() == 60
