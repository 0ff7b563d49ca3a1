"""kubernetes/ is valid, has the parts of docker-compose.yml with the same settings, and restricts them as much."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from config.settings import PREFIX, ROOT, Settings
from stack.firewall import DATABASES, POSTGRESQL
from stack.parts import CALLS
from tests.contract.test_compose import COMPOSE, stack_parts
from tests.support.docker_env import copy_files, write_environment
from tests.support.kustomize import BASE, FOLDER, find, read_kustomization, read_objects, read_variables
from tests.support.prometheus import scraped_address

FOLDERS = sorted(path.parent for path in FOLDER.glob("*/kustomization.yaml"))
OBJECTS = read_objects(BASE)
# `sleep` of a container's lifecycle and unhealthyPodEvictionPolicy are in each newer version
OLDEST_VERSION = "1.31"
# Prometheus Operator's, without a schema in kubernetes-validate
FOREIGN_KINDS = {"ServiceMonitor"}
JOBS = {"upgrade", "deployment"}
DEPLOYMENTS = find(OBJECTS, "Deployment")
SERVICES = find(OBJECTS, "Service")
PODS = {name: spec["template"]["spec"] for name, spec in (DEPLOYMENTS | find(OBJECTS, "Job")).items()}
CONTAINERS = {name: pod["containers"][0] for name, pod in PODS.items()}
SETTINGS = read_variables(BASE / "settings.env")
# an account at an external mail server; locally none is needed
OF_MAIL_SERVER = {"CORONACARE_MAIL__PASSWORD", "CORONACARE_MAIL__STARTTLS"}
# of the service `https`, which the Ingress replaces; cert-manager measures its certificates itself
OF_HTTPS = {"CORONACARE_FRONT__HTTPS_ADDRESS"}
# another value than in docker-compose.yml: addresses, and what depends on replicas and the Ingress
OWN_VALUES = OF_MAIL_SERVER | {
    "CORONACARE_MAIL__HOST",
    "CORONACARE_MAIL__PORT",
    "CORONACARE_FRONT__URL",
    "CORONACARE_WEBAPP__TIME_ZONE",
    "CORONACARE_WEBAPP__TRUSTED_PROXIES",
    "ENGINE_SECURE_COOKIES",
    "ENGINE_TIME_ZONE",
    "ENGINE_ADDRESS",
    "WEBAPP_ADDRESS",
    "MAX_CONCURRENT_PAGES",
}
REFERENCE = re.compile(r"\$\((\w+)\)")
VARIABLE = re.compile(r"\$\{(\w+)[^}]*\}")
SECRETS_SCRIPT = "tools/kubernetes-secret"


def in_compose(name: str) -> dict[str, Any]:
    return COMPOSE["services"][name]


def variables_of(container: dict[str, Any]) -> dict[str, Any]:
    """The environment, with that of the ConfigMap `settings`: values, or the sources of values."""
    own = {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}
    return (SETTINGS if "envFrom" in container else {}) | own


def helpers_of(variables: dict[str, Any]) -> set[str]:
    """Variables that others refer to, which no program reads."""
    texts = [value for value in variables.values() if isinstance(value, str)]
    return {name for text in texts for name in REFERENCE.findall(text)}


def sources_of(kind: str) -> Iterator[dict[str, Any]]:
    """References of all containers' variables to Secrets or ConfigMaps."""
    variables = [each for container in CONTAINERS.values() for each in container["env"]]
    return (each["valueFrom"][kind] for each in variables if kind in each.get("valueFrom", {}))


def as_in_compose(value: Any) -> str:
    """A value, or its source, in the words of docker-compose.yml."""
    if isinstance(value, dict):
        return f"${{{value['secretKeyRef']['key']}}}"
    text = value.replace("$(POSTGRES_HOST)", "postgres").removesuffix("?$(POSTGRES_OPTIONS)")
    return REFERENCE.sub(r"${\1}", text)


def health_of(name: str) -> tuple[int, str]:
    """Port and path of the health check in docker-compose.yml; of the engine those that the supervisor asks."""
    text = stack_parts()["engine"].ready if name == "engine" else " ".join(in_compose(name)["healthcheck"]["test"])
    port, path = re.search(r"(?:localhost|127\.0\.0\.1)[:/](\d+)(?:.*GET )?(/[\w/]+)", text).groups()
    return int(port), path


def seconds(duration: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([sm])", duration).groups()
    return int(number) * {"s": 1, "m": 60}[unit]


@pytest.mark.parametrize("version", [OLDEST_VERSION, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_object_is_valid_without_unknown_fields(folder: Path, version: str) -> None:
    objects = [each for each in read_objects(folder) if each["kind"] not in FOREIGN_KINDS]
    assert objects
    for each in objects:
        kubernetes_validate.validate(each, version, strict=True)


def test_an_unknown_field_is_found() -> None:
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate({**OBJECTS[0], "replica": 1}, OLDEST_VERSION, strict=True)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_file_is_listed_once(folder: Path) -> None:
    kustomization = read_kustomization(folder)
    generated = [name for each in kustomization.get("configMapGenerator", []) for name in each.get("envs", [])]
    listed = [name for name in kustomization["resources"] if name.endswith(".yaml")] + generated
    assert sorted(listed) == sorted(path.name for path in folder.iterdir() if path.name != "kustomization.yaml")
    folders = [name for name in kustomization["resources"] if name.startswith("..")] + kustomization.get(
        "components", []
    )
    assert [name for name in folders if (folder / name).resolve() not in FOLDERS] == []


def test_kubernetes_and_stack_have_the_same_parts() -> None:
    assert PODS.keys() == (stack_parts().keys() - {"mail"}) | JOBS


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_runs_the_same_command(name: str) -> None:
    assert CONTAINERS[name].get("args") == in_compose(name).get("command")
    assert "command" not in CONTAINERS[name]


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_has_the_same_variables(name: str) -> None:
    variables = variables_of(CONTAINERS[name])
    kept = {key: value for key, value in variables.items() if key not in helpers_of(variables)}
    expected = in_compose(name)["environment"]
    own = OF_MAIL_SERVER | OF_HTTPS
    assert kept.keys() - own == expected.keys() - own
    same = kept.keys() - OWN_VALUES
    assert {key: as_in_compose(kept[key]) for key in same} == {
        key: VARIABLE.sub(r"${\1}", expected[key]) for key in same
    }


@pytest.mark.parametrize("name", CONTAINERS)
def test_references_are_to_variables_before_them(name: str) -> None:
    """Kubernetes leaves others as they are."""
    before: set[str] = set()
    for each in CONTAINERS[name]["env"]:
        assert set(REFERENCE.findall(each.get("value", ""))) <= before, each["name"]
        before.add(each["name"])


def test_each_setting_exists() -> None:
    for name in {name for container in CONTAINERS.values() for name in variables_of(container)}:
        if name.startswith(PREFIX):
            section, _, key = name.removeprefix(PREFIX).lower().partition("__")
            assert key in Settings.model_fields[section].annotation.model_fields, name


def test_names_of_other_objects_exist() -> None:
    generated = read_kustomization(BASE)["configMapGenerator"]
    maps = {each["name"]: read_variables(BASE / each["envs"][0]) for each in generated}
    references = list(sources_of("configMapKeyRef"))
    assert references
    assert [each for each in references if each["key"] not in maps[each["name"]]] == []


def test_the_replicas_of_the_front_share_the_limit_of_pages() -> None:
    limit = int(variables_of(CONTAINERS["front"])["MAX_CONCURRENT_PAGES"])
    assert limit * DEPLOYMENTS["front"]["replicas"] == int(in_compose("front")["environment"]["MAX_CONCURRENT_PAGES"])


@pytest.mark.parametrize("name", ["webapp", "engine"])
def test_the_front_resolves_each_replica_by_its_whole_name(name: str) -> None:
    assert SERVICES[name]["clusterIP"] == "None"
    port = SERVICES[name]["ports"][0]["port"]
    address = variables_of(CONTAINERS["front"])[f"{name.upper()}_ADDRESS"]
    assert address == f"{name}.$(POD_NAMESPACE).svc.cluster.local:{port}"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_probes_ask_what_the_health_check_of_compose_asks(name: str) -> None:
    container = CONTAINERS[name]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    port, path = health_of(name)
    probes = {kind: container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}
    assert {ports[probe["httpGet"]["port"]] for probe in probes.values()} == {port}
    paths = {kind: probe["httpGet"]["path"] for kind, probe in probes.items()}
    # a restart doesn't help when another part is down, and advice is available without an engine
    alive = path.replace("/readyz", "/healthz")
    assert paths == {"startup": path, "readiness": alive if name == "webapp" else path, "liveness": alive}
    check = in_compose(name)["healthcheck"]
    assert {f"{probe['timeoutSeconds']}s" for probe in probes.values()} == {check["timeout"]}
    assert probes["startup"]["periodSeconds"] * probes["startup"]["failureThreshold"] >= seconds(check["start_period"])


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_service_has_the_port_that_its_callers_use(name: str) -> None:
    assert SERVICES[name]["selector"] == {"app.kubernetes.io/name": name}
    ports = {each["name"]: each["containerPort"] for each in CONTAINERS[name]["ports"]}
    assert {each["targetPort"]: each["port"] for each in SERVICES[name]["ports"]} == ports
    if name not in ("front", "workers"):
        assert SETTINGS[f"CORONACARE_{name.upper()}__URL"] == f"http://{name}:{ports['http']}"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_stopping_pod_has_the_grace_period_of_compose(name: str) -> None:
    pause = CONTAINERS[name].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    # Compose's default is 10 s
    grace = seconds(in_compose(name).get("stop_grace_period", "10s"))
    assert PODS[name]["terminationGracePeriodSeconds"] == grace + pause


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_new_pod_is_ready_before_an_old_one_ends(name: str) -> None:
    assert DEPLOYMENTS[name]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_a_part_with_replicas_is_evicted_one_pod_at_a_time() -> None:
    budgets = find(OBJECTS, "PodDisruptionBudget")
    assert {name for name, spec in DEPLOYMENTS.items() if spec["replicas"] > 1} | {"engine"} == set(budgets)
    for name, budget in budgets.items():
        assert budget["maxUnavailable"] == 1
        assert budget["selector"]["matchLabels"] == DEPLOYMENTS[name]["selector"]["matchLabels"]


def user_of(image: str) -> int:
    if image == "front":
        # that of the official image of HAProxy
        return 99
    dockerfile = {"python": "Dockerfile", "engine": "engine/Dockerfile"}[image]
    return int(re.search(r"useradd .*--uid (\d+)", (ROOT / dockerfile).read_text())[1])


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_only_what_it_needs(name: str) -> None:
    """The profile Restricted of Kubernetes' Pod Security Standards, and a read-only root file system."""
    pod, container = PODS[name], CONTAINERS[name]
    image = container["image"].rpartition("/")[2]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": user_of(image),
        "seccompProfile": {"type": "RuntimeDefault"},
        # who may write to its claim
        **({"fsGroup": user_of(image)} if claims_of(name) else {}),
    }
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": in_compose(name)["read_only"],
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": in_compose(name)["cap_drop"]},
    }
    assert pod["automountServiceAccountToken"] is False
    # else ENGINE_PORT would be an address like tcp://10.0.0.1:8080
    assert pod["enableServiceLinks"] is False
    assert container["resources"].keys() == {"requests", "limits"}


def claims_of(name: str) -> dict[str, str]:
    """Claims of persistent volumes by the name of the volume."""
    volumes = PODS[name].get("volumes", [])
    return {
        each["name"]: each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each
    }


@pytest.mark.parametrize("name", PODS)
def test_the_same_folders_are_kept_or_in_memory(name: str) -> None:
    mounts = {each["name"]: each["mountPath"] for each in CONTAINERS[name].get("volumeMounts", [])}
    claims = claims_of(name)
    assert [f"{claims[each]}:{mounts[each]}" for each in claims] == in_compose(name).get("volumes", [])
    assert set(claims.values()) <= find(OBJECTS, "PersistentVolumeClaim").keys()
    in_memory = {each: path for each, path in mounts.items() if each not in claims}
    assert sorted(in_memory.values()) == sorted(in_compose(name).get("tmpfs", []))
    others = [each for each in PODS[name].get("volumes", []) if each["name"] not in claims]
    assert {each["name"]: each["emptyDir"]["medium"] for each in others} == dict.fromkeys(in_memory, "Memory")


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_image_is_that_of_compose_from_a_registry_of_ones_own(name: str) -> None:
    tags = {each["name"]: each["newTag"] for each in read_kustomization(BASE)["images"]}
    image = CONTAINERS[name]["image"]
    # reserved by RFC 2606: no one can publish images there
    assert f"{image}:{tags[image]}" == f"registry.example/{in_compose(name)['image']}"
    assert image in {each["name"] for each in read_kustomization(FOLDER / "example")["images"]}


def pods_of(peers: list[dict[str, Any]]) -> set[str]:
    return {each["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for each in peers}


def ports_of(rule: dict[str, Any]) -> set[int]:
    return {each["port"] for each in rule["ports"]}


def expected_calls(name: str) -> set[tuple[str, int]]:
    """Called parts and ports; an empty name means outside the cluster."""
    called = CALLS.get(name, ()) if name not in JOBS else {"deployment": ("engine",), "upgrade": ()}[name]
    inside = {(each, CONTAINERS[each]["ports"][0]["containerPort"]) for each in called if each != "mail"}
    outside = {("", int(SETTINGS["CORONACARE_MAIL__PORT"]))} if "mail" in called else set()
    return inside | outside | ({("", POSTGRESQL)} if name in DATABASES or name == "upgrade" else set())


POLICIES = find(OBJECTS, "NetworkPolicy")


def test_what_no_policy_admits_is_denied() -> None:
    assert POLICIES.keys() == PODS.keys() | {"default"}
    default = POLICIES["default"]
    assert (default["podSelector"], default["policyTypes"]) == ({}, ["Ingress", "Egress"])
    # names are resolved by the cluster's DNS
    assert [ports_of(rule) for rule in default["egress"]] == [{53}]
    assert "ingress" not in default


@pytest.mark.parametrize("name", PODS)
def test_a_pod_calls_only_what_the_firewall_admits(name: str) -> None:
    policy = POLICIES[name]
    assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": name}}
    admitted = [
        (called, port)
        for rule in policy.get("egress", [])
        for called in (pods_of(rule["to"]) if "to" in rule else {""})
        for port in ports_of(rule)
    ]
    assert sorted(admitted) == sorted(expected_calls(name))


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_called_only_by_those_that_the_firewall_admits(name: str) -> None:
    rules = POLICIES[name].get("ingress", [])
    callers = {caller for caller in PODS if name in {called for called, _ in expected_calls(caller)}}
    if name == "front":
        assert rules == [{"ports": [{"port": CONTAINERS["front"]["ports"][0]["containerPort"]}]}]
    elif not callers:
        assert rules == []
    else:
        [rule] = rules
        assert pods_of(rule["from"]) == callers
        assert ports_of(rule) == {CONTAINERS[name]["ports"][0]["containerPort"]}


def test_prometheus_scrapes_the_same_targets() -> None:
    jobs = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())["scrape_configs"]
    expected = {
        (job["job_name"], scraped_address(job).rpartition(":")[2], job.get("metrics_path", "/metrics")) for job in jobs
    }
    found = set()
    for monitor in find(read_objects(FOLDER / "prometheus"), "ServiceMonitor").values():
        assert monitor["jobLabel"] == "app.kubernetes.io/name"
        [endpoint] = monitor["endpoints"]
        for name in selected_services(monitor["selector"]):
            ports = {each["name"]: str(each["port"]) for each in SERVICES[name]["ports"]}
            found.add((name, ports[endpoint["port"]], endpoint["path"]))
    assert found == expected


def selected_services(selector: dict[str, Any]) -> list[str]:
    label = "app.kubernetes.io/name"
    if "matchLabels" in selector:
        return [selector["matchLabels"][label]]
    [expression] = selector["matchExpressions"]
    assert (expression["key"], expression["operator"]) == (label, "In")
    return expression["values"]


def test_the_metric_of_the_autoscaler_exists() -> None:
    autoscalers = find(read_objects(FOLDER / "autoscaling"), "HorizontalPodAutoscaler")
    [metric] = autoscalers["workers"]["metrics"]
    name = metric["external"]["metric"]["name"]
    assert f"`{name}`" in (ROOT / "docs/reference/metrics.md").read_text()
    assert name in (ROOT / "docs/how-to/kubernetes.md").read_text()
    assert autoscalers["workers"]["minReplicas"] == DEPLOYMENTS["workers"]["replicas"]


def print_secret(folder: Path) -> dict[str, str]:
    shutil.copy(ROOT / SECRETS_SCRIPT, folder / SECRETS_SCRIPT)
    done = subprocess.run(["sh", folder / SECRETS_SCRIPT], capture_output=True, text=True, check=True)
    secret = yaml.safe_load(done.stdout)
    kubernetes_validate.validate(secret, OLDEST_VERSION, strict=True)
    return secret["stringData"]


def test_the_secret_has_each_value_of_the_file_of_compose(tmp_path: Path) -> None:
    copy_files(tmp_path)
    written, _ = write_environment(tmp_path)
    with (tmp_path / ".env").open("a") as file:
        file.write('OWN_PASSWORD=it\'s "own": \\ # $1\n')
    found = print_secret(tmp_path)
    assert found.pop("OWN_PASSWORD") == 'it\'s "own": \\ # $1'
    assert found == {key: value.strip("'") for key, value in written.items()}
    sources = list(sources_of("secretKeyRef"))
    required = {each["key"] for each in sources if not each.get("optional")}
    assert "STAFF_PASSWORDS" in required
    assert required <= found.keys()
    assert {each["name"] for each in sources} == {"coronacare"}
