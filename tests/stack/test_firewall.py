"""Each part in a network namespace with the rules of stack/firewall.py.

One port is open to the outside; a positive case can be completed by it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from camunda7.forms.browser import Browser
from camunda7.names import form_key
from config.settings import Settings, environment_name
from processes.variables import VARIABLES
from stack.firewall import format_rules
from stack.parts import Part, list_parts
from stack.platform import Platform
from tests.support.apis import Api, web_api
from tests.support.case import CONTACT, MEDICAL, REPORT, REQUEST, VISIT, WITH_COUGH, eventually
from tests.support.mail import mails_to
from tests.support.namespaces import OPERATOR, Host, network_of
from tests.support.platform import running_platform, without_settings

pytestmark = [pytest.mark.engine, pytest.mark.verify]

PORTS = {
    "front": 80,
    "webapp": 5000,
    "engine": 8080,
    "lab": 5001,
    "government": 5002,
    "sms": 5003,
    "workers": 5004,
    "mail": 1025,
}
OUTSIDE = "outside"
BARCODE = "T0001-FIREWALL"


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, Host]]:
    with network_of([*PORTS, OUTSIDE]) as hosts:
        yield hosts


@pytest.fixture(scope="module")
def platform(hosts: dict[str, Host], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    def on_hosts(settings: Settings, secrets: dict[str, str], data: Path) -> list[Part]:
        parts = list_parts(settings, secrets, data)
        for part in parts:
            hosts[part.name].load_firewall(format_rules(part.name, settings, [OPERATOR]))
        return [replace(part, command=hosts[part.name].command(part.command)) for part in parts]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", without_settings(os.environ))
        urls = {name: f"http://{hosts[name].address}:{port}" for name, port in PORTS.items() if name != "mail"}
        variables = {environment_name(name, "url"): url for name, url in urls.items()}
        variables[environment_name("mail", "host")] = hosts["mail"].address
        variables[environment_name("mail", "port")] = str(PORTS["mail"])
        variables[environment_name("lab", "positive_share")] = "1"
        os.environ.update(variables)
        with running_platform(tmp_path_factory.mktemp("firewall"), parts=on_hosts) as platform:
            yield platform


def test_a_case_is_completed_from_outside(platform: Platform, hosts: dict[str, Host]) -> None:
    with hosts[OUTSIDE].entered():
        browser = Browser(platform.state["webapp"])
        browser.fill_in("/forms/pre_screening", WITH_COUGH)
        browser.fill_in("/forms/evaluation_request", REQUEST)
        browser.fill_in("/forms/medical_form", MEDICAL)
        complete_in_tasklist(platform, "medical_team", "medical_visit", {**VISIT, "sample_barcode": BARCODE})
        browser.fill_in("/forms/close_contacts", {"had_contacts": "yes", "close_contacts": [CONTACT]})
        complete_in_tasklist(platform, "doctor", "doctor_report", {**REPORT, "case_classification": "confirmed"})
        browser.fill_in("/forms/review", {"rating": "5"})
    eventually(lambda: mails_to(platform.state, CONTACT["email"]), "the contact isn't notified")
    assert {name: host.count_refused_packets() for name, host in hosts.items() if name != OUTSIDE} == dict.fromkeys(
        platform.state["processes"], 0
    )


@pytest.mark.parametrize("part", PORTS)
def test_only_the_front_is_open_to_the_outside(platform: Platform, hosts: dict[str, Host], part: str) -> None:
    port, before = PORTS[part], hosts[part].count_refused_packets()
    assert is_open(hosts[part], port), "an operator can't connect"
    with hosts[OUTSIDE].entered():
        assert is_open(hosts[part], port) == (part == "front")
    assert (hosts[part].count_refused_packets() > before) == (part != "front")


@pytest.mark.parametrize(
    ("part", "other"), [("webapp", "sms"), ("lab", "engine"), ("workers", "webapp"), ("engine", OUTSIDE)]
)
def test_a_part_can_not_connect_to_parts_that_it_does_not_call(
    platform: Platform, hosts: dict[str, Host], part: str, other: str
) -> None:
    before = hosts[part].count_refused_packets()
    with hosts[part].entered():
        assert not is_open(hosts[other], PORTS.get(other, 80))
    assert hosts[part].count_refused_packets() > before


def complete_in_tasklist(platform: Platform, account: str, form: str, values: dict[str, object]) -> None:
    """Claim and complete a task by the API of Tasklist, at the address for staff."""
    api = web_api({**platform.state, "engine": platform.state["staff"]}, account, "tasklist")
    task = eventually(lambda: task_of(api, form), f"{form} isn't open")
    claimed = api.post(f"/task/{task}/claim", {"userId": account})
    completed = api.post(f"/task/{task}/submit-form", {"variables": VARIABLES.to_engine(values)})
    assert (claimed.status_code, completed.status_code) == (204, 204), completed.text


def task_of(api: Api, form: str) -> str | None:
    found = api.post("/task", {"active": True}).json()
    return next((task["id"] for task in found if form_key(task) == form), None)


def is_open(host: Host, port: int) -> bool:
    try:
        socket.create_connection((host.address, port), timeout=1).close()
    except OSError:
        return False
    return True
