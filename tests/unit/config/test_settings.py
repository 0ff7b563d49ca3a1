import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from access.people import load_people
from config import settings
from config.renamed import RENAMED
from config.settings import PREFIX, ROOT, Settings, SettingsError, load


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_the_default_settings_can_be_loaded() -> None:
    assert load().lab.port == 5001


def test_every_setting_is_in_the_file_of_defaults() -> None:
    """config/default.yaml has each setting except secrets, and nothing else."""
    content = yaml.safe_load((ROOT / "config" / "default.yaml").read_text())
    for name, field in Settings.model_fields.items():
        fields = getattr(field.annotation, "model_fields", {})
        named = {key for key, field in fields.items() if "Secret" not in str(field.annotation)}
        assert set(content[name] if fields else []) == named, name
    assert set(content) == set(Settings.model_fields)


def test_the_environment_overrides_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORONACARE_LAB__KITS", "7")
    assert (load().lab.kits, load().lab.capacity) == (7, 8)


def test_a_file_overrides_defaults_and_the_environment_overrides_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text("lab: {kits: 9}\n")
    monkeypatch.setenv("CORONACARE_CONFIG", str(tmp_path / "own.yaml"))
    assert (load().lab.kits, load().lab.capacity) == (9, 8)
    monkeypatch.setenv("CORONACARE_LAB__KITS", "7")
    assert load().lab.kits == 7


def test_files_are_read_as_utf8_whatever_the_locale(tmp_path: Path) -> None:
    """No file is opened with the encoding of the locale (PEP 597)."""
    (tmp_path / "own.yaml").write_text("mail: {sender: 'Zürich <no-reply@care.example>'}\n", encoding="utf-8")
    (tmp_path / "people.yaml").write_text("groups: {doctors: Ärzte}\npeople: {}\nservices: []\n", encoding="utf-8")
    program = (
        "from access import people\nfrom config import settings\n"
        "print(ascii(settings.load().mail.sender), ascii(people.load_people(settings.load().people).groups))"
    )
    files = {"CORONACARE_CONFIG": str(tmp_path / "own.yaml"), "CORONACARE_PEOPLE": str(tmp_path / "people.yaml")}
    command = [sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning", "-c", program]
    environment = {**files, "LC_ALL": "C.UTF-8"}
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert process.stdout.decode() == r"'Z\xfcrich <no-reply@care.example>' {'doctors': '\xc4rzte'}" + "\n", (
        process.stderr
    )


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("CORONACARE_LAB__KIT", "1", "CORONACARE_LAB__KIT: unknown setting"),
        ("CORONACARE_LABS__KITS", "1", "CORONACARE_LABS__KITS: unknown setting"),
        ("CORONACARE_WEBAPP__TIME_ZONE", "Berlin", "webapp.time_zone: .*for example Europe/Berlin"),
        ("CORONACARE_LAB__KITS", "many", "lab.kits: input should be a valid integer"),
        ("CORONACARE_LAB__KITS", "-1", "lab.kits: input should be greater than or equal to 0"),
        ("CORONACARE_ENGINE__URL", "localhost:8080", "engine.url: string should match pattern"),
        ("CORONACARE_POLICY__REVIEW_SKIPPED_AFTER", "7 days", "policy.review_skipped_after: string should match"),
        ("CORONACARE_CONFIG", "/no/such.yaml", "CORONACARE_CONFIG=/no/such.yaml: there is no such file"),
    ],
)
def test_the_error_names_an_invalid_setting(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=message.replace("(", r"\(")):
        load()


def test_an_unknown_name_in_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("engine: {prot: 1}\n")
    monkeypatch.setenv("CORONACARE_CONFIG", str(tmp_path / "own.yaml"))
    with pytest.raises(SettingsError, match=r"engine\.prot: unknown setting"):
        load()


@pytest.mark.parametrize(
    ("duration", "is_valid"),
    [("P7D", True), ("PT72H", True), ("P1DT2H3M", True), ("P", False), ("7D", False), ("PT", False)],
)
def test_only_durations_that_timers_accept_are_valid(
    monkeypatch: pytest.MonkeyPatch, duration: str, is_valid: bool
) -> None:
    monkeypatch.setenv("CORONACARE_POLICY__REVIEW_SKIPPED_AFTER", duration)
    if is_valid:
        assert load().policy.review_skipped_after == duration
    else:
        with pytest.raises(SettingsError):
            load()


def test_secrets_are_not_shown() -> None:
    other_settings = {"username": "a", "database_url": "", "database_username": "", "secure_cookies": False}
    assert "hidden" not in repr(settings.Engine(url="http://x", password="hidden", **other_settings))


def test_the_people_file_is_read_and_the_error_names_an_invalid_field(tmp_path: Path) -> None:
    assert load_people(Path("config/people.yaml")).doctors == {
        "doctor": "dana@doctors.example",
        "doctor2": "darius@doctors.example",
    }
    invalid = tmp_path / "people.yaml"
    invalid.write_text("groups: {}\npeople: {ann: {given_name: A}}\nservices: []\n")
    with pytest.raises(SettingsError, match=r"people\.ann\.family_name: field required"):
        load_people(invalid)
    with pytest.raises(SettingsError, match="there is no file"):
        load_people(tmp_path / "none.yaml")


def test_the_old_name_of_a_setting_is_read_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.yaml").write_text("webapp: {claim_s: 60, proxies: 1}\n")
    monkeypatch.setenv("CORONACARE_CONFIG", str(tmp_path / "own.yaml"))
    monkeypatch.setenv("CORONACARE_WEBAPP__TIMINGS", "true")
    webapp = load().webapp
    assert (webapp.lease_s, webapp.trusted_proxies, webapp.server_timing) == (60, 1, True)
    assert sorted(capsys.readouterr().err.splitlines()) == [
        "warning: the setting webapp.claim_s is now webapp.lease_s; rename it",
        "warning: the setting webapp.proxies is now webapp.trusted_proxies; rename it",
        "warning: the setting webapp.timings is now webapp.server_timing; rename it",
    ]


@pytest.mark.parametrize("section_and_name", RENAMED)
def test_each_renamed_setting_has_a_new_name(section_and_name: tuple[str, str]) -> None:
    section, old = section_and_name
    fields = Settings.model_fields[section].annotation.model_fields  # type: ignore[union-attr]
    assert old not in fields
    assert RENAMED[section_and_name] in fields


def test_the_old_and_the_new_name_of_a_setting_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORONACARE_WORKERS__POLL_S", "2")
    monkeypatch.setenv("CORONACARE_WORKERS__LONG_POLL_S", "2")
    with pytest.raises(SettingsError, match=r"workers\.poll_s is the old name of workers\.long_poll_s"):
        load()


def test_a_new_name_in_the_environment_overrides_the_old_one_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text("webapp: {claim_s: 60}\n")
    monkeypatch.setenv("CORONACARE_CONFIG", str(tmp_path / "own.yaml"))
    monkeypatch.setenv("CORONACARE_WEBAPP__LEASE_S", "70")
    assert load().webapp.lease_s == 70


def test_reports_to_an_authority_need_their_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().reports.find_missing("sormas") == ["reports.url"]
    monkeypatch.setenv("CORONACARE_REPORTS__URL", "mllp://authority.example:2575")
    monkeypatch.setenv("CORONACARE_REPORTS__FACILITY__NAME", "Facility")
    missing = load().reports.find_missing("elr")
    assert {"reports.receiver", "reports.facility.oid", "reports.laboratory.name"} <= set(missing)
    assert not {"reports.url", "reports.facility.name", "reports.facility.clia"} & set(missing)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("URL", "ftp://authority"), ("URL", "mllp://"), ("URL", "authority:2575"), ("RECEIVER_OID", "1.02"),
        ("FACILITY__PHONE", "0123"), ("FACILITY__COUNTRY", "de"), ("TEST", "PCR"), ("DAY_FORMAT", "%s"),
    ],
)  # fmt: skip
def test_an_invalid_setting_of_reports_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CORONACARE_REPORTS__{name}", value)
    with pytest.raises(SettingsError, match=rf"reports\.{name.lower().replace('__', '.')}"):
        load()


def test_an_id_token_never_opens_the_rest_api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    provider = {
        "method": "openid_connect",
        "issuer": "https://id.example",
        "client_id": "coronacare",
        "contact": "it@hospital.example",
        "groups": {"doctors": ["/doctors"]},
    }
    monkeypatch.setenv("CORONACARE_CONFIG", str(tmp_path / "own.yaml"))
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({"sign_in": {**provider, "audience": "engine"}}))
    assert load().sign_in.is_by_provider
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({"sign_in": {**provider, "audience": "coronacare"}}))
    with pytest.raises(SettingsError, match="audience must differ from client_id"):
        load()
