"""WSGI application of the lab; must run in one process, which also runs the bench."""

from functools import partial

from config.secrets import load_with_secrets
from hosting.databases import connect_to
from hosting.metrics import with_metrics
from hosting.periodic import PeriodicTask
from hosting.startup import require_database
from services.database import describe_outage
from services.lab.app import create_app
from services.lab.bench import INTERVAL_S, Bench

_settings = load_with_secrets("lab.api_key").lab
_database = connect_to(_settings.database_url)
with require_database("lab.database_url"):
    _application = create_app(_database, _settings.api_key.get_secret_value(), _settings.kits)
_bench = Bench(_database, _settings.capacity, _settings.turnaround_s, _settings.positive_share)
PeriodicTask("bench", _bench.run, INTERVAL_S, partial(describe_outage, service="lab")).start()
application = with_metrics(_application)
