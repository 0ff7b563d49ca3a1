"""Renders fields as GOV.UK components, views as sanitized HTML, and answers as texts for the summary."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import nh3
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, PrefixLoader
from markdown_it import MarkdownIt
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from camunda7.expressions import javascript
from camunda7.expressions.feel import Expression
from camunda7.forms.answers import Node
from camunda7.forms.moments import ANOTHER_DAY, DATE_PARTS, DAY_CHOICE, as_posted
from camunda7.forms.options import Option
from camunda7.forms.posting import MAX_ROWS, SHOWN
from camunda7.forms.problems import _
from camunda7.forms.properties import CHOICES, COLUMNS
from camunda7.forms.schema import INPUTS, Component
from camunda7.forms.template import NO_TEXT, Template, Translate
from camunda7.forms.triggers import CHECKED, Trigger

# texts of the templates and of the summary, marked for translation
TEXTS = (
    _("(optional)"),
    _("Select an answer"),
    _("Day"),
    _("Month"),
    _("Year"),
    _("Time"),
    _("For example, 27 3 1990"),
    _("For example, {date}"),
    _("For example, 14:30"),
    _("Add another"),
    _("Remove number {number}"),
    _("Nothing to show."),
    _("Error:"),
    _("Yes"),
    _("No"),
    _("Not answered"),
    _("or"),
    _("None of these"),
    _("Today"),
    _("Yesterday"),
    _("Another day"),
)
# by message; other messages are about the whole date
PARTS_IN_ERROR = {"no_month": "month", "no_year": "year", "short_year": "year"}
# of a page; its stylesheet has a rule for each
MAX_TRIGGERS = 12
# of the example of a recent day
EXAMPLE_AGE = timedelta(days=3)
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
_environment.globals.update(
    date_parts=DATE_PARTS, shown=SHOWN, max_rows=MAX_ROWS, choices=CHOICES, inputs=INPUTS, checked=CHECKED
)
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")


def format_day(day: str) -> str:
    """Format an ISO date as it is typed: `27 3 1990`."""
    return " ".join(part.lstrip("0") for part in reversed(day.split("-")))


class _PageTexts:
    """Texts of a page in the user's language.

    Args:
        faulty: names of the inputs whose validation errors are shown.
        triggers: of questions that a stylesheet shows and hides.
        today: of the user.
        format_day: formats an ISO date.
    """

    def __init__(
        self,
        translate: Translate,
        faulty: Collection[str] = (),
        triggers: Sequence[Trigger] = (),
        today: date = date.min,
        format_day: Callable[[str], str] = format_day,
    ):
        self.translate = translate
        self._today = today
        self._format_day = format_day
        self._faulty = faulty
        self._triggers = triggers

    def trigger_number(self, node: Node) -> int | None:
        """Return the number of the node's trigger on the page, from 1; None if no stylesheet shows and hides it."""
        return self._triggers.index(node.trigger) + 1 if node.trigger in self._triggers else None

    def option_attributes(self, node: Node, posted: str) -> dict[str, str]:
        """Return the HTML attribute with the numbers of the triggers that an option is part of."""
        numbers = [
            str(number)
            for number, trigger in enumerate(self._triggers, 1)
            if trigger.question == node.name and posted in trigger.options
        ]
        return {"data-shows": " ".join(numbers)} if numbers else {}

    def label(self, node: Node) -> str:
        return self._first_line(node, node.component.label)

    def marked_label(self, node: Node) -> str:
        """Return the label, marked if the answer is optional."""
        optional = "" if node.component.required else f" {self.translate('(optional)')}"
        return self.label(node) + optional

    def hint(self, node: Node, otherwise: str = "") -> dict[str, str] | None:
        text = self._first_line(node, node.component.description) or (self.translate(otherwise) if otherwise else "")
        return {"text": text} if text else None

    def date_hint(self, node: Node) -> dict[str, str] | None:
        """Return the hint of a date: its own, or an example near today if only recent days are allowed."""
        limits = node.component.not_before
        if not limits or any(limit.years for limit in limits):
            return self.hint(node, "For example, 27 3 1990")
        # in each time zone a day of the past
        day = datetime.now(UTC).date() - EXAMPLE_AGE
        return self.hint(node) or {
            "text": self.translate("For example, {date}").format(date=f"{day.day} {day.month} {day.year}")
        }

    def day_choices(self, node: Node, posted: MultiDict[str, str]) -> list[dict[str, Any]]:
        """Return today, yesterday and another day as radios of a recent day; empty for other dates."""
        if not node.component.is_recent_day:
            return []
        days = {"Today": self._today, "Yesterday": self._today - timedelta(days=1)}
        items = [
            {"value": str(day), "text": self.translate(text), "hint": {"text": self._format_day(str(day))}}
            | {"checked": node.value == str(day)}
            for text, day in days.items()
        ]
        is_other = not any(item["checked"] for item in items) and bool(
            node.value or posted.get(node.name + DAY_CHOICE) or any(self.day_parts(node, posted).values())
        )
        return [*items, {"value": ANOTHER_DAY, "text": self.translate("Another day"), "checked": is_other}]

    def day_parts(self, node: Node, posted: MultiDict[str, str]) -> dict[str, str]:
        """Return the texts of a date's inputs: those that were typed, or the day that was chosen."""
        if node.value and posted.get(node.name + DAY_CHOICE, ANOTHER_DAY) != ANOTHER_DAY:
            posted = MultiDict(as_posted(node.component, node.value, node.name, UTC))
        return {part: posted.get(f"{node.name}-{part}", "") for part in DATE_PARTS}

    def error(self, node: Node) -> dict[str, str] | None:
        if node.name not in self._faulty:
            return None
        return {"text": self.problem(node), "visuallyHiddenText": self.translate("Error:").rstrip(":")}

    def problem(self, node: Node) -> str:
        problem = node.problems[0]
        if problem.rule == "required" and node.component.missing:
            return self.translate(node.component.missing)
        return problem.text(self.name(node), self.translate)

    def name(self, node: Node) -> str:
        """Return what an input is called apart from its page: its subject, or its label."""
        subject = node.component.subject
        return self.translate(subject) if subject else self.label(node)

    def option(self, option: Option) -> str:
        return self.translate(option.label)

    def answer(self, node: Node) -> str:
        """Return the answer to a question as text."""
        if node.component.type == "checkbox":
            return self.translate("Yes" if node.value else "No")
        if node.component.type in CHOICES:
            chosen = node.value if isinstance(node.value, list) else [node.value]
            texts = [self.option(option) for option in node.options if option.value in chosen]
            return ", ".join(texts) or self.translate("Not answered")
        if node.component.type == "datetime" and node.value:
            return self._format_moment(node.value)
        return _format_cell(node.value) or self.translate("Not answered")

    def _format_moment(self, written: str) -> str:
        """Format a serialized date, time, or both: `27 3 1990 14:30`."""
        day, _, time = written.partition("T") if "-" in written[:5] else ("", "", written)
        return f"{self._format_day(day) if day else ''} {time[:5]}".strip()

    def input_type(self, component: Component) -> str:
        if component.is_telephone:
            return "tel"
        kind = component.rules.get("validationType") or ""
        return {"email": "email", "phone": "tel"}.get(kind, "text")

    def input_mode(self, component: Component) -> str | None:
        """Return the HTML attribute inputmode, which chooses the keyboard of a telephone."""
        if component.type == "number":
            return "numeric" if component.more.get("decimalDigits") == 0 else "decimal"
        return {"email": "email", "tel": "tel"}.get(self.input_type(component))

    def direction(self, component: Component) -> str:
        """Return the HTML attribute dir: ltr for numbers and addresses, for other text by its first letter."""
        is_code = (
            component.type == "number"
            or component.is_telephone
            or component.rules.get("validationType") in ("email", "phone")
        )
        return "ltr" if is_code else "auto"

    def adorner(self, node: Node, name: str) -> dict[str, str] | None:
        """Return the prefix or suffix of an input, such as a unit."""
        text = self.template(node, name)
        return {"text": text} if text else None

    def template(self, node: Node, name: str) -> str:
        """Return another text of a component, by property; empty if it has none."""
        return self._first_line(node, node.component.templates.get(name, NO_TEXT))

    def _first_line(self, node: Node, text: Template) -> str:
        """Return the first line of a text; form-js doesn't show the others."""
        return text.render(node.context, self.translate).partition("\n")[0]

    def _content(self, node: Node) -> str:
        content = node.component.content
        return content.render(node.context, self.translate) if isinstance(content, Template) else ""

    def view(self, node: Node) -> Markup:
        """Return the HTML of a text or html component."""
        text = self._content(node)
        html = _markdown.render(text) if node.component.type == "text" else text
        return Markup(_sanitize(html))  # noqa: S704

    def source(self, node: Node) -> str:
        """Return the URL of an image or iframe; empty if form-js wouldn't show it."""
        address = self._content(node).partition("\n")[0]
        allowed = ("https://",) if node.component.type == "iframe" else ("https://", "http://", "data:image/")
        return address if address.lower().startswith(allowed) else ""

    def alternative(self, node: Node) -> str:
        return self.template(node, "alt")

    def table(self, node: Node) -> tuple[list[str], list[list[str]]]:
        """Return a table's column headings, and the texts of its rows."""
        columns = node.component.more.get("columns", [])
        if isinstance(node.component.more.get("columnsExpression"), str):
            # form-js ignores the schema's columns then
            evaluated = node.component.columns.evaluate(node.context) if node.component.columns else None
            columns = evaluated if _is_column_list(evaluated) else []
        content = node.component.content
        found = content.evaluate(node.context) if isinstance(content, Expression) else None
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        heads = [self.translate(column.get("label") or column["key"]) for column in columns]
        return heads, [[_format_cell(row.get(column["key"])) for column in columns] for row in rows]


def fields(
    title: str,
    nodes: list[Node],
    posted: MultiDict[str, str],
    faulty: Collection[str],
    translate: Translate,
    conceal: bool,
    today: date,
    format_day: Callable[[str], str],
) -> Markup:
    """Render the fields of a page; the heading of a group is hidden if it is the page's title."""
    template = _environment.get_template("fields.html")
    triggers = list(dict.fromkeys(_walk_triggers(nodes)))[:MAX_TRIGGERS] if conceal else []
    texts = _PageTexts(translate, faulty, triggers, today, format_day)
    return Markup(template.render(title=title, nodes=nodes, posted=posted, texts=texts))  # noqa: S704


def problems(nodes: Iterable[Node], translate: Translate) -> list[tuple[str, str]]:
    texts = _PageTexts(translate)
    return [(anchor(node), texts.problem(node)) for node in nodes]


def summary(nodes: list[Node], translate: Translate, format_day: Callable[[str], str]) -> list[tuple[str, str]]:
    """Return questions and answers as texts.

    The boxes of a group are one question, whose answer names the ticked. In a list of several rows, the questions of
    each row have its number.
    """
    return list(_summarize(nodes, _PageTexts(translate, format_day=format_day)))


def _summarize(nodes: Iterable[Node], texts: _PageTexts) -> Iterator[tuple[str, str]]:
    for node in nodes:
        boxes = node.boxes
        if len(boxes) > 1 and texts.label(node):
            ticked = [texts.label(box) for box in boxes if box.value]
            yield texts.label(node), "\n".join(ticked) or texts.translate("None of these")
            yield from _summarize([each for each in node.children if each not in boxes], texts)
            continue
        if node.is_editable:
            yield texts.name(node) if node.trigger else texts.label(node), texts.answer(node)
        yield from _summarize(node.children, texts)
        for number, row in enumerate(node.rows, 1):
            prefix = f"{number}. " if len(node.rows) > 1 else ""
            yield from ((prefix + question, answer) for question, answer in _summarize(row, texts))


def anchor(node: Node) -> str:
    """Return the id of the input to which the error summary links."""
    if node.has_none_of_these:
        return anchor(node.boxes[0])
    if node.component.type != "datetime":
        return node.name
    if node.component.more.get("subtype") == "time":
        return f"{node.name}-time"
    # the inputs of a day are hidden unless another day is chosen
    if node.component.is_recent_day and not any(problem.rule == "date" for problem in node.problems):
        return node.name + DAY_CHOICE
    message = node.problems[0].message if node.problems else ""
    return f"{node.name}-{PARTS_IN_ERROR.get(message, DATE_PARTS[0])}"


def _walk_triggers(nodes: Iterable[Node]) -> Iterator[Trigger]:
    """Yield the triggers of visible and of concealed nodes."""
    for node in _walk(nodes):
        yield from (each.trigger for each in (node, *node.concealed) if each.trigger)


def _walk(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield from node.walk()


def _is_column_list(columns: Any) -> bool:
    """Whether an expression's value is a list of columns that form-js accepts."""
    return COLUMNS.accepts(columns) and all("label" in column for column in columns)


def _format_cell(value: Any) -> str:
    return "" if value is None else javascript.to_string(value)


def _sanitize(html: str) -> str:
    """Remove scripts, styles, forms and images from HTML, and add GOV.UK classes."""
    return nh3.clean(
        html,
        tags=_HTML_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        set_tag_attribute_values={tag: {"class": name} for tag, name in _GOVUK_CLASSES.items()},
        link_rel="noopener noreferrer",
    )
