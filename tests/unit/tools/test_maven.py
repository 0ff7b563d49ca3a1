"""Maven is downloaded in one version, checked by its checksum, and uses the proxy of the environment."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from config.settings import ROOT
from tools import maven


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    file = tmp_path / "apache-maven-3.9.99-bin.zip"
    with zipfile.ZipFile(file, "w") as content:
        content.writestr("apache-maven-3.9.99/bin/mvn", "#!/bin/sh\necho maven\n")
    return file


def test_maven_is_downloaded_once_and_can_be_run(archive: Path, tmp_path: Path) -> None:
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    program = maven.install(archive.as_uri(), checksum, tmp_path / "dists")
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "maven\n"
    archive.unlink()
    assert maven.install(archive.as_uri(), checksum, tmp_path / "dists") == program
    assert [path.name for path in program.parents[2].iterdir()] == [checksum]


def test_a_download_with_another_checksum_is_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(maven.WrongChecksum):
        maven.install(archive.as_uri(), "0" * 64, tmp_path / "dists")
    assert list((tmp_path / "dists").rglob("mvn")) == []


def test_the_version_is_the_same_as_in_the_image() -> None:
    properties = maven.read_properties(maven.PROPERTIES)
    version = properties["distributionUrl"].split("/")[-2]
    assert f"maven:{version}-" in (ROOT / "engine/Dockerfile").read_text()


def test_the_proxy_settings_contain_user_and_password() -> None:
    proxies = {"https": "http://me:p%26ss@proxy.example:3128", "no": "localhost, .example.org"}
    [proxy] = ElementTree.fromstring(maven.proxy_settings(proxies)).iter("proxy")
    assert {each.tag: each.text for each in proxy} == {
        "id": "environment",
        "protocol": "http",
        "host": "proxy.example",
        "port": "3128",
        "username": "me",
        "password": "p&ss",
        "nonProxyHosts": "localhost|*.example.org",
    }


@pytest.mark.parametrize("proxies", [{"http": "proxy.example:3128"}, {"all": "http://proxy.example:3128/"}])
def test_a_proxy_of_http_or_all_schemes_is_used(proxies: dict[str, str]) -> None:
    assert "<host>proxy.example</host><port>3128</port>" in maven.proxy_settings(proxies)


def test_without_a_proxy_there_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maven, "_home_of_user", lambda: str(Path.home()))
    assert maven.proxy_settings({"no": "localhost"}) is None
    assert maven.options(None) == []


def test_the_settings_file_is_readable_by_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maven, "PROXY_SETTINGS", tmp_path / "new/settings.xml")
    before = os.umask(0)
    try:
        # the third option, the repository's folder, exists only if HOME isn't the home folder in the user database
        assert maven.options("<settings/>")[:2] == ["--global-settings", str(tmp_path / "new/settings.xml")]
    finally:
        os.umask(before)
    assert maven.PROXY_SETTINGS.stat().st_mode & 0o777 == 0o600


def test_the_repository_is_in_the_home_folder_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert maven.options(None) == [f"-Dmaven.repo.local={tmp_path}/.m2/repository"]
