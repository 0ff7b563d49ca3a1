"""Fields as GOV.UK components; views as safe HTML; answers as texts to look over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import nh3
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, PrefixLoader
from markdown_it import MarkdownIt
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from camunda7.expressions import javascript
from camunda7.expressions.feel import Expression
from camunda7.forms.answers import Node
from camunda7.forms.moments import DATE_PARTS
from camunda7.forms.options import Option
from camunda7.forms.posting import MAX_ROWS, SHOWN
from camunda7.forms.problems import _
from camunda7.forms.properties import CHOICES, COLUMNS
from camunda7.forms.schema import INPUTS, Component
from camunda7.forms.template import NO_TEXT, Template, Translate

# texts of the templates, and of what is looked over
WORDS = (
    _("(optional)"),
    _("Select an answer"),
    _("Day"),
    _("Month"),
    _("Year"),
    _("Time"),
    _("For example, 27 3 1990"),
    _("For example, 14:30"),
    _("Add another"),
    _("Remove number {number}"),
    _("Nothing to show."),
    _("Error:"),
    _("Yes"),
    _("No"),
    _("Not answered"),
)
_GOVUK_CLASSES = {
    "p": "govuk-body",
    "ul": "govuk-list govuk-list--bullet",
    "ol": "govuk-list govuk-list--number",
    "a": "govuk-link",
    "h1": "govuk-heading-m",
    "h2": "govuk-heading-m",
    "h3": "govuk-heading-s",
    "table": "govuk-table",
    "th": "govuk-table__header",
    "td": "govuk-table__cell",
    "hr": "govuk-section-break govuk-section-break--m govuk-section-break--visible",
}
_HTML_TAGS = set(_GOVUK_CLASSES) | {
    "h4", "h5", "h6", "span", "em", "div", "li", "blockquote", "pre", "code", "br", "strong", "thead", "tbody", "tr",
}  # fmt: skip
_environment = Environment(
    loader=ChoiceLoader(
        [
            PackageLoader("camunda7.forms"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    ),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=ChainableUndefined,
)
_environment.globals.update(date_parts=DATE_PARTS, shown=SHOWN, max_rows=MAX_ROWS, choices=CHOICES, inputs=INPUTS)
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")


class _Words:
    """The texts of a page in the reader's language.

    Args:
        faulty: names of the inputs at which to say what is wrong.
    """

    def __init__(self, translate: Translate, faulty: Collection[str] = ()):
        self.say = translate
        self._faulty = faulty

    def label(self, node: Node) -> str:
        return self._line(node, node.component.label)

    def marked_label(self, node: Node) -> str:
        """The label, saying so where an answer may be left out."""
        optional = "" if node.component.required else f" {self.say('(optional)')}"
        return self.label(node) + optional

    def hint(self, node: Node, otherwise: str = "") -> dict[str, str] | None:
        text = self._line(node, node.component.description) or (self.say(otherwise) if otherwise else "")
        return {"text": text} if text else None

    def error(self, node: Node) -> dict[str, str] | None:
        if node.name not in self._faulty:
            return None
        return {"text": self.problem(node), "visuallyHiddenText": self.say("Error:").rstrip(":")}

    def problem(self, node: Node) -> str:
        subject = node.component.subject
        return node.problems[0].text(self.say(subject) if subject else self.label(node), self.say)

    def option(self, option: Option) -> str:
        return self.say(option.label)

    def answer(self, node: Node) -> str:
        """A question's answer as text."""
        if node.component.type == "checkbox":
            return self.say("Yes" if node.value else "No")
        if node.component.type in CHOICES:
            chosen = node.value if isinstance(node.value, list) else [node.value]
            texts = [self.option(option) for option in node.options if option.value in chosen]
            return ", ".join(texts) or self.say("Not answered")
        if node.component.type == "datetime" and node.value:
            return _as_typed(node.value)
        return _cell(node.value) or self.say("Not answered")

    def input_type(self, component: Component) -> str:
        if component.is_telephone:
            return "tel"
        kind = component.rules.get("validationType") or ""
        return {"email": "email", "phone": "tel"}.get(kind, "text")

    def input_mode(self, component: Component) -> str | None:
        """Which keyboard a telephone shows."""
        if component.type == "number":
            return "numeric" if component.more.get("decimalDigits") == 0 else "decimal"
        return {"email": "email", "tel": "tel"}.get(self.input_type(component))

    def direction(self, component: Component) -> str:
        """Which way the answer is written: addresses and numbers as everywhere, other text as it begins."""
        is_code = (
            component.type == "number"
            or component.is_telephone
            or component.rules.get("validationType") in ("email", "phone")
        )
        return "ltr" if is_code else "auto"

    def adorner(self, node: Node, name: str) -> dict[str, str] | None:
        """A unit before or behind an input."""
        text = self.template(node, name)
        return {"text": text} if text else None

    def template(self, node: Node, name: str) -> str:
        """One of the other texts of a component; empty where it has none."""
        return self._line(node, node.component.templates.get(name, NO_TEXT))

    def _line(self, node: Node, text: Template) -> str:
        """The first line of a text, as form-js shows it."""
        return text.filled(node.context, self.say).partition("\n")[0]

    def _content(self, node: Node) -> str:
        content = node.component.content
        return content.filled(node.context, self.say) if isinstance(content, Template) else ""

    def view(self, node: Node) -> Markup:
        """What a text or html component shows."""
        text = self._content(node)
        html = _markdown.render(text) if node.component.type == "text" else text
        return Markup(_safe(html))  # noqa: S704

    def source(self, node: Node) -> str:
        """The address of an image or frame; empty where form-js wouldn't show it."""
        address = self._content(node).partition("\n")[0]
        allowed = ("https://",) if node.component.type == "iframe" else ("https://", "http://", "data:image/")
        return address if address.lower().startswith(allowed) else ""

    def alternative(self, node: Node) -> str:
        return self.template(node, "alt")

    def table(self, node: Node) -> tuple[list[str], list[list[str]]]:
        """A table's heads and rows."""
        columns = node.component.more.get("columns", [])
        if isinstance(node.component.more.get("columnsExpression"), str):
            # form-js drops the columns of the schema then
            evaluated = node.component.columns.evaluate(node.context) if node.component.columns else None
            columns = evaluated if _are_labelled(evaluated) else []
        content = node.component.content
        found = content.evaluate(node.context) if isinstance(content, Expression) else None
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        heads = [self.say(column.get("label") or column["key"]) for column in columns]
        return heads, [[_cell(row.get(column["key"])) for column in columns] for row in rows]


def fields(
    title: str, nodes: list[Node], posted: MultiDict[str, str], faulty: Collection[str], translate: Translate
) -> Markup:
    """The fields of a page; a group that is called like the page has no heading of its own."""
    template = _environment.get_template("fields.html")
    words = _Words(translate, faulty)
    return Markup(template.render(title=title, nodes=nodes, posted=posted, words=words))  # noqa: S704


def problems(nodes: Iterable[Node], translate: Translate) -> list[tuple[str, str]]:
    words = _Words(translate)
    return [(anchor(node), words.problem(node)) for node in nodes]


def summary(nodes: list[Node], translate: Translate) -> list[tuple[str, str]]:
    words = _Words(translate)
    return [(words.label(node), words.answer(node)) for node in _within(nodes) if node.asks]


def anchor(node: Node) -> str:
    """The id of the input to go to."""
    if node.component.type != "datetime":
        return node.name
    return f"{node.name}-time" if node.component.more.get("subtype") == "time" else f"{node.name}-day"


def _within(nodes: list[Node]) -> Iterator[Node]:
    for node in nodes:
        yield from node.within()


def _are_labelled(columns: Any) -> bool:
    """Whether an expression gave columns that form-js takes."""
    return COLUMNS.takes(columns) and all("label" in column for column in columns)


def _as_typed(written: str) -> str:
    """A day as it is typed, 27 3 1990, and the time."""
    day, _, time = written.partition("T") if "-" in written[:5] else ("", "", written)
    return " ".join([*(part.lstrip("0") for part in reversed(day.split("-"))), time[:5]]).strip()


def _cell(value: Any) -> str:
    return "" if value is None else javascript.text_of(value)


def _safe(html: str) -> str:
    """HTML without scripts, styles, forms and pictures of other hosts, in the look of the page."""
    return nh3.clean(
        html,
        tags=_HTML_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        set_tag_attribute_values={tag: {"class": name} for tag, name in _GOVUK_CLASSES.items()},
        link_rel="noopener noreferrer",
    )
