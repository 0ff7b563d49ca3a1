"""What gunicorn serves as the government."""

from config import settings as config
from services.database import open_database
from services.government.app import create_app
from services.government.notification import Notifier

_settings = config.load()
application = create_app(
    open_database(_settings.government.database_url),
    _settings.government.api_key.get_secret_value(),
    Notifier(_settings.mail.host, _settings.mail.port, _settings.mail.sender, _settings.webapp.url),
)
