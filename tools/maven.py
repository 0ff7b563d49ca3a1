"""Run Maven in the version of .mvn/wrapper/maven-wrapper.properties, which is downloaded at the first run.

`python tools/maven.py ARGUMENTS…` needs only a JDK and Python's standard library. docs/decisions/set-up.md explains why
it is used instead of Maven's own wrapper script.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
PROPERTIES = ROOT / ".mvn/wrapper/maven-wrapper.properties"
PROXY_SETTINGS = ROOT / ".cache/maven-settings.xml"
CENTRAL = "https://repo.maven.apache.org/maven2"
TIMEOUT_S = 60
# replaces Maven's global settings, and therefore repeats their block of repositories by HTTP
SETTINGS = """<settings>
  <mirrors>
    <mirror>
      <id>blocked</id><mirrorOf>external:http:*</mirrorOf><url>http://0.0.0.0/</url><blocked>true</blocked>
    </mirror>
  </mirrors>
  <proxies>
    <proxy>
      <id>environment</id><protocol>http</protocol>
      <host>{host}</host><port>{port}</port><username>{username}</username><password>{password}</password>
      <nonProxyHosts>{direct}</nonProxyHosts>
    </proxy>
  </proxies>
</settings>
"""


class WrongChecksum(Exception):
    """The download's SHA-256 differs from the one in the properties."""


def read_properties(file: Path) -> dict[str, str]:
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def install(url: str, checksum: str, folder: Path) -> Path:
    """Download and unpack Maven, unless the folder has it; returns the path of its program.

    Raises:
        WrongChecksum: the download has another SHA-256.
    """
    home = folder / Path(urlsplit(url).path).name.removesuffix("-bin.zip") / checksum
    if not home.exists():
        print(f"downloading {url}", file=sys.stderr)
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as unpacked:
            _download(url, checksum, Path(unpacked))
            _move(Path(unpacked) / "maven", home)
    return home / "bin/mvn"


def _download(url: str, checksum: str, folder: Path) -> None:
    archive = folder / "maven.zip"
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer, archive.open("wb") as file:  # noqa: S310
        shutil.copyfileobj(answer, file)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != checksum:
        raise WrongChecksum(url)
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    [unpacked] = folder.glob("apache-maven-*")
    (unpacked / "bin/mvn").chmod(0o755)
    unpacked.rename(folder / "maven")


def _move(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        # unless another checkout on this machine has installed the same version concurrently
        if not target.exists():
            raise


def proxy_settings(proxies: Mapping[str, str]) -> str | None:
    """Return Maven's settings for a proxy, because Maven ignores those of the environment; None without a proxy."""
    proxy = proxies.get("https") or proxies.get("http") or proxies.get("all")
    if not proxy:
        return None
    url = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    direct = [host.strip() for host in proxies.get("no", "").split(",") if host.strip()]
    values = {
        "host": url.hostname or "",
        "port": str(url.port or 80),
        "username": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "direct": "|".join(f"*{host}" if host.startswith(".") else host for host in direct),
    }
    return SETTINGS.format_map({name: escape(value) for name, value in values.items()})


def options(settings: str | None) -> list[str]:
    """Return Maven's options for the proxies and HOME of the environment, which Java ignores."""
    found = []
    if settings:
        PROXY_SETTINGS.parent.mkdir(exist_ok=True)
        PROXY_SETTINGS.touch(mode=0o600)
        PROXY_SETTINGS.write_text(settings)
        found += ["--global-settings", str(PROXY_SETTINGS)]
    if str(Path.home()) != _home_of_user():
        found.append(f"-Dmaven.repo.local={Path.home() / '.m2/repository'}")
    return found


def _home_of_user() -> str | None:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None


def main(arguments: list[str]) -> None:
    properties = read_properties(PROPERTIES)
    # MVNW_REPOURL: a mirror of Maven Central, named as for Maven's own wrapper script
    url = properties["distributionUrl"].replace(CENTRAL, os.environ.get("MVNW_REPOURL", CENTRAL))
    folder = Path(os.environ.get("MAVEN_USER_HOME") or Path.home() / ".m2") / "wrapper/dists"
    maven = install(url, properties["distributionSha256Sum"], folder)
    command = [str(maven), *options(proxy_settings(urllib.request.getproxies())), *arguments]
    # Java doesn't find files whose path has characters outside the locale's encoding
    os.execve(maven, command, {**os.environ, "LC_ALL": "C.UTF-8"})  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
