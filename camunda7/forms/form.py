"""Public interface of the package: a form that can be parsed, rendered by page, and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from camunda7.forms import posting, rendering
from camunda7.forms.answers import Answers, Node, Reader
from camunda7.forms.defaults import refuse_defaults
from camunda7.forms.initial_values import as_posted, initial
from camunda7.forms.properties import COMPONENTS, NUMBER, describe
from camunda7.forms.schema import NEWEST_SCHEMA, Component, UnsupportedForm, parse_components
from camunda7.forms.template import Translate
from camunda7.inputs.days import today
from camunda7.inputs.place import DEFAULT_PLACE, Place

GIVE_ID = "Give it an id: in Camunda Modeler the form's property ID"
OLDER_SCHEMA = (
    f'Open the file as text and write "schemaVersion": {NEWEST_SCHEMA}; '
    "what it uses that Tasklist 7.24 (form-js 1.8.7) doesn't have is named then"
)


@dataclass(frozen=True)
class Page:
    """A page of a form.

    Attributes:
        number: from 1.
        title: empty if the form has a single page.
        components: top-level components of the page.
    """

    number: int
    title: str
    components: tuple[Component, ...]

    @property
    def decision(self) -> str:
        """Key of the decision that may end the form after this page (properties.decision); empty without one."""
        named = (component.properties.get("decision") for component in self.components)
        return next(filter(None, named), "")

    def values(self, answers: Answers) -> dict[str, Any]:
        """Return the values of the page's editable inputs outside of lists, by name."""
        return {node.name: node.value for node in self.walk(answers) if node.is_editable and not node.indexes}

    def has_inputs(self, answers: Answers) -> bool:
        """Whether the page has an editable input, given these answers."""
        return any(node.is_editable for node in self.walk(answers))

    def nodes(self, answers: Answers) -> list[Node]:
        """Return the page's visible top-level nodes."""
        return [node for node in answers.nodes if node.component in self.components]

    def walk(self, answers: Answers) -> Iterable[Node]:
        """Yield all visible nodes of the page."""
        for node in self.nodes(answers):
            yield from node.walk()

    def faulty(self, answers: Answers) -> list[Node]:
        """Return the nodes on the page that were shown and have validation errors."""
        unseen = answers.unseen
        return [node for node in self.walk(answers) if node.problems and node.name not in unseen]

    def is_last(self, answers: Answers) -> bool:
        """Whether an answer on the page ends the form, without being sent (properties.stopAfter)."""
        return any(node.stops for node in self.walk(answers))

    def is_answered(self, answers: Answers) -> bool:
        """Whether all inputs of the page were shown, and have no validation errors."""
        unseen = answers.unseen
        return not any(node.problems or node.name in unseen for node in self.walk(answers))


@dataclass(frozen=True)
class Form:
    """A Camunda Form.

    Attributes:
        id: the form's id, which is also its file's name.
        components: top-level components.
    """

    id: str
    components: tuple[Component, ...]

    @classmethod
    def parse(cls, schema: dict[str, Any]) -> Form:
        """Create a form from its schema, a parsed *.form file.

        Raises:
            UnsupportedForm: it has an unsupported component, property or expression.
        """
        form = schema.get("id")
        if not isinstance(form, str) or not form:
            wrong = "no id" if form in (None, "") else "an id that isn't a text"
            raise UnsupportedForm(f"the form has {wrong}", GIVE_ID)
        if schema.get("type") != "default" or not COMPONENTS.accepts(schema.get("components")):
            raise UnsupportedForm(f"{form}: isn't a Camunda Form")
        version = schema.get("schemaVersion", 1)
        if not NUMBER.accepts(version):
            raise UnsupportedForm(f"{form}: schemaVersion is {describe(version)} instead of a number")
        if version is not None and version > NEWEST_SCHEMA:
            wrong = f"{form}: schemaVersion must be {NEWEST_SCHEMA} or older, as Tasklist 7.24 reads it"
            raise UnsupportedForm(f"{wrong}, and is {version}", OLDER_SCHEMA)
        components = parse_components(form, schema["components"])
        refuse_defaults(form, components)
        return cls(form, components)

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """The pages; a component with properties.page begins one."""
        parts: list[list[Component]] = []
        for component in self.components:
            if component.page or not parts:
                parts.append([])
            parts[-1].append(component)
        return tuple(Page(number, part[0].page, tuple(part)) for number, part in enumerate(parts, 1))

    @cached_property
    def reads(self) -> frozenset[str]:
        """Names of the variables that are initial values of its fields, or that its expressions read."""
        everything = [each for component in self.components for each in component.walk()]
        own = {each.path[0] for each in everything if each.path}
        return frozenset(own.union(*(each.reads for each in everything)))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """All texts of the schema that may be shown, for translation."""
        everything = [each for component in self.components for each in component.walk()]
        return tuple(dict.fromkeys(text for component in everything for text in component.texts))

    def initial_post(self, data: dict[str, Any] | None = None, place: Place = DEFAULT_PLACE) -> MultiDict[str, str]:
        """Return the initial values as a browser would post them.

        Args:
            data: values by variable name; a field without one has its default value.
            place: time zone and telephone region of the user.
        """
        known = data or {}
        return as_posted(self.components, initial(self.components, known), place.zone)

    def merge_post(self, before: MultiDict[str, str], page: Page, posted: MultiDict[str, str]) -> posting.MergedPost:
        """Merge a page's post into the posts of earlier pages.

        Args:
            before: the earlier posts, merged.
            page: the posted page; fields that it doesn't have are dropped.
            posted: fields of the request.
        """
        return posting.merge_post(before, page.components, posted)

    def read(
        self, posted: MultiDict[str, str], data: dict[str, Any] | None = None, place: Place = DEFAULT_PLACE
    ) -> Answers:
        """Convert a post to answers, and validate them.

        Args:
            posted: merged posts of the pages.
            data: initial values, which conditions may read.
            place: time zone and telephone region of the user.
        """
        return Reader(self.components, posted, data or {}, place).read()

    def html(
        self,
        page: Page,
        answers: Answers,
        checked: bool = False,
        translate: Translate = str,
        conceal: bool = False,
        place: Place = DEFAULT_PLACE,
        format_day: Callable[[str], str] = rendering.format_day,
    ) -> Markup:
        """Render a page's fields as HTML; the caller adds the <form> element, CSRF token and button.

        Args:
            page: one of `pages`.
            answers: the answers so far.
            checked: show validation errors.
            translate: translates texts of the schema and of this package.
            conceal: also render questions that a choice on the page makes visible, for a stylesheet to hide until then
                (docs/reference/forms.md).
            place: its time zone defines today.
            format_day: formats an ISO date.
        """
        faulty = {node.name for node in page.faulty(answers)} if checked else set()
        nodes, now = page.nodes(answers), today(place.zone)
        return rendering.fields(page.title, nodes, answers.posted, faulty, translate, conceal, now, format_day)

    def problems(self, page: Page, answers: Answers, translate: Translate = str) -> list[tuple[str, str]]:
        """Return the validation errors of a page, for its error summary: id of the input, and message."""
        return rendering.problems(page.faulty(answers), translate)

    def summary(
        self,
        page: Page,
        answers: Answers,
        translate: Translate = str,
        format_day: Callable[[str], str] = rendering.format_day,
    ) -> list[tuple[str, str]]:
        """Return the questions and answers of a page as texts, for the page "check your answers".

        Args:
            translate: translates texts of the schema and of this package.
            format_day: formats an ISO date.
        """
        return rendering.summary(page.nodes(answers), translate, format_day)
