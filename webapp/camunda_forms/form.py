"""The face of the package: a form that can be shown and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, PrefixLoader
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from webapp.camunda_forms.answers import Answers, as_posted, read, row_count
from webapp.camunda_forms.fields import DATE_PARTS
from webapp.camunda_forms.schema import Component, parse_components

_environment = Environment(
    loader=ChoiceLoader(
        [
            PackageLoader("webapp.camunda_forms"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    ),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=ChainableUndefined,
)


@dataclass(frozen=True)
class Form:
    """A Camunda Form.

    Attributes:
        id: the form's id, which is also its file's name.
    """

    id: str
    components: tuple[Component, ...]

    @classmethod
    def parse(cls, schema: dict[str, Any]) -> Form:
        """Read a schema.

        Raises:
            UnsupportedForm: it uses something that isn't supported.
        """
        return cls(schema["id"], parse_components(schema["id"], schema["components"]))

    def begun(self, values: dict[str, Any] | None = None, context: dict[str, Any] | None = None) -> Answers:
        """The answers to begin with.

        Args:
            values: typed answers that are known already, by key.
            context: values that aren't asked here, for conditions to depend on.
        """
        answers = read(self.components, as_posted(self.components, values or {}), context or {})
        answers.errors.clear()
        return answers

    def read(self, posted: MultiDict, context: dict[str, Any] | None = None) -> Answers:
        """Read what was posted; a request to add or remove a row of a list is carried out first."""
        posted = MultiDict(posted)
        changed = _change_rows(posted)
        answers = read(self.components, posted, context or {})
        if changed:
            answers.errors.clear()
            answers.unseen = answers.unseen or set(answers.visible)
        return answers

    def html(self, answers: Answers) -> Markup:
        """The fields with their answers and errors; the caller's page has the <form>, its token and its button."""
        template = _environment.get_template("fields.html")
        return Markup(template.render(form=self, answers=answers, date_parts=tuple(reversed(DATE_PARTS))))  # noqa: S704


def _change_rows(posted: MultiDict) -> bool:
    """Add a row to a list (button add=PATH) or remove one (button remove=PATH-ROW)."""
    if posted.get("add"):
        _count(posted, posted["add"], +1)
        return True
    path, _, row = posted.get("remove", "").rpartition("-")
    if not path or not (row.isascii() and row.isdigit()):
        return False
    for name in _names_of_row(posted, path, int(row)):
        del posted[name]
    for number in range(int(row) + 1, row_count(posted, path)):
        for name in _names_of_row(posted, path, number):
            posted[f"{path}-{number - 1}-" + name.removeprefix(f"{path}-{number}-")] = posted.pop(name)
    _count(posted, path, -1)
    return True


def _names_of_row(posted: MultiDict, path: str, row: int) -> list[str]:
    return [name for name in posted if name.startswith(f"{path}-{row}-")]


def _count(posted: MultiDict, path: str, change: int) -> None:
    posted[f"{path}-rows"] = str(max(1, row_count(posted, path) + change))
