"""The Grafana dashboard is valid by Grafana's own types, and queries existing metrics."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from config.settings import ROOT
from processes.elements import EventBasedGateway
from processes.positions import BOTTLENECKS

DASHBOARD = ROOT / "monitoring" / "grafana" / "coronacare.json"
# in JSON an enumeration is one of its texts
TYPED = """import type {{ Dashboard, Panel }} from '@grafana/schema';
type Plain<T> = T extends string ? `${{T}}` : T extends object ? {{ [K in keyof T]: Plain<T[K]> }} : T;
const panels: Plain<Panel>[] = {panels};
const dashboard: Plain<Omit<Dashboard, 'panels'>> = {rest};
export default [dashboard, panels];
"""
# metrics of libraries, and of Prometheus itself
OTHERS = {"up", "executor_active_threads", "hikaricp_connections_active", "hikaricp_connections_pending"}


def in_typescript(dashboard: str) -> str:
    rest = json.loads(dashboard)
    return TYPED.format(panels=json.dumps(rest.pop("panels")), rest=json.dumps(rest))


@pytest.fixture(scope="module")
def type_errors(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The TypeScript compiler's errors in our dashboard, and in one with a misspelt property."""
    folder, dashboard = tmp_path_factory.mktemp("dashboards"), DASHBOARD.read_text()
    (folder / "ours.ts").write_text(in_typescript(dashboard))
    (folder / "misspelt.ts").write_text(in_typescript(dashboard.replace('"gridPos"', '"gridPosition"', 1)))
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    options = ["--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "bundler", "--module", "esnext"]
    command = [ROOT / "node_modules/.bin/tsc", *options, "ours.ts", "misspelt.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.slow
def test_the_dashboard_is_valid_and_a_misspelt_property_is_found(type_errors: list[str]) -> None:
    assert [line for line in type_errors if not line.startswith(("misspelt.ts", " "))] == []
    assert "gridPosition" in type_errors[0]


def test_the_dashboard_has_the_time_zone_of_the_pages() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    grafana = compose["services"]["grafana"]["environment"]
    pages = compose["x-settings"]["CORONACARE_WEBAPP__TIME_ZONE"]
    # empty: Grafana's default
    assert json.loads(DASHBOARD.read_text())["timezone"] == ""
    assert grafana["GF_DATE_FORMATS_DEFAULT_TIMEZONE"] == pages


def test_the_dashboard_queries_existing_metrics() -> None:
    queries = " ".join(
        target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]
    )
    names = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", re.sub(r"\{[^}]*\}|by \([^)]*\)", "", queries)))
    names -= {"histogram_quantile"}
    queried = {re.sub(r"_(bucket|total)$", "", name) for name in names} - OTHERS
    folders = ("webapp", "hosting", "processes", "camunda7", "camunda7/worker")
    python = " ".join(path.read_text() for folder in folders for path in (ROOT / folder).glob("*.py"))
    java = (ROOT / "engine/src/main/java/org/coronacare/engine/EngineMetrics.java").read_text()
    for name in queried:
        if name.startswith("engine_"):
            metric = name.removeprefix("engine_").removesuffix("_oldest_seconds").replace("_", ".")
            assert f'"{metric}"' in java, name
        elif name.startswith("haproxy_"):
            # compared with the front's own metrics in tests/staff/test_front.py
            continue
        elif name.startswith("worker_"):
            assert f'"{name.removeprefix("worker_").removesuffix("_seconds")}"' in python, name
        else:
            assert f'"{name}"' in python, name


def test_the_first_row_has_the_waits_of_the_page_now() -> None:
    longest, waiting, *others = json.loads(DASHBOARD.read_text())["panels"]
    assert all(each["gridPos"]["y"] > waiting["gridPos"]["y"] for each in others)
    # the engine requests a kit anew each policy.kit_asked_again_after, so that the age of the wait isn't in its metrics
    labels = [label for label, step in BOTTLENECKS.items() if step != EventBasedGateway.WAIT_FOR_KIT]
    assert [each["legendFormat"] for each in longest["targets"]] == labels
    assert [each["legendFormat"] for each in waiting["targets"]] == list(BOTTLENECKS)
    diagrams = " ".join(path.read_text() for path in (ROOT / "processes").glob("*.bpmn"))
    queries = " ".join(each["expr"] for panel in (longest, waiting) for each in panel["targets"])
    steps = set(re.findall(r'(?:task|step)="(\w+)"', queries))
    assert steps
    assert [step for step in steps if f'id="{step}"' not in diagrams] == []
