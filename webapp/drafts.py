"""Drafts of forms: all that a form's pages need, so that they work while the engine is unavailable."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from werkzeug.datastructures import MultiDict

from camunda7.forms import Answers, Form, MergedPost, Page
from camunda7.inputs.place import Place
from records.drafts import Drafts
from webapp.commands import Command, command_from_json
from webapp.unusable_forms import parse_form


@dataclass
class FormDraft:
    """A form with the answers so far.

    Attributes:
        owner: the case or the browser to which the draft belongs.
        name: name of the form.
        schema: the deployed form, as JSON.
        command: what the engine does with the answers.
        place: time zone and telephone region of the users.
        data: the variables that the form reads, as they were when it was opened.
        posted: all posted fields.
        version: version of the draft in the records; empty if it isn't stored yet.
    """

    owner: str
    name: str
    schema: str
    command: Command
    place: Place
    data: dict[str, Any] = field(default_factory=dict)
    posted: MultiDict[str, str] = field(default_factory=MultiDict)
    version: str = ""

    @property
    def form(self) -> Form:
        return _parse_form(self.name, self.schema)

    @cached_property
    def answers(self) -> Answers:
        return self.form.read(self.posted, self.data, self.place)

    def merge(self, page: Page, posted: MultiDict[str, str]) -> MergedPost:
        """Merge what was posted from a page."""
        filled = self.form.merge_post(self.posted, page, posted)
        self.posted = filled.posted
        self.__dict__.pop("answers", None)
        return filled

    @property
    def pages(self) -> list[Page]:
        """The pages that have questions, which may depend on other answers."""
        return [page for page in self.form.pages if page.has_inputs(self.answers)]

    def progress(self, page: Page) -> tuple[int, int]:
        """Return the position of a page among those that have questions, from 1, and their number."""
        numbers = [other.number for other in self.pages]
        return sum(number <= page.number for number in numbers), len(numbers)

    @property
    def stopping_page(self) -> Page | None:
        """The page with an answer that ends the form without sending it; None if there is none."""
        answered = (page for page in self.pages if page.is_answered(self.answers))
        return next((page for page in answered if page.is_last(self.answers)), None)

    @property
    def unanswered(self) -> Page | None:
        """The first page whose answers are incomplete or invalid."""
        return next((page for page in self.pages if not page.is_answered(self.answers)), None)


class FormDrafts:
    """Stores drafts by owner and form.

    Args:
        place: time zone and telephone region of the users.
    """

    def __init__(self, drafts: Drafts, place: Place):
        self._drafts = drafts
        self._place = place

    def create(
        self, owner: str, name: str, schema: dict[str, Any], command: Command, known: dict[str, Any]
    ) -> FormDraft:
        """Create a draft that contains only known values; it isn't stored yet.

        Args:
            known: values of process variables.
        """
        draft = FormDraft(owner, name, json.dumps(schema), command, self._place)
        draft.data = {key: value for key, value in known.items() if key in draft.form.reads}
        draft.posted = draft.form.initial_post(draft.data, self._place)
        return draft

    def save(self, draft: FormDraft) -> None:
        self._drafts.save(draft_key(draft.owner, draft.name), _content(draft))

    def fill_in(
        self, draft: FormDraft, number: int, posted: MultiDict[str, str]
    ) -> tuple[FormDraft, MergedPost] | None:
        """Merge what was posted from a page into the newest version of a draft, and store it.

        If another page of the draft is stored at the same time, from a second tab, the draft is read again and merged.

        Returns:
            None if the form was submitted after the draft was read.
        """
        newest: FormDraft | None = draft
        while newest is not None:
            filled = newest.merge(newest.form.pages[number - 1], posted)
            if self._drafts.replace(draft_key(draft.owner, draft.name), _content(newest), newest.version):
                return newest, filled
            newest = self.find(draft.owner, draft.name)
        return None

    def find(self, owner: str, name: str) -> FormDraft | None:
        found, version = self._drafts.find_with_version(draft_key(owner, name))
        if found is None:
            return None
        posted: MultiDict[str, str] = MultiDict([(name, text) for name, text in found["posted"]])
        command = command_from_json(found["target"])
        return FormDraft(owner, name, found["schema"], command, self._place, found["data"], posted, version)


def _content(draft: FormDraft) -> dict[str, Any]:
    posted = list(draft.posted.items(multi=True))
    return {"schema": draft.schema, "target": draft.command.to_json(), "data": draft.data, "posted": posted}


def draft_key(owner: str, name: str) -> str:
    return f"{owner}/{name}"


@lru_cache(maxsize=64)
def _parse_form(name: str, schema: str) -> Form:
    return parse_form(name, json.loads(schema))
