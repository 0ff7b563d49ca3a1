import socket

import pytest

from stack.addresses import bind_address, find_address, find_port, join_address
from stack.parts import is_local


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"])
def test_each_notation_of_the_loopback_address_is_local(url: str) -> None:
    assert is_local(url)


@pytest.mark.parametrize(
    "url", ["https://localhost:5000", "http://localhost.example:5000", "http://[2001:db8::1]:5000"]
)
def test_another_machine_or_a_server_behind_https_is_not_local(url: str) -> None:
    assert not is_local(url)


def test_an_ipv6_address_is_written_in_brackets() -> None:
    assert (join_address("::1", 80), join_address("127.0.0.1", 80)) == ("[::1]:80", "127.0.0.1:80")
    assert bind_address("http://[::1]:5000") == "[::1]:5000"


def test_a_remote_host_keeps_its_name_and_gets_the_default_port_of_its_scheme() -> None:
    assert bind_address("https://lab.example") == "lab.example:443"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_port_in_use_is_not_found(host: str) -> None:
    address = find_address(host)
    assert address is not None
    port = find_port(address)
    assert find_address(host, port) == address
    with socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET):
        assert find_address(address, port) is None


def test_an_address_of_another_machine_is_not_found() -> None:
    assert find_address("192.0.2.1") is None
    assert find_address("no-such-host.invalid") is None
