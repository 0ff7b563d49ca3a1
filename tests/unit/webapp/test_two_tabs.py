"""Pages of one form that are sent at the same time are all stored; a page sent after the form restores no draft."""

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
CIPHER = Cipher("a secret of the tests")
OWNER, FORM = "browser/1", "pre_screening"
RACES = rounds(test=10, verify=100)


def new_draft() -> FormDrafts:
    schema = json.loads((config.ROOT / "forms" / f"{FORM}.form").read_text())
    drafts = FormDrafts(Drafts(CIPHER), DEFAULT_PLACE)
    command = StartCase(case_reference="C-1", key=f"C-1/{FORM}", exposed_to=None)
    drafts.save(drafts.create(OWNER, FORM, schema, command, {}))
    return drafts


def answers(drafts: FormDrafts) -> dict[str, list[str]]:
    draft = drafts.find(OWNER, FORM)
    assert draft is not None
    return draft.posted.to_dict(flat=False)


def pages(drafts: FormDrafts) -> dict[int, MultiDict]:
    """An answer for each of two pages."""
    draft = drafts.find(OWNER, FORM)
    assert draft is not None
    first = {"for_whom": "myself", "date_of_birth-year": "1990"}
    names: dict[int, MultiDict] = {}
    for page in draft.form.pages:
        filled = draft.form.merge_post(
            MultiDict(), page, MultiDict({**first, "temperature": "no_fever", "cough": "true"})
        )
        if filled.posted:
            names[page.number] = filled.posted
    assert len(names) >= 2
    return names


def test_pages_that_are_sent_at_the_same_time_are_all_stored() -> None:
    posted_by_page = pages(new_draft())
    for _ in range(RACES):
        drafts, barrier = new_draft(), threading.Barrier(len(posted_by_page), timeout=60)

        def send(number: int, posted: Any, drafts: FormDrafts = drafts, barrier: threading.Barrier = barrier) -> None:
            read = drafts.find(OWNER, FORM)
            assert read is not None
            # all threads have read the draft before one of them writes
            barrier.wait()
            assert drafts.fill_in(read, number, posted)

        with ThreadPoolExecutor(len(posted_by_page)) as pool:
            list(pool.map(send, posted_by_page, posted_by_page.values()))
        stored = answers(drafts)
        for posted in posted_by_page.values():
            assert {name: stored[name] for name in posted} == posted.to_dict(flat=False)
    print(f"{RACES} races of {len(posted_by_page)} pages: no answer was lost")


def test_a_page_that_is_sent_after_the_form_restores_no_draft() -> None:
    drafts = new_draft()
    read = drafts.find(OWNER, FORM)
    assert read is not None
    Submissions(CIPHER).add("C-1/start", "C-1", FORM, {}, f"{OWNER}/{FORM}")
    assert drafts.fill_in(read, 1, MultiDict()) is None
    assert drafts.find(OWNER, FORM) is None
