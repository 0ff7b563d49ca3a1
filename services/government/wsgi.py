"""What gunicorn serves as the government."""

from config import settings as config
from services.database import open_database
from services.government.app import create_app
from services.government.notification import Notifier

_settings = config.load()
_mail, _sms = _settings.mail, _settings.sms
application = create_app(
    open_database(_settings.government.database_url),
    _settings.government.api_key.get_secret_value(),
    Notifier(_mail.host, _mail.port, _mail.sender, _sms.url, _sms.api_key.get_secret_value(), _settings.webapp.url),
)
