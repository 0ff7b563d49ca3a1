"""docker-compose.yml is valid, starts the same parts as `make up`, and names existing settings."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from config.settings import PREFIX, ROOT, Settings, load
from stack.parts import WITH_DATABASE, WITH_RECORDS, Part, list_local_parts, list_upgrade_commands

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
ADDITIONAL = {"postgres", "deployment", "upgrade", "prometheus", "grafana"}


class AnySecret(dict):
    def __missing__(self, key: str) -> str:
        return "secret"


def stack_parts() -> dict[str, Part]:
    settings = load(front={"url": "http://localhost:5000"})
    return {part.name: part for part in list_local_parts(settings, AnySecret(), Path("/data"))}


def test_the_file_is_valid() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "docker-compose.yml",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_and_stack_start_the_same_parts() -> None:
    assert set(COMPOSE["services"]) - ADDITIONAL == set(stack_parts())


@pytest.mark.parametrize("name", ["lab", "government", "workers", "webapp"])
def test_a_part_runs_the_same_program_in_both(name: str) -> None:
    in_stack, in_compose = stack_parts()[name].command, COMPOSE["services"][name]["command"]
    assert in_stack[-1] == in_compose[-1]
    assert (
        ("hosting.gunicorn_worker.Worker" in in_stack)
        == ("hosting.gunicorn_worker.Worker" in in_compose)
        == (in_stack[-1] != "workers")
    )


@pytest.mark.parametrize("name", ["lab", "government", "workers", "webapp", "front"])
def test_a_part_has_the_same_environment_variables_in_both(name: str) -> None:
    in_compose = set(COMPOSE["services"][name]["environment"])
    assert set(stack_parts()[name].environment) <= in_compose


def test_no_part_starts_before_its_database_is_upgraded() -> None:
    services = COMPOSE["services"]
    databases = services["upgrade"]["environment"]
    for name in (*WITH_DATABASE, *WITH_RECORDS):
        assert services[name]["depends_on"]["upgrade"] == {"condition": "service_completed_successfully"}
        own = {key: value for key, value in services[name]["environment"].items() if key.endswith("DATABASE_URL")}
        assert own
        assert own.items() <= databases.items()
    assert [command[2:] for command in list_upgrade_commands(list(stack_parts().values()))] == [
        ["services", "upgrade", *WITH_DATABASE],
        ["records", "upgrade"],
    ]


def test_each_setting_of_the_file_exists() -> None:
    for service in COMPOSE["services"].values():
        for name in service.get("environment", {}):
            if name.startswith(PREFIX):
                section, _, key = name.removeprefix(PREFIX).lower().partition("__")
                assert key in Settings.model_fields[section].annotation.model_fields, name


def test_the_engine_has_the_variables_that_its_configuration_reads() -> None:
    read = set(re.findall(r"\$\{(ENGINE_\w+)", (ROOT / "engine/src/main/resources/application.yaml").read_text()))
    assert set(COMPOSE["services"]["engine"]["environment"]) <= read
    assert set(stack_parts()["engine"].environment) == read


def test_the_front_has_the_variables_that_its_configuration_reads() -> None:
    folder = ROOT / "stack" / "front"
    read = set(re.findall(r"\$\{(\w+)\}", (folder / "haproxy.cfg").read_text()))
    read |= set(re.findall(r"%\[env\((\w+)\)\]", (folder / "busy.html").read_text()))
    assert set(COMPOSE["services"]["front"]["environment"]) == read
    assert set(stack_parts()["front"].environment) == read


def test_the_front_and_the_pages_have_the_same_emergency_number() -> None:
    assert COMPOSE["services"]["front"]["environment"]["EMERGENCY_NUMBER"] == load().policy.emergency_number


def test_only_the_front_is_open_to_other_hosts() -> None:
    ports = [(name, port) for name, service in COMPOSE["services"].items() for port in service.get("ports", [])]
    assert [name for name, port in ports if not port.startswith("127.0.0.1:")] == ["front"]


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in COMPOSE["services"].values()]
    for file in ("Dockerfile", "engine/Dockerfile"):
        images += re.findall(r"^FROM (\S+)", (ROOT / file).read_text(), re.MULTILINE)
    assert [image for image in images if not re.search(r":.*\d", image)] == []


def test_each_path_that_an_image_copies_exists() -> None:
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for name in source.split():
            assert (ROOT / name).exists(), name


def test_prometheus_scrapes_each_part_that_has_metrics() -> None:
    jobs = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())["scrape_configs"]
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    parts = stack_parts()
    assert targets.keys() == parts.keys() - {"mail"}
    urls = {name: part.url for name, part in parts.items()} | {"front": load().front.metrics_url}
    ports = {name: urls[name].rpartition(":")[2] for name in targets}
    assert targets == {name: [f"{name}:{port}"] for name, port in ports.items()}
