"""A form that a patient fills in: all that its pages need, so that they need no other part's answer."""

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
from webapp.unusable_forms import usable_form


@dataclass
class FormDraft:
    """A form with what was typed into it so far.

    Attributes:
        owner: whose it is: a case's, or a browser's.
        name: of the form.
        schema: the form as it was deployed, as JSON.
        command: what the engine does with its answers.
        place: where the people are who use the application.
        data: what was known when the form was opened, so far as the form reads it.
        posted: all that was typed.
        version: of the draft in the records; empty when it isn't there yet.
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
        return _usable(self.name, self.schema)

    @cached_property
    def answers(self) -> Answers:
        return self.form.read(self.posted, self.data, self.place)

    def take(self, page: Page, posted: MultiDict[str, str]) -> MergedPost:
        """Take what was posted from a page."""
        filled = self.form.merge_post(self.posted, page, posted)
        self.posted = filled.posted
        self.__dict__.pop("answers", None)
        return filled

    @property
    def pages(self) -> list[Page]:
        """The pages on which there is something to answer now."""
        return [page for page in self.form.pages if page.has_inputs(self.answers)]

    @property
    def unanswered(self) -> Page | None:
        """The first page that hasn't been answered as it must be."""
        return next((page for page in self.pages if not page.is_answered(self.answers)), None)


class FormDrafts:
    """Keeps drafts, under their owner and form.

    Args:
        place: where the people are who use the application.
    """

    def __init__(self, drafts: Drafts, place: Place):
        self._drafts = drafts
        self._place = place

    def new(self, owner: str, name: str, schema: dict[str, Any], command: Command, known: dict[str, Any]) -> FormDraft:
        """A form with nothing but what is known in it; it isn't kept yet."""
        draft = FormDraft(owner, name, json.dumps(schema), command, self._place)
        draft.data = {key: value for key, value in known.items() if key in draft.form.reads}
        draft.posted = draft.form.initial_post(draft.data, self._place)
        return draft

    def keep(self, draft: FormDraft) -> None:
        self._drafts.save(key_of(draft.owner, draft.name), _content(draft))

    def fill_in(
        self, draft: FormDraft, number: int, posted: MultiDict[str, str]
    ) -> tuple[FormDraft, MergedPost] | None:
        """Add what was posted from a page to the newest version of a draft, and keep it.

        Another page of it may be posted at the same time, from a second tab: then that one's answers are read first.

        Returns:
            None when the form was sent since the draft was read.
        """
        newest: FormDraft | None = draft
        while newest is not None:
            filled = newest.take(newest.form.pages[number - 1], posted)
            if self._drafts.replace(key_of(draft.owner, draft.name), _content(newest), newest.version):
                return newest, filled
            newest = self.find(draft.owner, draft.name)
        return None

    def find(self, owner: str, name: str) -> FormDraft | None:
        found, version = self._drafts.find_with_version(key_of(owner, name))
        if found is None:
            return None
        posted: MultiDict[str, str] = MultiDict([(name, text) for name, text in found["posted"]])
        command = command_from_json(found["target"])
        return FormDraft(owner, name, found["schema"], command, self._place, found["data"], posted, version)


def _content(draft: FormDraft) -> dict[str, Any]:
    posted = list(draft.posted.items(multi=True))
    return {"schema": draft.schema, "target": draft.command.to_json(), "data": draft.data, "posted": posted}


def key_of(owner: str, name: str) -> str:
    return f"{owner}/{name}"


@lru_cache(maxsize=64)
def _usable(name: str, schema: str) -> Form:
    return usable_form(name, json.loads(schema))
