import pytest

from stack.parts import inherited_environment


def test_settings_of_other_programs_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = {"SERVER_PORT": "9000", "LOGGING_LEVEL_ROOT": "TRACE", "GUNICORN_CMD_ARGS": "--access-logfile -"}
    for name, value in foreign.items() | {("JDK_JAVA_OPTIONS", "-Xms1g")}:
        monkeypatch.setenv(name, value)
    inherited = inherited_environment()
    assert foreign.keys() & inherited.keys() == set()
    assert inherited["JDK_JAVA_OPTIONS"] == "-Xms1g"


def test_parts_have_one_locale_and_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.ISO-8859-1")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    inherited = inherited_environment()
    assert (inherited["LC_ALL"], inherited["TZ"], inherited["PYTHONUTF8"]) == ("C.UTF-8", "UTC", "1")
