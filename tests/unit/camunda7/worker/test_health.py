import pytest
from prometheus_client import CollectorRegistry

from camunda7.http_client import request
from camunda7.worker.health import Health
from stack.addresses import find_port, join_address


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_health_is_served_on_ipv4_and_ipv6(host: str) -> None:
    port = find_port(host)
    health = Health(host, port, CollectorRegistry(), lambda: True, lambda: ["engine: unavailable"])
    try:
        url = f"http://{join_address(host, port)}"
        assert [request("GET", url + path).status_code for path in ("/healthz", "/readyz")] == [200, 503]
        assert request("GET", url + "/readyz").text == "engine: unavailable\n"
    finally:
        health.close()
