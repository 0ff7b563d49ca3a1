"""HAPI FHIR's validator (tests/hapi) finds no error in what is sent, and each planted one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT
from reporting.codes import RESULTS
from reporting.fhir import write
from tests.support.authority import PARTIES, REGISTERED, REPORTS

pytestmark = pytest.mark.verify

TARGET = ROOT / "tests" / "hapi" / "target"
JAR = TARGET / "validator.jar"
# DEMIS' profiles aren't on Maven Central: that of the bundle is missed as an error, those of its resources as warnings
UNKNOWN_PROFILE = (
    "Invalid profile. Failed to retrieve profile with "
    "url=https://demis.rki.de/fhir/StructureDefinition/NotificationBundleLaboratory"
)
TIMEOUT_S = 900

Json = dict[str, Any]


def resource(kind: str) -> Callable[[Json], Json]:
    return lambda bundle: next(each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == kind)


# what the validator's message contains: how the fault is planted
PLANTED: dict[str, Callable[[Json], object]] = {
    "DiagnosticReport.status: minimum required": lambda b: resource("DiagnosticReport")(b).pop("status"),
    "Observation.code: minimum required": lambda b: resource("Observation")(b).pop("code"),
    "Composition.title: minimum required": lambda b: resource("Composition")(b).pop("title"),
    "'ObservationStatus'": lambda b: resource("Observation")(b).update(status="withdrawn"),
    "'AdministrativeGender'": lambda b: resource("Patient")(b).update(gender="unbekannt"),
    "Not a valid date": lambda b: resource("Patient")(b).update(birthDate="10.05.1990"),
    "Unrecognized property 'value'": lambda b: resource("Observation")(b).update(value="x"),
    "obs-6": lambda b: resource("Observation")(b).update(dataAbsentReason={"text": "x"}),
    "bdl-9": lambda b: b.pop("identifier"),
    "bdl-10": lambda b: b.pop("timestamp"),
    "bdl-11": lambda b: b["entry"].reverse(),
    "Can't find 'urn:uuid:": lambda b: resource("Composition")(b)["subject"].update(
        reference="urn:uuid:00000000-0000-4000-8000-000000000000"
    ),
}


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Errors of each file, by its name: one process for all, because it reads FHIR's definitions for a minute."""
    assert JAR.is_file(), "make tests/hapi/target/validator.jar"
    folder = tmp_path_factory.mktemp("bundles")
    for name, report in REPORTS.items():
        (folder / name).write_bytes(write(report, PARTIES))
    for result in RESULTS:
        (folder / result).write_bytes(write(replace(REGISTERED, result=result, specimen_type="saliva"), PARTIES))
    (folder / "least").write_bytes(write(replace(REGISTERED, phone="", email="", address=""), PARTIES))
    for number, plant in enumerate(PLANTED.values()):
        bundle = json.loads(write(REGISTERED, PARTIES))
        plant(bundle)
        (folder / f"planted-{number}").write_text(json.dumps(bundle))
    files = sorted(folder.iterdir())
    command = ["java", "-cp", f"{JAR}:{TARGET}/lib/*", "Validate", *map(str, files)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S).stdout
    found: dict[str, list[str]] = {file.name: [] for file in files}
    for line in output.splitlines():
        file, _, message = line.partition("\t")
        if UNKNOWN_PROFILE not in message:
            found[Path(file).name].append(message)
    return found


@pytest.mark.parametrize("name", [*REPORTS, *RESULTS, "least"])
def test_a_bundle_has_no_error(name: str, errors: dict[str, list[str]]) -> None:
    assert errors[name] == []


@pytest.mark.parametrize(("number", "message"), list(enumerate(PLANTED)))
def test_a_planted_fault_is_found(number: int, message: str, errors: dict[str, list[str]]) -> None:
    assert any(message in each for each in errors[f"planted-{number}"]), errors[f"planted-{number}"]
