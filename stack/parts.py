"""The parts of the platform: how each is started, where it answers, and what it is told by its environment.

docker-compose.yml starts the same parts; a test holds the two together.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from config.settings import ROOT, Settings, environment_name
from stack.addresses import LOOPBACK, bind_address, bind_host, join_address

# extracted from the jar that Maven makes: Xerces finds no schema of a library that is inside a jar in a folder whose
# path has a non-ASCII letter, for Spring Boot's URL of it ("jar:nested:…") isn't escaped
JAR = ROOT / "engine" / "target" / "extracted" / "engine.jar"
# as a class path: Tomcat serves no resources, such as plugins of Tasklist, of libraries that only a manifest names
CLASS_PATH = f"{JAR}{os.pathsep}{JAR.parent / 'lib' / '*'}"
ENGINE_CLASS = "org.coronacare.engine.EngineApplication"
# classes to map instead of loading them, as engine/archive-classes writes them; silent when another JDK wrote them
CLASSES = JAR.with_suffix(".jsa")
SHARED = [f"-XX:SharedArchiveFile={CLASSES}", "-Xlog:cds=off,cds+dynamic=off"]
FRONT = ROOT / "stack" / "front"
WORKER = "hosting.gunicorn_worker.Worker"
# who calls whom; the others call nobody
CALLS = {
    "front": ("webapp", "engine"),
    "webapp": ("engine", "lab", "government"),
    "workers": ("engine", "lab", "government", "sms", "mail"),
    "government": ("sms", "mail"),
}
# parts with a database of their own, whose schema `python -m services upgrade` brings up to date
WITH_DATABASE = ("lab", "government", "sms")
# parts that share the records, whose schema `python -m records upgrade` brings up to date
WITH_RECORDS = ("workers", "webapp")
# variables that Spring Boot, Camunda and gunicorn read as settings: meant for other programs on the machine, they would
# move the engine to another port, or have requests with references of cases logged
FOREIGN_SETTINGS = ("SPRING_", "SERVER_", "LOGGING_", "MANAGEMENT_", "CAMUNDA_", "GUNICORN_")
# what parts inherit, whatever the locale and time zone of whoever starts them: file names and files in UTF-8 (the JVM
# takes the encoding of file names from the locale alone), messages that KNOWN_CAUSES knows, times of logs in UTC
SAME_EVERYWHERE = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "TZ": "UTC"}


@dataclass(frozen=True)
class Part:
    """One process of the platform.

    Attributes:
        ready: a URL that answers as soon as the part works; empty for parts without one.
        needs: names of the parts that must be up before.
    """

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    ready: str = ""
    url: str = ""
    needs: tuple[str, ...] = ()


def is_ours(url: str) -> bool:
    """Whether a part at this URL is started here, and not somewhere else."""
    address = urlsplit(url)
    return address.scheme == "http" and address.hostname in LOOPBACK


def parts_of(settings: Settings, secrets: dict[str, str], data: Path) -> list[Part]:
    """The parts to start for these settings; one whose URL is elsewhere is left out. Arguments as all_parts."""
    return [part for part in all_parts(settings, secrets, data) if not part.url or is_ours(part.url)]


def upgrades_of(parts: list[Part]) -> list[list[str]]:
    """The commands that apply the pending migrations to the databases of these parts."""
    names = {part.name for part in parts}
    upgrades = []
    if services := [name for name in WITH_DATABASE if name in names]:
        upgrades.append([sys.executable, "-m", "services", "upgrade", *services])
    if names.intersection(WITH_RECORDS):
        upgrades.append([sys.executable, "-m", "records", "upgrade"])
    return upgrades


def all_parts(settings: Settings, secrets: dict[str, str], data: Path) -> list[Part]:
    """The parts that these settings tell of, wherever they are.

    Args:
        secrets: passwords and keys by name, as stack/secrets.py makes them.
        data: folder for what the parts keep.
    """
    parts = [
        _mail(settings, data),
        _lab(settings, secrets),
        _sms(settings, secrets),
        _government(settings, secrets),
        _engine(settings, secrets),
        _workers(settings, secrets),
        _webapp(settings, secrets),
    ]
    if settings.front.url:
        parts.append(_front(settings, settings.front.url))
    return parts


def _engine(settings: Settings, secrets: dict[str, str]) -> Part:
    engine = settings.engine
    environment = {
        "ENGINE_HOST": bind_host(engine.host),
        "ENGINE_PORT": str(engine.port),
        "ENGINE_DATABASE_URL": engine.database_url,
        "ENGINE_DATABASE_USER": engine.database_username,
        "ENGINE_DATABASE_PASSWORD": engine.database_password.get_secret_value(),
        "ENGINE_ADMIN_USER": "admin",
        "ENGINE_SECURE_COOKIES": str(engine.secure_cookies).lower(),
        "ENGINE_ADMIN_PASSWORD": secrets["admin"],
        "ENGINE_TIME_ZONE": settings.webapp.time_zone,
    }
    # the JVM doesn't read TMPDIR
    temporary = f"-Djava.io.tmpdir={tempfile.gettempdir()}"
    shared = SHARED if CLASSES.exists() else []
    command = ["java", "-Xmx1g", "-Duser.timezone=UTC", temporary, *shared, "-cp", CLASS_PATH, ENGINE_CLASS]
    return Part("engine", command, environment, f"{engine.url}/camunda/app/tasklist/default/", engine.url)


def _lab(settings: Settings, secrets: dict[str, str]) -> Part:
    command = _gunicorn("services.lab.wsgi", settings.lab.url, threads=8)
    environment = {environment_name("lab", "api_key"): secrets["lab_api_key"]}
    return Part("lab", command, environment, f"{settings.lab.url}/healthz", settings.lab.url)


def _government(settings: Settings, secrets: dict[str, str]) -> Part:
    command = _gunicorn("services.government.wsgi", settings.government.url, threads=8)
    environment = {
        environment_name("government", "api_key"): secrets["government_api_key"],
        environment_name("government", "archive_key"): secrets["government_archive_key"],
        environment_name("sms", "api_key"): secrets["sms_api_key"],
    }
    return Part("government", command, environment, f"{settings.government.url}/healthz", settings.government.url)


def _sms(settings: Settings, secrets: dict[str, str]) -> Part:
    command = _gunicorn("services.sms.wsgi", settings.sms.url, threads=4)
    environment = {environment_name("sms", "api_key"): secrets["sms_api_key"]}
    return Part("sms", command, environment, f"{settings.sms.url}/healthz", settings.sms.url)


def _mail(settings: Settings, data: Path) -> Part:
    """An SMTP server that keeps each message as a file of a Maildir."""
    host, port = bind_host(settings.mail.host), settings.mail.port
    handler = ["-c", "aiosmtpd.handlers.Mailbox", str(data / "mail")]
    command = [sys.executable, "-W", "ignore", "-m", "aiosmtpd", "-n", "-l", f"{host}:{port}", *handler]
    return Part("mail", command, ready=f"smtp://{join_address(host, port)}")


def _workers(settings: Settings, secrets: dict[str, str]) -> Part:
    environment = {
        **account("workers", secrets["workers"]),
        environment_name("lab", "api_key"): secrets["lab_api_key"],
        environment_name("government", "api_key"): secrets["government_api_key"],
        environment_name("sms", "api_key"): secrets["sms_api_key"],
        environment_name("records", "secret_key"): secrets["records_secret_key"],
    }
    url = settings.workers.url
    needs = ("engine", "lab", "government", "sms")
    return Part("workers", [sys.executable, "-m", "workers"], environment, f"{url}/readyz", url, needs)


def _webapp(settings: Settings, secrets: dict[str, str]) -> Part:
    webapp = settings.webapp
    environment = {
        **account("webapp", secrets["webapp"]),
        environment_name("webapp", "secret_key"): secrets["secret_key"],
        environment_name("records", "secret_key"): secrets["records_secret_key"],
        environment_name("government", "api_key"): secrets["government_api_key"],
        environment_name("lab", "api_key"): secrets["lab_api_key"],
    }
    command = _gunicorn("webapp.wsgi", webapp.url, webapp.threads, webapp.processes)
    return Part("webapp", command, environment, f"{webapp.url}/healthz", webapp.url, needs=("engine",))


def _front(settings: Settings, url: str) -> Part:
    environment = {
        "FRONT_ADDRESS": bind_address(url),
        "FRONT_METRICS_ADDRESS": bind_address(settings.front.metrics_url),
        "WEBAPP_ADDRESS": bind_address(settings.webapp.url),
        "ENGINE_ADDRESS": bind_address(settings.engine.url),
        "MAX_CONCURRENT_PAGES": str(settings.front.max_concurrent_pages),
        "FRONT_PAGES": str(FRONT),
        "EMERGENCY_NUMBER": settings.policy.emergency_number,
    }
    # -db: it stays our child, and says what it does
    haproxy = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin") or "haproxy"
    command = [haproxy, "-db", "-f", str(FRONT / "haproxy.cfg")]
    return Part("front", command, environment, f"{url}/healthz", url, ("webapp",))


def account(username: str, password: str) -> dict[str, str]:
    """The environment variables that sign a program in to the engine."""
    return {
        environment_name("engine", "username"): username,
        environment_name("engine", "password"): password,
    }


def _gunicorn(module: str, url: str, threads: int, processes: int = 1) -> list[str]:
    pools = ["--workers", str(processes), "--threads", str(threads), "--worker-class", WORKER]
    control = ["--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", "--bind", bind_address(url), *pools, *control, f"{module}:application"]


def inherited_environment() -> dict[str, str]:
    """What every part gets of our own environment."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_SETTINGS)}
    return {**inherited, **SAME_EVERYWHERE}
