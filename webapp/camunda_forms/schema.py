"""A form's schema, read into components; what isn't supported is refused with a message that names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from webapp.camunda_forms.feel import Expression, UnsupportedExpression, compile_expression

INPUTS = ("textfield", "textarea", "number", "datetime", "checkbox", "checklist", "radio", "select")
CONTAINERS = ("group", "dynamiclist")
SHOWN_ONLY = ("text", "separator", "spacer")
IGNORED = ("button",)
VALIDATIONS = {"required", "min", "max", "minLength", "maxLength", "pattern", "validationType"}


class UnsupportedForm(Exception):
    """The form uses something that isn't supported; names the form and the component."""


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class Component:
    """One component of a form.

    Attributes:
        key: the variable that it fills, of a dynamic list its path; empty where it fills none.
        hide: the condition under which it is neither shown, nor validated, nor submitted.
    """

    type: str
    key: str = ""
    label: str = ""
    description: str = ""
    text: str = ""
    options: tuple[Option, ...] = ()
    validate: dict[str, Any] = field(default_factory=dict)
    decimals: int | None = None
    has_time: bool = False
    disabled: bool = False
    readonly: bool = False
    hide: Expression | None = None
    children: tuple[Component, ...] = ()

    @property
    def required(self) -> bool:
        return bool(self.validate.get("required"))

    def is_hidden(self, values: dict[str, Any]) -> bool:
        return self.hide is not None and self.hide(values) is True


def parse_components(form: str, components: list[dict[str, Any]]) -> tuple[Component, ...]:
    """Read a list of components of the named form."""
    return tuple(_component(form, item) for item in components if item["type"] not in IGNORED)


def _component(form: str, item: dict[str, Any]) -> Component:
    where = f"{form}: component {item.get('id') or item.get('key')} ({item['type']})"
    if item["type"] not in INPUTS + CONTAINERS + SHOWN_ONLY:
        raise UnsupportedForm(f"{where} is not supported")
    if item["type"] == "datetime" and item.get("subtype") not in ("date", "datetime"):
        raise UnsupportedForm(f"{where}: only the subtypes date and datetime can be filled in")
    unknown = set(item.get("validate", {})) - VALIDATIONS
    if unknown:
        raise UnsupportedForm(f"{where}: validation {', '.join(sorted(unknown))} is not supported")
    if item["type"] in INPUTS and not item.get("key"):
        raise UnsupportedForm(f"{where} has no key")
    return Component(
        type=item["type"],
        key=item.get("key") or item.get("path") or "",
        label=item.get("dateLabel") or item.get("label", ""),
        description=item.get("description", ""),
        text=item.get("text", ""),
        options=tuple(Option(option["value"], option["label"]) for option in item.get("values", [])),
        validate=item.get("validate", {}),
        decimals=item.get("decimalDigits"),
        has_time=item.get("subtype") == "datetime",
        disabled=bool(item.get("disabled")),
        readonly=bool(item.get("readonly")),
        hide=_condition(where, item),
        children=parse_components(form, item.get("components", [])),
    )


def _condition(where: str, item: dict[str, Any]) -> Expression | None:
    text = item.get("conditional", {}).get("hide")
    if not text:
        return None
    try:
        return compile_expression(text)
    except UnsupportedExpression as error:
        raise UnsupportedForm(f"{where}: condition {error}") from None
