"""WSGI application of the SMS gateway."""

from config.secrets import load_with_secrets
from hosting.databases import connect_to
from hosting.metrics import with_metrics
from hosting.startup import require_database
from services.sms.app import create_app

_settings = load_with_secrets("sms.api_key").sms
with require_database("sms.database_url"):
    _application = create_app(connect_to(_settings.database_url), _settings.api_key.get_secret_value())
application = with_metrics(_application)
