"""A form that Tasklist can't show, or that we can't, is found: component, reason."""

from typing import Any

import pytest

from camunda7.lint.forms import findings
from processes.variables import VARIABLES

HERE = "new: component Textfield_1 (textfield)"
FIELD = {"type": "textfield", "id": "Textfield_1", "key": "given_name"}


def found(*components: dict[str, Any], **more: Any) -> list[str]:
    form = {"type": "default", "id": "new", "schemaVersion": 16, "components": list(components), **more}
    return [each.wrong for each in findings("new.form", form, VARIABLES)]


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        (
            {"type": "filepicker", "id": "File_1", "key": "given_name"},
            "new: component File_1 (filepicker) is not supported",
        ),
        ({**FIELD, "validate": {"unique": True}}, f"{HERE}: validation unique is not supported"),
        (
            {**FIELD, "conditional": {"hide": "=given_name + 1 > 2"}},
            f"{HERE}: given_name + 1 > 2: not understood",
        ),
        ({**FIELD, "tooltip": "new in a later form-js"}, f"{HERE}: property tooltip"),
    ],
)
def test_a_component_that_can_not_be_shown(component: dict[str, Any], reason: str) -> None:
    [wrong] = found(component)
    assert wrong.startswith(reason)


def test_a_form_for_a_later_tasklist() -> None:
    [wrong] = found(FIELD, schemaVersion=18)
    assert wrong.startswith("new: schemaVersion must be 16 or older")


def test_what_is_no_form() -> None:
    assert found(FIELD, type="other") == ["new: isn't a Camunda Form"]


def test_nothing_is_found_in_a_sound_form() -> None:
    assert found(FIELD) == []


def test_a_pattern_that_takes_too_long() -> None:
    assert found({**FIELD, "validate": {"pattern": "^[A-Z]+$"}}) == []
    [wrong] = found({**FIELD, "validate": {"pattern": "^(a+)+$"}})
    assert wrong.startswith("for some answers its pattern ^(a+)+$ takes too long")
