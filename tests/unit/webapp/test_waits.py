"""The first screen of `/staff/now`: tiles against targets, the worst step with its cause, cases beyond their target."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup

from config.settings import ROOT
from hosting.clients.lab import Stock
from processes.elements import EventBasedGateway, Process, ReceiveTask, UserTask
from processes.positions import ActivityCount, Overdue, Wait
from records.roster import Roster
from tests.unit.webapp.managers import answer_for_engine, signed_in_client
from webapp.options import Doctor
from webapp.staff import now as now_page
from webapp.staff.waits import (
    ACTIONS,
    MORE_DOCTORS,
    Tile,
    choose_action,
    describe_cause,
    find_worst,
    list_alarms,
    list_midnights,
)
from webapp.staff.waits import TARGETS as TARGETED

pytestmark = pytest.mark.usefixtures("records")
NOW = datetime.now(UTC)
VISIT, RESULT, REPORT = UserTask.VISIT_PATIENT, ReceiveTask.WAIT_FOR_TEST_RESULT, UserTask.WRITE_DOCTORS_REPORT
KIT = EventBasedGateway.WAIT_FOR_KIT
DIAGRAMS = (Process.TAKE_SAMPLE, Process.TEST_SAMPLE, Process.CALL_PATIENT)
TARGETS = {"visit": timedelta(hours=24), "result": timedelta(hours=24), "kit": timedelta(hours=24)}


@dataclass(frozen=True)
class Activity:
    """An activity instance; `ago` and `ended_ago` are the hours since its start and end."""

    step: str
    ago: float
    ended_ago: float | None = None

    def was_running(self, at_ms: int) -> bool:
        ago = (NOW.timestamp() - at_ms / 1000) / 3600
        return self.ago >= ago and (self.ended_ago is None or self.ended_ago < ago)

    @property
    def started_ms(self) -> float:
        return 1000 * (NOW.timestamp() - 3600 * self.ago)


ACTIVITIES = [
    Activity(VISIT, 100),
    Activity(VISIT, 30),
    Activity(VISIT, 2),
    Activity(VISIT, 60, ended_ago=10),
    Activity(RESULT, 5),
]


def show_now(monkeypatch: pytest.MonkeyPatch, targets: dict[str, Any], **options: Any) -> BeautifulSoup:
    """Open the page over ACTIVITIES; the laboratory has no kits."""

    def at(step: str) -> list[Activity]:
        return [each for each in ACTIVITIES if each.step == step and not each.ended_ago]

    def running(query: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"step": step, "count": len(own), "first": f"i-{own[0].ago}"}
            | {"oldest": own[0].started_ms, "median": own[(len(own) - 1) // 2].started_ms}
            for step in query["steps"]
            if (own := at(step))
        ]

    def overdue(query: dict[str, Any]) -> dict[str, Any]:
        own = [each for each in at(query["step"]) if each.started_ms <= query["before"]]
        oldest = [{"processInstanceId": f"i-{each.ago}", "start": each.started_ms} for each in own[: query["limit"]]]
        return {"count": len(own), "oldest": oldest}

    def past(query: dict[str, Any]) -> dict[str, list[int]]:
        return {
            step: [sum(each.was_running(at) for each in ACTIVITIES if each.step == step) for at in query["times"]]
            for step in query["steps"]
        }

    versions = [{"id": key, "key": key, "version": 1} for key in DIAGRAMS]
    answers = {
        f"/process-definition/{key}/xml": {"bpmn20Xml": (ROOT / f"processes/{key}.bpmn").read_text()}
        for key in DIAGRAMS
    } | {
        "/coronacare/activity-statistics/running": running,
        "/coronacare/activity-statistics/overdue": overdue,
        "/coronacare/activity-statistics/past": past,
        "/process-definition": versions,
        "/coronacare/activity-statistics/versions": [each["id"] for each in versions],
        "/history/process-instance": lambda body: [
            {"id": each, "businessKey": f"C{each}"} for each in body["processInstanceIds"]
        ],
        "/external-task": [],
        "/incident": [],
    }
    answer_for_engine(monkeypatch, answers)
    monkeypatch.setattr(now_page, "get_stock", lambda: Stock(0, 0))
    client = signed_in_client(monkeypatch, targets=targets, cockpit_url="/cockpit/", **options)
    return BeautifulSoup(client.get("/staff/now").text, "html.parser")


def test_the_first_screen_names_the_worst_step_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    page = show_now(monkeypatch, TARGETS)
    headline = page.select_one(".headline").text
    assert "The visit takes too long. 2 patients have waited longer than 24 h, the longest 4 d." in headline
    assert f"Next: {ACTIONS[VISIT]}" in headline
    # yesterday three waited, too: one of them is visited, and one is new
    assert "yesterday" not in headline


def test_a_shortage_is_named_before_its_target_is_exceeded() -> None:
    tiles = [tile(step, hours=1) for step in TARGETED]
    alarms = [(each.headline, each.action) for each in list_alarms(tiles, Stock(0, 3), 0)]
    assert alarms == [
        ("No test kits are left. 3 patients are waiting for one, the longest for 60 min.", ACTIONS[KIT]),
        ("No doctor is on duty. 6 patients are waiting for one.", MORE_DOCTORS),
    ]
    assert list_alarms(tiles, None, 1) == list_alarms(tiles, Stock(1, 0), 1) == []


def test_an_emergency_call_is_an_alarm_before_its_target_is_exceeded() -> None:
    tiles = [replace(tile(step), overdue=Overdue(0, [])) for step in TARGETED]
    [alarm] = list_alarms(tiles, None, 1)
    assert alarm.headline == "3 patients are waiting for a doctor's call in an emergency, the longest for 30 h."
    assert alarm.action == ACTIONS[UserTask.CALL_PATIENT]


def test_a_waiting_call_comes_with_the_doctors_on_duty(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    doctors = {
        "ann": Doctor("Ann Able", "+44 7700 900601", "ann@doctors.example"),
        "bob": Doctor("Bob Best", email="bob@doctors.example"),
    }
    Roster().fill_if_empty({"ann": None, "bob": None, "unlisted": None})
    # then no number is in the headlines while no one waits for a doctor
    assert show_now(monkeypatch, {}, doctors=doctors).select(".headline a") == []
    # when a patient waits
    monkeypatch.setattr("tests.unit.webapp.test_waits.ACTIVITIES", [Activity(UserTask.CALL_PATIENT, 1)])
    for targets in ({}, {"emergency_call": timedelta(minutes=10)}):
        [headline] = show_now(monkeypatch, targets, doctors=doctors).select(".headline")
        on_duty = "On duty: Ann Able +44 7700 900601; Bob Best bob@doctors.example; unlisted"
        assert on_duty in " ".join(headline.text.split())
        assert [link["href"] for link in headline.select("a")] == ["tel:+447700900601", "mailto:bob@doctors.example"]


def test_incidents_come_before_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(now_page, "count_incidents", lambda: Counter({"Order lab test": 1}))
    headlines = [
        each.text.strip() for each in show_now(monkeypatch, {"visit": timedelta(hours=101)}).select(".headline")
    ]
    assert [each[0] for each in headlines] == ["!"]


def test_each_tile_has_its_figures_and_its_course(monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = {each.select_one("h3").text: each for each in show_now(monkeypatch, TARGETS).select(".tile")}
    visit = tiles["The visit"]
    assert "▲ 2 beyond target" in visit.text
    assert [each.text for each in visit.select("dd")] == ["3", "24 h", "4 d", "30 h"]
    numbers = visit.select_one("svg")["aria-label"].partition(": ")[2].split(", ")
    assert len(numbers) == 14
    assert (numbers[0], numbers[-1]) == ("0", "3")
    assert "✓ All within target" in tiles["The result"].text
    assert "No one waits" in tiles["A test kit"].text


def test_the_cases_beyond_their_target_are_listed_by_reference_only(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[cell.text for cell in row.select("th, td")] for row in show_now(monkeypatch, TARGETS).select("tbody tr")]
    assert [row for row in rows if row[1].startswith("Ci-")] == [
        ["The visit", "Ci-100", "4 d", "24 h"],
        ["The visit", "Ci-30", "30 h", "24 h"],
    ]


def test_without_excess_the_page_says_so_and_without_targets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    page = show_now(monkeypatch, {"visit": timedelta(hours=101)})
    assert "No one waits longer than the targets allow" in page.select_one(".headline").text
    assert show_now(monkeypatch, {}).select(".headline") == []


def tile(step: str, incidents: int = 0, hours: float = 30) -> Tile:
    now = ActivityCount(3, timedelta(hours=hours), timedelta(hours=1), "i", incidents)
    return Tile(Wait("What", step, now, 1), 1, timedelta(hours=24), Overdue(1, []), [1, 3])


@pytest.mark.parametrize(
    ("step", "stock", "doctors", "incidents", "cause"),
    [
        (KIT, Stock(0, 3), 1, 0, "The laboratory has no test kits left."),
        (KIT, Stock(1, 3), 1, 0, "The laboratory has 1 test kit, but hasn't granted these patients one."),
        (KIT, None, 1, 0, "The laboratory isn't responding."),
        (RESULT, None, 1, 0, "The laboratory isn't responding."),
        (RESULT, Stock(0, 0), 1, 0, "The laboratory responds, but hasn't sent these results."),
        (REPORT, None, 0, 0, "No doctor is on duty."),
        (REPORT, None, 2, 0, "2 doctors on duty for 3 patients."),
        (VISIT, None, 2, 0, "The platform knows no cause: ask the medical team."),
        (VISIT, None, 2, 1, "1 case can't continue because of an incident."),
    ],
)
def test_the_cause_as_far_as_the_platform_knows_it(
    step: str, stock: Stock | None, doctors: int, incidents: int, cause: str
) -> None:
    assert describe_cause(tile(step, incidents), stock, doctors) == cause


@pytest.mark.parametrize(
    ("step", "doctors", "incidents", "action"),
    [
        (VISIT, 1, 0, "Ask the medical team"),
        (REPORT, 1, 0, "Ask the doctors to claim reports"),
        (REPORT, 0, 0, "Ask a doctor to go on duty"),
        (RESULT, 0, 1, "View the incident"),
    ],
)
def test_a_manager_reads_what_to_do_next(step: str, doctors: int, incidents: int, action: str) -> None:
    assert choose_action(tile(step, incidents), doctors).startswith(action)


def test_the_worst_wait_is_the_longest_in_proportion_to_its_target() -> None:
    longest = tile(VISIT, hours=90)
    assert find_worst([tile(KIT, hours=30), longest, tile(RESULT, hours=40)]) is longest
    assert find_worst([]) is None


def test_days_end_at_midnight_of_the_time_zone() -> None:
    # on the night of 29 March 2026 clocks go forward in Berlin
    midnights = list_midnights(ZoneInfo("Europe/Berlin"), datetime(2026, 3, 30, 22, 30, tzinfo=UTC))
    assert len(midnights) == 13
    assert midnights[-1] == datetime(2026, 3, 30, 22, tzinfo=UTC)
    assert midnights[-3] == datetime(2026, 3, 28, 23, tzinfo=UTC)
