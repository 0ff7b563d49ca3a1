"""What gunicorn serves as the web application; beside it, what patients sent is taken to the engine."""

import threading

from config import settings as config
from processes.engine import Engine
from records import database
from webapp import timing
from webapp.app import Options, create_app
from webapp.government import Government

_settings = config.load()
database.open(_settings.records.database_url)
application = create_app(
    Options(
        secret_key=_settings.webapp.secret_key.get_secret_value(),
        records_secret=_settings.records.secret_key.get_secret_value(),
        proxies=_settings.webapp.proxies,
        timings=_settings.webapp.timings,
        attempts_per_address=_settings.webapp.attempts_per_address,
        policy=_settings.policy.model_dump(),
        secure_cookies=_settings.webapp.url.startswith("https"),
        idle_s=_settings.webapp.session_idle_s,
        time_zone=_settings.webapp.time_zone,
    ),
    Engine(
        _settings.engine.url,
        _settings.engine.username,
        _settings.engine.password.get_secret_value(),
        observe=timing.engine_answered,
    ),
    Government(_settings.government.url, _settings.government.api_key.get_secret_value()),
)
threading.Thread(
    target=application.extensions["forwarder"].run, args=[threading.Event()], name="forwarder", daemon=True
).start()
