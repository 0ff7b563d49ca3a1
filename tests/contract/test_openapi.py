"""The OpenAPI descriptions of the services are valid, and describe exactly the served operations."""

import re
from pathlib import Path

import pytest
import yaml
from flask import Flask
from openapi_spec_validator import validate

from hosting.clients.mail import MailServer
from hosting.clients.sms import SmsGateway
from services.government.app import create_app as create_government
from services.government.archive import Archive
from services.government.notification import Notifier
from services.lab.app import create_app as create_lab
from services.sms.app import create_app as create_sms
from tests.support.databases import open_service


def lab(folder: Path) -> Flask:
    return create_lab(open_service(f"sqlite:///{folder}/lab.db", "lab"), "key", initial_kits=1)


def government(folder: Path) -> Flask:
    database = open_service(f"sqlite:///{folder}/government.db", "government")
    return create_government(
        database,
        "key",
        Notifier(MailServer("127.0.0.1", 1), "a@b.example", SmsGateway("http://127.0.0.1:1", "key"), "http://x", "112"),
        Archive("a key"),
    )


def sms(folder: Path) -> Flask:
    return create_sms(open_service(f"sqlite:///{folder}/sms.db", "sms"), "key")


SERVERS = {"lab": lab, "government": government, "sms": sms}
servers = pytest.mark.parametrize("name", SERVERS)


@servers
def test_the_description_is_valid(name: str, tmp_path: Path) -> None:
    validate(_description(SERVERS[name](tmp_path)))


@servers
def test_described_and_served_operations_are_the_same(name: str, tmp_path: Path) -> None:
    app = SERVERS[name](tmp_path)
    described = {(method.upper(), path) for path, methods in _description(app)["paths"].items() for method in methods}
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    assert described == served


@servers
def test_all_operations_but_health_and_description_require_the_api_key(name: str, tmp_path: Path) -> None:
    app = SERVERS[name](tmp_path)
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            status = app.test_client().open(path, method=method).status_code
            assert status == (200 if path in ("/healthz", "/openapi.yaml") else 401), (method, path)
            tried += 1
    assert tried >= 4


@servers
def test_operations_that_create_something_require_an_idempotency_key(name: str, tmp_path: Path) -> None:
    paths = _description(SERVERS[name](tmp_path))["paths"].values()
    created = [each["post"] for each in paths if "201" in each.get("post", {}).get("responses", ())]
    assert created
    for operation in created:
        [header] = [each for each in operation["parameters"] if each["in"] == "header"]
        assert (header["name"], header["required"]) == ("Idempotency-Key", True)


def _description(app: Flask) -> dict:
    return yaml.safe_load(app.test_client().get("/openapi.yaml").text)
