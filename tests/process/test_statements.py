"""What a case costs the engine and its database, as a number of SQL statements: bench/statements.json has the baseline.

UPDATE_BASELINE=1 writes it anew.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bench import statements
from tests.support.case import CONTACT, GREEN_DAY, WITH_COUGH, CaseUnderTest
from tests.support.postgresql import engine_url

pytestmark = [pytest.mark.engine, pytest.mark.serial]

BASELINE = Path(statements.__file__).with_name("statements.json")
CASES = 4
MAX_CHANGE = 0.03
# of executed statements, checks of foreign keys included; with the driver's and the server's defaults it is 0.17
MAX_PLANNED = 0.1
# on a busy machine transactions conflict and are repeated: the cheapest round counts
MAX_ROUNDS = 3
SHOWN = 25


def run_negative(case: CaseUnderTest) -> None:
    run_to_report(case, "negative")
    finish(case, "not_a_case")


def run_positive(case: CaseUnderTest) -> None:
    run_to_report(case, "positive")
    contact = {**CONTACT, "email": f"{case.barcode.lower()}@contacts.example"}
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [contact]})
    finish(case, "confirmed")


def run_watched(case: CaseUnderTest) -> None:
    """A positive case that enters and leaves the watch at home, without a day in it."""
    enter_watch(case)
    case.end_watch()
    case.wait_for_end()


def run_watched_day(case: CaseUnderTest) -> None:
    """The same with one reported day."""
    enter_watch(case)
    case.fire_timer("Event_ReportHour")
    case.submit_form("daily_report", {**GREEN_DAY, "report_hour": None})
    case.wait_until_at("Event_ReportHour")
    case.end_watch()
    case.wait_for_end()


def enter_watch(case: CaseUnderTest) -> None:
    case.policy["watched_at_home"] = True
    run_to_report(case, "positive")
    contact = {**CONTACT, "email": f"{case.barcode.lower()}@contacts.example"}
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [contact]})
    case.submit_report(case_classification="confirmed")
    case.submit_form("review", {"rating": "5", "review_comment": None})
    case.wait_until_at("Event_ReportHour")


def run_to_report(case: CaseUnderTest, finding: str) -> None:
    case.start(WITH_COUGH)
    case.request_evaluation()
    case.fill_in_medical_form()
    case.record_visit(finding=finding)


def finish(case: CaseUnderTest, classification: str) -> None:
    case.submit_report(case_classification=classification)
    case.submit_form("review", {"rating": "5", "review_comment": None})
    case.wait_for_end()


ROADS = {
    "negative": run_negative,
    "positive": run_positive,
    "watched": run_watched,
    "watched_day": run_watched_day,
}


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
def test_a_case_costs_no_more_statements_than_before(
    state: dict[str, Any], road: Callable[[CaseUnderTest], None], request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    baseline = json.loads(BASELINE.read_text())
    before = baseline.get(name, {"total": 0, "most": {}})
    run_cases(state, road)
    rounds = (count_statements(state, road) for _ in range(MAX_ROUNDS))
    per_case = cheapest(rounds, before["total"] * (1 + MAX_CHANGE))
    total = per_case.total()
    print(f"{name}: {total:.0f} statements a case, {before['total']} before")
    for kind, calls in per_case.most_common(SHOWN):
        print(f"  {calls:7.1f}  {kind}  ({calls - before['most'].get(kind, 0):+.1f})")
    if os.environ.get("UPDATE_BASELINE"):
        most = {kind: round(calls, 1) for kind, calls in per_case.most_common(SHOWN)}
        BASELINE.write_text(json.dumps({**baseline, name: {"total": round(total), "most": most}}, indent=2) + "\n")
        return
    assert total <= before["total"] * (1 + MAX_CHANGE), "the diagrams or the engine's settings make a case dearer"
    assert total >= before["total"] * (1 - MAX_CHANGE), "a case has become cheaper: write the baseline anew"


def test_the_database_plans_few_statements_of_a_case(state: dict[str, Any]) -> None:
    run_cases(state, run_negative)
    count_statements(state, run_negative)
    share = statements.measure_planned_share(engine_url())
    print(f"{share:.0%} of the statements were planned")
    assert share <= MAX_PLANNED


def cheapest(rounds: Iterable[Counter[str]], enough: float) -> Counter[str]:
    """The cheapest round, up to the first that costs at most `enough`."""
    best: Counter[str] | None = None
    for each in rounds:
        best = each if best is None or each.total() < best.total() else best
        if best.total() <= enough:
            break
    assert best is not None
    return best


def count_statements(state: dict[str, Any], road: Callable[[CaseUnderTest], None]) -> Counter[str]:
    """Statements of one case, by verb and table."""
    database = engine_url()
    statements.reset(database)
    run_cases(state, road)
    return Counter({kind: calls / CASES for kind, calls in statements.count(database).items()})


def run_cases(state: dict[str, Any], road: Callable[[CaseUnderTest], None]) -> None:
    with ThreadPoolExecutor(CASES) as pool:
        list(pool.map(road, [CaseUnderTest(state) for _ in range(CASES)]))
