"""docker-compose.yml is valid, starts the parts of `make up` with the same arguments, and is hardened."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from access.people import load_people
from config.secrets import find_weakness
from config.settings import PREFIX, ROOT, Settings, load
from stack.parts import WITH_DATABASE, WITH_RECORDS, WORKER, Part, list_local_parts, list_upgrade_commands
from tests.docker.engine import find_missing
from tests.support.docker_env import copy_files, write_environment
from tests.support.prometheus import scraped_address

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
# end when they are done
COMMANDS = {"deployment", "upgrade", "status", "demo", "backup", "restore"}
ADDITIONAL = {"postgres", "https", "prometheus", "grafana", *COMMANDS}
DOCKERFILES = (
    "Dockerfile",
    "backup/Dockerfile",
    "engine/Dockerfile",
    "monitoring/Dockerfile",
    "stack/front/Dockerfile",
    "stack/https/Dockerfile",
    "stack/postgres/Dockerfile",
)


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


def arguments(command: list[str]) -> list[str]:
    """Arguments of gunicorn, sorted; without the address and the number of processes, which depend on the machine."""
    parts = " ".join(command[command.index("gunicorn") + 1 :])
    parts = re.sub(r"--(bind|workers) \S+", "", parts)
    return sorted(re.findall(r"--\S+(?: [^-\s]\S*)?(?= )|\S+:\S+", parts))


@pytest.mark.parametrize("name", ["lab", "government", "sms", "webapp"])
def test_a_server_has_the_same_arguments_in_both(name: str) -> None:
    here, there = stack_parts()[name].command, COMPOSE["services"][name]["command"]
    assert arguments(here) == arguments(there)
    assert {f"--worker-class {WORKER}", "--no-control-socket"} <= set(arguments(here))


def test_the_workers_run_the_same_module_in_both() -> None:
    assert stack_parts()["workers"].command[1:] == COMPOSE["services"]["workers"]["command"][1:] == ["-m", "workers"]


@pytest.mark.parametrize("name", ["lab", "government", "sms", "workers", "webapp", "front"])
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
    files = (ROOT / "engine/src/main/resources").glob("application*.yaml")
    read = {name for file in files for name in re.findall(r"\$\{(ENGINE_\w+)", file.read_text())}
    assert set(COMPOSE["services"]["engine"]["environment"]) <= read
    assert set(stack_parts()["engine"].environment) == read


def test_the_front_has_the_variables_that_its_configuration_reads() -> None:
    folder = ROOT / "stack" / "front"
    read = set(re.findall(r"\$\{(\w+)\}", (folder / "haproxy.cfg").read_text()))
    read |= set(re.findall(r"%\[env\((\w+)\)\]", (folder / "busy.html").read_text()))
    assert set(COMPOSE["services"]["front"]["environment"]) == read
    assert set(stack_parts()["front"].environment) == read


def test_https_has_the_variables_that_its_configuration_reads() -> None:
    read = set(re.findall(r"\{\$(\w+)\}", (ROOT / "stack/https/Caddyfile").read_text()))
    read |= set(re.findall(r"%\[env\((\w+)\)\]", (ROOT / "stack/front/busy.html").read_text()))
    assert set(COMPOSE["services"]["https"]["environment"]) == read


@pytest.mark.parametrize("name", ["front", "https"])
def test_the_page_of_an_outage_and_the_others_have_the_same_emergency_number(name: str) -> None:
    assert COMPOSE["services"][name]["environment"]["EMERGENCY_NUMBER"] == load().policy.emergency_number


def test_only_the_front_and_https_are_open_to_other_hosts() -> None:
    ports = [(name, port) for name, service in COMPOSE["services"].items() for port in service.get("ports", [])]
    assert [name for name, port in ports if not port.startswith("127.0.0.1:")] == ["front", "https", "https"]
    # each can be moved to another port
    assert [port for _, port in ports if "${" not in port] == []


def test_https_is_published_by_ipv6_only_if_its_network_has_it() -> None:
    """Otherwise Docker's proxy would be the one client that all people by IPv6 share."""
    https = COMPOSE["services"]["https"]
    assert [port.split(":-")[1].rpartition(":")[0] for port in https["ports"]] == ["0.0.0.0:80}", "0.0.0.0:443}"]
    assert COMPOSE["networks"]["public"]["enable_ipv6"] == "${IPV6:-false}"
    assert [name for name, service in COMPOSE["services"].items() if "networks" in service] == ["https"]


def base_images() -> set[str]:
    """Images that others publish: of services, and those that ours are built from."""
    images = {service["image"] for service in COMPOSE["services"].values()}
    for file in DOCKERFILES:
        content = (ROOT / file).read_text()
        stages = set(re.findall(r"^FROM \S+ AS (\S+)", content, re.MULTILINE))
        images |= set(re.findall(r"^FROM (\S+)", content, re.MULTILINE)) - stages
    return {image for image in images if not image.startswith("coronacare/")}


def test_every_image_is_pinned_to_a_patch_release() -> None:
    assert [image for image in base_images() if not re.search(r":v?\d+(\.\d+){2}|:17\.\d+", image)] == []


def test_no_image_of_ours_is_pulled() -> None:
    """An image that a stranger publishes under the name on Docker Hub would run with our secrets."""
    ours = [service for service in COMPOSE["services"].values() if service["image"].startswith("coronacare/")]
    assert {service["pull_policy"] for service in ours} == {"build", "never"}
    for service in ours:
        assert ("build" in service) == (service["pull_policy"] == "build")


def test_each_image_is_built_once() -> None:
    built = [service["image"] for service in COMPOSE["services"].values() if "build" in service]
    assert len(built) == len(set(built))
    used = {service["image"] for service in COMPOSE["services"].values() if service["image"].startswith("coronacare/")}
    assert set(built) == used


def test_each_server_has_a_health_check() -> None:
    without = [name for name, service in COMPOSE["services"].items() if "healthcheck" not in service]
    assert set(without) == COMMANDS


def test_the_database_is_asked_where_its_temporary_server_doesnt_listen() -> None:
    """The server that runs while the databases are created has a Unix socket only."""
    assert "--host=127.0.0.1" in COMPOSE["services"]["postgres"]["healthcheck"]["test"]


def test_the_engine_has_minutes_to_start_on_a_slow_machine() -> None:
    assert COMPOSE["services"]["engine"]["healthcheck"]["start_period"] == "10m"


def test_what_must_outlive_a_container_is_in_a_volume() -> None:
    mounts = {name: service.get("volumes", []) for name, service in COMPOSE["services"].items()}
    assert "postgres:/var/lib/postgresql/data" in mounts["postgres"]
    assert mounts["mail"] == ["mail:/data"]
    assert COMPOSE["services"]["mail"]["environment"]["MP_DATABASE"].startswith("/data/")
    assert mounts["https"] == ["certificates:/data"]
    assert mounts["prometheus"] == ["prometheus:/prometheus"]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_may_do_only_what_it_needs(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] or name == "grafana"
    assert "max-size" in service["logging"]["options"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "https" else [])


def test_a_stopping_container_has_the_time_that_its_program_takes() -> None:
    seconds = {
        "engine": 10,
        "workers": load().workers.shutdown_timeout_s,
        "webapp": 30,
        "lab": 30,
        "sms": 30,
        "https": 20,
    }
    for name, needed in seconds.items():
        grace = COMPOSE["services"][name]["stop_grace_period"]
        assert 60 * grace.count("m") or int(grace.removesuffix("s")) > needed, name


def test_no_file_of_the_checkout_is_mounted() -> None:
    """Containers can't read those of a checkout with umask 077."""
    mounts = [mount for service in COMPOSE["services"].values() for mount in service.get("volumes", [])]
    assert [mount for mount in mounts if mount.startswith((".", "/", "$"))] == []
    assert [each for kind in ("configs", "secrets") for each in COMPOSE.get(kind, {}).values() if "file" in each] == []


@pytest.mark.parametrize("file", [".gitignore", ".dockerignore"])
def test_secrets_are_in_no_commit_and_no_image(file: str) -> None:
    lines = (ROOT / file).read_text().splitlines()
    assert {".env", ".env*"} & set(lines)
    # docs/how-to/back-up.md: key of the backups
    assert {"passwords.json", "*.key"} <= set(lines)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What tools/docker-env reads."""
    copy_files(tmp_path)
    return tmp_path


def test_the_script_writes_each_secret_that_compose_requires(checkout: Path) -> None:
    written, output = write_environment(checkout)
    required = set(re.findall(r"\$\{(\w+)(?:\}|:\?)", (ROOT / "docker-compose.yml").read_text()))
    assert required <= set(written)
    assert stat.S_IMODE((checkout / ".env").stat().st_mode) == 0o600
    staff = json.loads(written["STAFF_PASSWORDS"].strip("'"))
    assert set(staff) == set(load_people(Path("config/people.yaml")).people)
    for account, password in {**staff, "admin": written["ADMIN_PASSWORD"]}.items():
        assert find_weakness(password) is None
        assert re.search(rf"^{account} +{password}$", output, re.MULTILINE)
    assert len(set(written.values())) == len(written)


# the two ways to end HTTPS
FOR_A_SERVER = {
    "PUBLIC_URL": "https://care.example.org",
    "PUBLIC_HOST": "care.example.org",
    "FRONT_PUBLISHED": "127.0.0.1:5000",
    "TRUSTED_PROXIES": "1",
    "ENGINE_SECURE_COOKIES": "true",
}


def test_the_script_keeps_secrets_and_adds_those_of_new_people(checkout: Path) -> None:
    before, _ = write_environment(checkout)
    people = checkout / "config/people.yaml"
    people.write_text(people.read_text().replace("people:\n", "people:\n  nora: {given_name: Nora}\n"))
    after, _ = write_environment(checkout, "care.example.org")
    assert (
        json.loads(after["STAFF_PASSWORDS"].strip("'")).items()
        > json.loads(before["STAFF_PASSWORDS"].strip("'")).items()
    )
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"STAFF_PASSWORDS", "COMPOSE_PROFILES", *FOR_A_SERVER}


@pytest.mark.parametrize(("option", "profile"), [([], "https"), (["--behind-proxy"], "")])
def test_the_script_chooses_who_ends_https(checkout: Path, option: list[str], profile: str) -> None:
    # the last call counts
    write_environment(checkout, "old.example.org")
    written, output = write_environment(checkout, "care.example.org", *option)
    assert FOR_A_SERVER.items() <= written.items()
    assert COMPOSE["services"]["https"]["profiles"] == ["https"]
    assert written["COMPOSE_PROFILES"] == profile
    assert "https://care.example.org/camunda/app/tasklist/default/" in output


def test_the_script_alone_starts_nothing_for_others(checkout: Path) -> None:
    written, _ = write_environment(checkout)
    assert not written.keys() & {"COMPOSE_PROFILES", "PUBLIC_HOST", "TRUSTED_PROXIES"}


@pytest.mark.parametrize(
    "arguments",
    [["https://care.example.org"], ["care.example.org/"], ["a b"], ["--behind-proxy"], ["care.example.org", "--proxy"]],
)
def test_the_script_refuses_other_arguments(checkout: Path, arguments: list[str]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        write_environment(checkout, *arguments)
    assert not (checkout / ".env").exists()


def test_cookies_are_secure_as_the_file_of_settings_says(checkout: Path) -> None:
    assert COMPOSE["services"]["engine"]["environment"]["ENGINE_SECURE_COOKIES"] == "${ENGINE_SECURE_COOKIES:-true}"
    assert write_environment(checkout)[0]["ENGINE_SECURE_COOKIES"] == "false"
    assert write_environment(checkout, "care.example.org")[0]["ENGINE_SECURE_COOKIES"] == "true"


def test_the_page_has_each_command_for_docker() -> None:
    page = (ROOT / "docs/how-to/docker.md").read_text()
    commands = re.findall(r"^([a-z-]+):.*##use ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(commands) > 5
    for name in (*commands, "deploy", "upgrade", "migrate", "rehearse"):
        assert f"| `make {name}" in page, name


UNREACHED = "Cannot connect to the Docker daemon"


@pytest.mark.parametrize(
    ("engine", "compose", "missing"),
    [
        (None, None, r"Docker Engine 25.0 or newer; .* says: command not found"),
        (f"echo '{UNREACHED}' >&2; exit 1", "echo 2.26.1", rf"Docker Engine 25.0 or newer; .* says: {UNREACHED}"),
        ("echo 24.0.9", "echo 2.26.1", r"Docker Engine 25.0 or newer; .* says: 24.0.9"),
        ("echo 26.1.5", "exit 1", r"Docker Compose 2.24 or newer; .* says: $"),
        ("echo 26.1.5", "echo 2.23.3", r"Docker Compose 2.24 or newer; .* says: 2.23.3"),
        ("echo 26.1.5+dfsg1", "echo v2.24.0", "^$"),
    ],
)
def test_what_the_tests_of_docker_lack_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str | None, compose: str | None, missing: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if engine:
        (tmp_path / "docker").write_text(f"#!/bin/sh\ncase $1 in version) {engine} ;; compose) {compose} ;; esac\n")
        (tmp_path / "docker").chmod(0o755)
    assert re.search(missing, find_missing())


def test_each_path_that_an_image_copies_exists() -> None:
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for name in source.split():
            assert (ROOT / name).exists(), name


def test_prometheus_scrapes_each_part_that_has_metrics() -> None:
    jobs = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())["scrape_configs"]
    targets = {job["job_name"]: scraped_address(job) for job in jobs}
    parts = stack_parts()
    assert targets.keys() == parts.keys() - {"mail"}
    urls = {name: part.url for name, part in parts.items()} | {"front": load().front.metrics_url}
    ports = {name: urls[name].rpartition(":")[2] for name in targets}
    assert targets == {name: f"{name}:{port}" for name, port in ports.items()}
    # of these there is one container each
    assert {job["job_name"] for job in jobs if "static_configs" in job} == {"front", "lab", "government", "sms"}
