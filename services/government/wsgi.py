"""WSGI application of the government."""

from config.secrets import load_with_secrets
from hosting.clients.mail import MailServer
from hosting.clients.sms import SmsGateway
from hosting.databases import connect_to
from hosting.metrics import with_metrics
from hosting.startup import require_database
from services.government.app import create_app
from services.government.archive import Archive
from services.government.notification import Notifier

_settings = load_with_secrets("government.api_key", "government.archive_key", "sms.api_key")
_mail, _sms = _settings.mail, _settings.sms
with require_database("government.database_url"):
    _application = create_app(
        connect_to(_settings.government.database_url),
        _settings.government.api_key.get_secret_value(),
        Notifier(
            MailServer(_mail.host, _mail.port, _mail.username, _mail.password.get_secret_value(), _mail.starttls),
            _mail.sender,
            SmsGateway(_sms.url, _sms.api_key.get_secret_value()),
            _settings.public_url,
            _settings.policy.contact_phone,
        ),
        Archive(_settings.government.archive_key.get_secret_value()),
    )
application = with_metrics(_application)
