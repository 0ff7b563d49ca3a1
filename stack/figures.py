"""Figures of a running platform, read from its parts.

Each function takes the content of state.json.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from camunda7.http_client import request
from config.settings import environment_name
from hosting.clients.lab import Lab
from hosting.clients.service import ServiceError
from processes.engine import Engine
from stack.commands import run_command

State = Mapping[str, Any]
TIMEOUT_S = 5


def managers_engine(state: State) -> Engine:
    """Return a client of the engine with the process manager's account, which may not read patients' answers."""
    return Engine(state["engine"], **state["accounts"]["process_manager"])


def read_kpis(state: State) -> dict[str, dict[str, Any]]:
    """Read the KPIs over all closed cases: by key a `kpi` (its label), `value`, `unit`, `over` and `text`.

    Raises:
        PartFailed: the records can't be read.
    """
    settings = {
        environment_name("records", "database_url"): state["records"],
        environment_name("webapp", "suppress_below"): str(state["suppress_below"]),
    }
    return json.loads(run_command("KPIs", [sys.executable, "-m", "kpi", "figures"], settings))


def read_stock(state: State) -> int | None:
    """Read the number of test kits at the laboratory; None if it doesn't answer."""
    try:
        return Lab(state["lab"], state["lab_api_key"], TIMEOUT_S).stock().kits
    except ServiceError:
        return None


def read_metrics(url: str) -> list[Sample]:
    """Read the samples at /metrics of a part; empty if it doesn't answer."""
    try:
        text = request("GET", url + "/metrics", timeout=TIMEOUT_S).text
        return [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    except (requests.RequestException, ValueError):
        return []
