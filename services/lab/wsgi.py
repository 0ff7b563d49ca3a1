"""WSGI application of the lab; must run in one process, which runs the bench and receives messages."""

import ssl
from functools import partial
from pathlib import Path

from config.secrets import load_with_secrets
from hosting.databases import connect_to
from hosting.metrics import with_metrics
from hosting.periodic import PeriodicTask
from hosting.startup import require_database
from services.database import describe_outage
from services.lab import bench
from services.lab.app import create_app
from services.lab.gateway import folder, inbox
from services.lab.gateway.mllp import listen
from services.lab.metrics import InboxCollector

_settings = load_with_secrets("lab.api_key", "lab.laboratory_keys").lab
_describe = partial(describe_outage, service="lab")
_database = connect_to(_settings.database_url)
_inbox = inbox.Inbox(_database, _settings.max_message_bytes, _settings.messages_kept_for)
with require_database("lab.database_url"):
    _application = create_app(
        _database,
        _settings.api_key.get_secret_value(),
        _settings.kits,
        _inbox,
        {name: key.get_secret_value() for name, key in _settings.laboratory_keys.items()},
    )


def _tls_context(certificate: Path, key: Path | None, client_ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca)
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _listen_for_hl7(address: str) -> None:
    host, _, port = address.rpartition(":")
    certificate = _settings.mllp_certificate
    context = _tls_context(certificate, _settings.mllp_key, _settings.mllp_client_ca) if certificate else None
    store = partial(_inbox.receive, "mllp")
    listen((host.strip("[]"), int(port)), store, _inbox.max_bytes, context, _describe)


_bench = bench.Bench(_database, _settings.capacity, _settings.turnaround_s, _settings.positive_share)
PeriodicTask("bench", _bench.run, bench.INTERVAL_S, _describe).start()
PeriodicTask("lab_messages", _inbox.run, inbox.INTERVAL_S, _describe).start()
if _settings.messages_folder:
    _folder = folder.Folder(_settings.messages_folder, partial(_inbox.receive, "folder"), _inbox.max_bytes)
    PeriodicTask("lab_folder", _folder.read, folder.INTERVAL_S, _describe).start()
if _settings.mllp_address:
    _listen_for_hl7(_settings.mllp_address)
application = with_metrics(_application, [InboxCollector(_database)])
