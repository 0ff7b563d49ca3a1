"""Forms that Tasklist or the web application can't show have a finding with the component and the reason."""

from typing import Any

import pytest

from camunda7.lint.forms import findings
from processes.variables import VARIABLES

COMPONENT = "new: component Textfield_1 (textfield)"
FIELD = {"type": "textfield", "id": "Textfield_1", "key": "given_name"}


def found(*components: dict[str, Any], **properties: Any) -> list[str]:
    form = {"type": "default", "id": "new", "schemaVersion": 16, "components": list(components), **properties}
    return [each.wrong for each in findings("new.form", form, VARIABLES)]


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        (
            {"type": "filepicker", "id": "File_1", "key": "given_name"},
            "new: component File_1 (filepicker) is not supported",
        ),
        ({**FIELD, "validate": {"unique": True}}, f"{COMPONENT}: validation unique is not supported"),
        (
            {**FIELD, "conditional": {"hide": "=given_name + 1 > 2"}},
            f"{COMPONENT}: given_name + 1 > 2: not understood",
        ),
        ({**FIELD, "tooltip": "new in a later form-js"}, f"{COMPONENT}: property tooltip"),
    ],
)
def test_an_unsupported_component_is_found(component: dict[str, Any], reason: str) -> None:
    [wrong] = found(component)
    assert wrong.startswith(reason)


def test_a_schema_version_newer_than_tasklist_reads_is_found() -> None:
    [wrong] = found(FIELD, schemaVersion=18)
    assert wrong.startswith("new: schemaVersion must be 16 or older")


def test_a_file_that_is_no_form_is_found() -> None:
    assert found(FIELD, type="other") == ["new: isn't a Camunda Form"]


def test_a_valid_form_has_no_findings() -> None:
    assert found(FIELD) == []


def test_a_pattern_that_backtracks_too_long_is_found() -> None:
    assert found({**FIELD, "validate": {"pattern": "^[A-Z]+$"}}) == []
    [wrong] = found({**FIELD, "validate": {"pattern": "^(a+)+$"}})
    assert wrong.startswith("for some answers its pattern ^(a+)+$ takes too long")
