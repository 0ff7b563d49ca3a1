"""A Prometheus server that scrapes each part of a platform every half second."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import yaml

from config.settings import ROOT
from tests.support.case import eventually
from tests.support.ports import free_port

MONITORING = ROOT / "monitoring"
EVERY = "500ms"


class Prometheus:
    def __init__(self, url: str):
        self._url = url

    def firing(self) -> set[str]:
        """Names of the alerts that are firing."""
        found = self._get("/api/v1/alerts")["alerts"]
        return {alert["labels"]["alertname"] for alert in found if alert["state"] == "firing"}

    def ever_fired(self) -> set[str]:
        """Names of the alerts that have fired since the start."""
        found = self._get("/api/v1/query", query='max_over_time(ALERTS{alertstate="firing"}[1h])')["result"]
        return {sample["metric"]["alertname"] for sample in found}

    def value(self, query: str) -> float | None:
        found = self._get("/api/v1/query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    def sees_all(self) -> bool:
        targets = self._get("/api/v1/targets")["activeTargets"]
        return bool(targets) and all(target["health"] == "up" for target in targets)

    def _get(self, path: str, **query: str) -> Any:
        answer = requests.get(self._url + path, params=query, timeout=10)
        answer.raise_for_status()
        return answer.json()["data"]


@contextmanager
def prometheus(
    folder: Path, state: Mapping[str, Any], limits: Mapping[str, float] | None = None
) -> Iterator[Prometheus]:
    """Start Prometheus with the repository's alert rules, without their waiting times, and with other limits for some.

    Args:
        state: URLs of the parts to scrape, by name.
        limits: by alert, instead of the limit in its rule.
    """
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        rule["for"] = "0s"
        rule["expr"] = rule["expr"].replace("[5m]", "[5s]")
        if limits and rule["alert"] in limits:
            rule["expr"], changed = re.subn(r"([<>]) [\d.]+$", rf"\1 {limits[rule['alert']]}", rule["expr"])
            assert changed == 1, rule
    (folder / "alerts.yml").write_text(yaml.safe_dump(rules))
    settings = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    settings["global"] = {"scrape_interval": EVERY, "evaluation_interval": EVERY, "scrape_timeout": EVERY}
    settings["scrape_configs"] = [job for job in settings["scrape_configs"] if job["job_name"] in state]
    for job in settings["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = [{"targets": [urlsplit(state[job["job_name"]]).netloc]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)
    try:
        found = Prometheus(f"http://{address}")
        eventually(lambda: _is_ready(found), "Prometheus doesn't see all parts")
        yield found
    finally:
        process.terminate()
        process.wait(30)


def scraped_address(job: dict[str, Any]) -> str:
    """Host and port of a job in monitoring/prometheus.yml."""
    if "static_configs" in job:
        [config] = job["static_configs"]
        [address] = config["targets"]
        return address
    [config] = job["dns_sd_configs"]
    [name] = config["names"]
    return f"{name}:{config['port']}"


def _is_ready(found: Prometheus) -> bool:
    try:
        return found.sees_all()
    except requests.RequestException:
        return False
