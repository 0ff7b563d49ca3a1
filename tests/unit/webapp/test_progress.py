"""How far a patient is in a form, whose pages depend on the answers."""

from __future__ import annotations

import json

import pytest
from werkzeug.datastructures import MultiDict

from camunda7.inputs.place import DEFAULT_PLACE
from config import settings as config
from webapp.commands import StartCase
from webapp.drafts import FormDraft


def draft_of(form: str, **posted: str) -> FormDraft:
    schema = (config.ROOT / "forms" / f"{form}.form").read_text()
    command = StartCase(case_reference="C-1", key="C-1/start", exposed_to=None)
    assert json.loads(schema)["id"] == form
    return FormDraft("browser/1", form, schema, command, DEFAULT_PLACE, posted=MultiDict(posted))


@pytest.mark.parametrize(
    ("answers", "page", "progress"),
    [({}, 1, (1, 1)), ({"wants_evaluation": "yes"}, 2, (2, 5)), ({"wants_evaluation": "no"}, 1, (1, 1))],
)
def test_pages_without_questions_do_not_count(answers: dict[str, str], page: int, progress: tuple[int, int]) -> None:
    draft = draft_of("evaluation_request", **answers)
    assert draft.progress(draft.form.pages[page - 1]) == progress


def test_each_page_of_the_symptom_check_counts() -> None:
    draft = draft_of("pre_screening")
    assert [draft.progress(page) for page in draft.form.pages] == [(number, 7) for number in range(1, 8)]
