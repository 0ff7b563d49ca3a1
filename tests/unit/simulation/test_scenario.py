"""Scenario files: what they may contain, and how errors are reported."""

from pathlib import Path

import pytest

from config.settings import ROOT
from simulation.errors import ScenarioError
from simulation.parameters import load_defaults, load_parameters, merge_scenario
from simulation.runner import merge_policy
from simulation.scenario import parse_scenario, read_scenario


def test_the_demo_scenario_is_valid() -> None:
    scenario = read_scenario(ROOT / "simulation" / "surge.yaml")
    assert scenario.arrivals.times == 10
    assert scenario.staff["medical-team"][0].number == 12


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "name: field required"),
        ({"name": "x", "doctors": 3}, "doctors: unknown; docs/reference/scenario-file.md lists all entries"),
        ({"name": "x", "days": 0}, "days: input should be greater than or equal to 1"),
        ({"name": "x", "arrivals": {"open": "20:00", "close": "08:00"}}, "arrivals: open must be before close"),
        ({"name": "x", "laboratory": {"turnaround_hours": [9, 3]}}, "the shortest time must not be longer"),
        ({"name": "x", "staff": {"nurses": 3}}, "staff.nurses"),
        ({"name": "x", "files": "/nowhere"}, "has no folder processes/"),
        ([], "must have entries"),
    ],
)
def test_an_error_names_the_file_and_the_entry(content: object, error: str) -> None:
    with pytest.raises(ScenarioError, match=r"^plan\.yaml: ") as raised:
        parse_scenario(content, "plan.yaml")
    assert error in str(raised.value)


def test_a_file_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="can't be read"):
        read_scenario(tmp_path / "missing.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: [")
    with pytest.raises(ScenarioError, match="isn't YAML"):
        read_scenario(broken)


def test_a_number_of_people_is_a_shift_by_day() -> None:
    shift = parse_scenario({"name": "x", "staff": {"doctors": 4}}, "x").staff["doctors"][0]
    assert (shift.number, shift.since, shift.until) == (4, "08:00", "18:00")


def test_unknown_shares_are_refused_with_the_known_ones() -> None:
    scenario = parse_scenario({"name": "x", "shares": {"lab_result": {"maybe": 1}}}, "x")
    with pytest.raises(ScenarioError, match="positive, negative, inconclusive, lost"):
        merge_scenario(load_defaults(), scenario)


def test_what_a_scenario_states_is_marked_as_such() -> None:
    scenario = parse_scenario({"name": "x", "shares": {"call_reached": {"yes": 1, "no": 0}}}, "x")
    merged = merge_scenario(load_defaults(), scenario)
    assert merged.origin("shares.call_reached") == "stated in the scenario"
    assert merged.origin("shares.lab_result") == "stated"


def test_a_wrong_policy_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"policy\.most_visits"):
        merge_policy({}, {"most_visits": 0})


def test_without_learnt_parameters_the_defaults_hold(tmp_path: Path) -> None:
    assert load_parameters(tmp_path / "parameters.json") == load_defaults()
    (tmp_path / "parameters.json").write_text("{}")
    with pytest.raises(ScenarioError, match=r"parameters\.json"):
        load_parameters(tmp_path / "parameters.json")
