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


def test_a_part_whose_port_is_in_use_gets_another_which_is_printed() -> None:
    lines: list[str] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        os.environ["CORONACARE_LAB__URL"] = f"http://127.0.0.1:{port}"
        moved = ports.assign_ports(settings.load(), lines.append)
    assert moved["CORONACARE_LAB__URL"] != f"http://127.0.0.1:{port}"
    assert any(line.startswith(f"port {port} is in use: lab listens on") for line in lines)
    assert settings.load().lab.url == moved["CORONACARE_LAB__URL"]


def test_two_parts_with_the_same_port_get_different_ones() -> None:
    os.environ["CORONACARE_LAB__URL"] = os.environ["CORONACARE_GOVERNMENT__URL"] = "http://127.0.0.1:45999"
    moved = ports.assign_ports(settings.load(), lambda line: None)
    assert moved["CORONACARE_LAB__URL"] != moved["CORONACARE_GOVERNMENT__URL"]


def test_the_port_of_a_remote_part_is_not_changed() -> None:
    os.environ["CORONACARE_LAB__URL"] = "https://lab.example"
    assert "CORONACARE_LAB__URL" not in ports.assign_ports(settings.load(), lambda line: None)


def test_an_ipv6_address_is_not_changed() -> None:
    os.environ["CORONACARE_LAB__URL"] = "http://[::1]:45998"
    assert ports.assign_ports(settings.load(), lambda line: None)["CORONACARE_LAB__URL"] == "http://[::1]:45998"


def test_without_ipv4_loopback_the_parts_use_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulates a machine with IPv6 only; tests/stack/test_environments.py creates such a network."""
    monkeypatch.setattr(ports, "find_address", lambda host, port=0: find_address(host, port) if ":" in host else None)
    lines: list[str] = []
    moved = ports.assign_ports(settings.load(), lines.append)
    assert lines[0] == "127.0.0.1 can't be used on this machine: ::1 is used instead"
    assert [line for line in lines[1:] if "127.0.0.1" in line] == []
    assert moved["CORONACARE_LAB__URL"].startswith("http://[::1]:")
    assert moved["CORONACARE_MAIL__HOST"] == "::1"


def test_without_a_loopback_address_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "find_address", lambda host, port=0: None)
    with pytest.raises(PartFailed, match="bring up the loopback interface"):
        ports.assign_ports(settings.load(), lambda line: None)
