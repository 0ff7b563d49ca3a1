"""Two pages of one form, or the page and the form, are sent at once: the answers of both are kept."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from camunda7.inputs.place import DEFAULT_PLACE
from config import settings as config
from records.cipher import Cipher
from records.drafts import Drafts
from records.submissions import Submissions
from tests.support.tier import rounds
from webapp.commands import StartCase
from webapp.drafts import FormDrafts

pytestmark = pytest.mark.usefixtures("records")
SEAL = Cipher("a secret of the tests")
OWNER, NAME = "browser/1", "pre_screening"
RACES = rounds(test=10, verify=100)


def new_draft() -> FormDrafts:
    schema = json.loads((config.ROOT / "forms" / f"{NAME}.form").read_text())
    drafts = FormDrafts(Drafts(SEAL), DEFAULT_PLACE)
    command = StartCase(case_reference="C-1", key=f"C-1/{NAME}", exposed_to=None)
    drafts.keep(drafts.new(OWNER, NAME, schema, command, {}))
    return drafts


def answers(drafts: FormDrafts) -> dict[str, list[str]]:
    found = drafts.find(OWNER, NAME)
    assert found is not None
    return found.posted.to_dict(flat=False)


def pages(drafts: FormDrafts) -> dict[int, MultiDict]:
    """An answer for each of two pages."""
    found = drafts.find(OWNER, NAME)
    assert found is not None
    first = {"for_whom": "myself", "date_of_birth-year": "1990"}
    names: dict[int, MultiDict] = {}
    for page in found.form.pages:
        filled = found.form.merge_post(
            MultiDict(), page, MultiDict({**first, "temperature": "no_fever", "cough": "true"})
        )
        if filled.posted:
            names[page.number] = filled.posted
    assert len(names) >= 2
    return names


def test_each_of_two_pages_that_are_sent_at_once_is_kept() -> None:
    wanted = pages(new_draft())
    for _ in range(RACES):
        drafts, at_once = new_draft(), threading.Barrier(len(wanted), timeout=60)

        def send(number: int, posted: Any, drafts: FormDrafts = drafts, at_once: threading.Barrier = at_once) -> None:
            read = drafts.find(OWNER, NAME)
            assert read is not None
            # each has read the draft before any of them writes
            at_once.wait()
            assert drafts.fill_in(read, number, posted)

        with ThreadPoolExecutor(len(wanted)) as pool:
            list(pool.map(send, wanted, wanted.values()))
        kept = answers(drafts)
        for posted in wanted.values():
            assert {name: kept[name] for name in posted} == posted.to_dict(flat=False)
    print(f"{RACES} races of {len(wanted)} pages: no answer was lost")


def test_a_page_that_is_sent_after_the_form_brings_no_draft_back() -> None:
    drafts = new_draft()
    read = drafts.find(OWNER, NAME)
    assert read is not None
    Submissions(SEAL).add("C-1/start", "C-1", NAME, {}, f"{OWNER}/{NAME}")
    assert drafts.fill_in(read, 1, MultiDict()) is None
    assert drafts.find(OWNER, NAME) is None
