"""A form that Tasklist can't show, or that we can't, is refused: file, component, reason."""

import json
from typing import Any

import pytest

from deployment.deploy import DeploymentRefused, check_forms, resources


def files(*components: dict[str, Any], **more: Any) -> dict[str, bytes]:
    """What is deployed, with one form more."""
    form = {"type": "default", "id": "new", "schemaVersion": 16, "components": list(components), **more}
    return {**resources(), "new.form": json.dumps(form).encode()}


HERE = "component Textfield_1 (textfield)"
FIELD = {"type": "textfield", "id": "Textfield_1", "key": "x"}


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ({"type": "filepicker", "id": "File_1", "key": "x"}, "component File_1 (filepicker) is not supported"),
        (
            {**FIELD, "validate": {"unique": True}},
            f"{HERE}: validation unique is not supported",
        ),
        (
            {**FIELD, "conditional": {"hide": "=x + 1 > 2"}},
            f"{HERE}: x + 1 > 2: not understood",
        ),
        ({**FIELD, "tooltip": "new in a later form-js"}, f"{HERE}: property tooltip"),
    ],
)
def test_a_component_that_can_not_be_shown(component: dict[str, Any], reason: str) -> None:
    with pytest.raises(DeploymentRefused) as refusal:
        check_forms(files(component))
    assert str(refusal.value).startswith(f"forms/new.form: new: {reason}")


def test_a_form_for_a_later_tasklist() -> None:
    with pytest.raises(DeploymentRefused, match=r"forms/new.form: new: schemaVersion must be 16 or older"):
        check_forms(files(FIELD, schemaVersion=18))


def test_what_is_no_form() -> None:
    with pytest.raises(DeploymentRefused, match=r"forms/new.form is not JSON"):
        check_forms({"new.form": b"{"})


def test_a_sound_form_is_not_refused() -> None:
    check_forms(files(FIELD))
