"""Firewall rules, generated from the settings."""

from __future__ import annotations

import pytest

from config.settings import Settings, load
from stack.firewall import UnknownPart, format_rules, main


def settings(**sections: object) -> Settings:
    urls = {
        "front": "https://10.0.0.1",
        "webapp": "http://10.0.0.2:5000",
        "engine": "http://10.0.0.3:8080",
        "workers": "http://10.0.0.4:5004",
    }
    return load(**({name: {"url": url} for name, url in urls.items()} | sections))


def test_https_of_the_front_is_open_to_all_addresses() -> None:
    rules = format_rules("front", settings(), [])
    assert "    tcp dport 443 accept\n" in rules
    assert "ip daddr 10.0.0.2 tcp dport 5000 accept" in rules
    assert "ip daddr 10.0.0.3 tcp dport 8080 accept" in rules


def test_metrics_of_the_front_are_open_to_operators() -> None:
    assert "ip saddr { 10.0.0.9 } tcp dport { 22, 8404 } accept" in format_rules("front", settings(), ["10.0.0.9"])


def test_a_part_is_open_to_its_callers_and_to_operators() -> None:
    rules = format_rules("engine", settings(), ["10.0.0.9"])
    assert "ip saddr { 10.0.0.1, 10.0.0.2, 10.0.0.4 } tcp dport 8080 accept" in rules
    assert "ip saddr { 10.0.0.9 } tcp dport { 22, 8080 } accept" in rules
    assert "daddr" not in rules


@pytest.mark.parametrize("part", ["webapp", "workers"])
def test_a_part_may_connect_to_its_database_server(part: str) -> None:
    with_database = settings(records={"database_url": "postgresql://who@10.0.0.7/records"})
    assert "ip daddr 10.0.0.7 tcp dport 5432 accept" in format_rules(part, with_database, [])


def test_the_engine_may_connect_to_its_postgresql_server() -> None:
    engine = {"url": "http://10.0.0.3:8080", "database_url": "jdbc:postgresql://10.0.0.7:5433/engine"}
    assert "ip daddr 10.0.0.7 tcp dport 5433 accept" in format_rules("engine", settings(engine=engine), [])


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownPart, match="no part frnt: choose of engine, webapp, lab"):
        format_rules("frnt", settings(), [])
    assert main(["frnt"]) == 1
    assert "no part frnt" in capsys.readouterr().err
