import os
import socket

import pytest

from config import settings
from config.settings import PREFIX
from stack import ports
from stack.addresses import find_address
from stack.supervisor import PartFailed


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "environ", dict(os.environ))


def test_a_part_whose_port_is_taken_moves_and_says_so() -> None:
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        os.environ["CORONACARE_LAB__URL"] = f"http://127.0.0.1:{port}"
        moved = ports.assign_ports(settings.load(), said.append)
    assert moved["CORONACARE_LAB__URL"] != f"http://127.0.0.1:{port}"
    assert any(line.startswith(f"port {port} is in use: lab listens on") for line in said)
    assert settings.load().lab.url == moved["CORONACARE_LAB__URL"]


def test_two_parts_on_one_port_are_told_apart() -> None:
    os.environ["CORONACARE_LAB__URL"] = os.environ["CORONACARE_GOVERNMENT__URL"] = "http://127.0.0.1:45999"
    moved = ports.assign_ports(settings.load(), lambda line: None)
    assert moved["CORONACARE_LAB__URL"] != moved["CORONACARE_GOVERNMENT__URL"]


def test_a_part_that_is_elsewhere_is_left_alone() -> None:
    os.environ["CORONACARE_LAB__URL"] = "https://lab.example"
    assert "CORONACARE_LAB__URL" not in ports.assign_ports(settings.load(), lambda line: None)


def test_an_ipv6_address_stays_one() -> None:
    os.environ["CORONACARE_LAB__URL"] = "http://[::1]:45998"
    assert ports.assign_ports(settings.load(), lambda line: None)["CORONACARE_LAB__URL"] == "http://[::1]:45998"


def test_an_address_that_is_not_there_is_replaced_by_one_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with IPv6 alone; tests/stack/test_environments.py makes such a network."""
    monkeypatch.setattr(ports, "find_address", lambda host, port=0: find_address(host, port) if ":" in host else None)
    said: list[str] = []
    moved = ports.assign_ports(settings.load(), said.append)
    assert said[0] == "127.0.0.1 can't be used on this machine: ::1 is used instead"
    assert [line for line in said[1:] if "127.0.0.1" in line] == []
    assert moved["CORONACARE_LAB__URL"].startswith("http://[::1]:")
    assert moved["CORONACARE_MAIL__HOST"] == "::1"


def test_a_machine_without_a_loopback_address_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "find_address", lambda host, port=0: None)
    with pytest.raises(PartFailed, match="bring up the loopback interface"):
        ports.assign_ports(settings.load(), lambda line: None)
