"""One field: what was typed → its typed value, or what is wrong with it, in the words of the GOV.UK design system."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from webapp.camunda_forms.schema import Component

EMAIL = re.compile(
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"
)
PHONE = re.compile(r"^[+]?[(]?[0-9]{1,4}[)]?[-\s./0-9]*$")
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?")
TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.h]([0-5][0-9])")
DATE_PARTS = ("year", "month", "day")


class Invalid(Exception):
    """What is wrong with a field, said to whoever filled it in."""


def typed(component: Component, posted: Mapping[str, str], name: str) -> Any:
    """The value that was typed into the field of this name; None when nothing was.

    Raises:
        Invalid: it can't be read as a value of the component's type.
    """
    if component.type == "datetime":
        day = _date(component, posted, name)
        return _moment(component, posted, name, day) if component.has_time else day
    if component.type == "checkbox":
        return posted.get(name) == "true"
    if component.type == "checklist":
        values = posted.getlist(name)
        return [_option(component, value) for value in values] or None
    text = posted.get(name, "").replace("\r\n", "\n").strip()
    if not text:
        return None
    if "\x00" in text:
        raise Invalid(f"{component.label}: contains a character that can't be kept")
    if component.type == "number":
        return _number(component, text)
    if component.type in ("radio", "select"):
        return _option(component, text)
    return text


def as_posted(component: Component, value: Any, name: str) -> dict[str, Any]:
    """A typed value as a browser would post it, by name of the input."""
    if component.type == "datetime":
        parts = dict(zip((f"{name}-{part}" for part in DATE_PARTS), value[:10].split("-"), strict=True))
        return parts | ({f"{name}-time": value[11:16]} if component.has_time else {})
    if isinstance(value, bool):
        return {name: "true"} if value else {}
    return {name: value if isinstance(value, list) else str(value)}


def check(component: Component, value: Any) -> None:
    """Hold a typed value against the rules of the schema.

    Raises:
        Invalid: a rule is broken.
    """
    rules = component.validate
    if value is None or value is False:
        if component.required:
            raise Invalid(_missing(component))
        return
    if isinstance(value, int | float) and not isinstance(value, bool):
        _check_range(component, value)
    if isinstance(value, str) and component.type in ("textfield", "textarea"):
        _check_text(component, value, rules)


def _missing(component: Component) -> str:
    if component.type in ("radio", "select", "checklist"):
        return f"Select an answer: {component.label}"
    if component.type == "checkbox":
        return f"Confirm: {component.label}"
    return f"Enter an answer: {component.label}"


def _check_range(component: Component, value: float) -> None:
    least, most = component.validate.get("min"), component.validate.get("max")
    if least is not None and value < least:
        raise Invalid(f"{component.label} must be {least} or more")
    if most is not None and value > most:
        raise Invalid(f"{component.label} must be {most} or less")


def _check_text(component: Component, value: str, rules: dict[str, Any]) -> None:
    if len(value) > rules.get("maxLength", len(value)):
        raise Invalid(f"{component.label} must be {rules['maxLength']} characters or fewer")
    if len(value) < rules.get("minLength", 0):
        raise Invalid(f"{component.label} must be {rules['minLength']} characters or more")
    if rules.get("pattern") and not re.search(rules["pattern"], value):
        raise Invalid(f"{component.label} is not in the right format")
    if rules.get("validationType") == "email" and not EMAIL.match(value):
        raise Invalid("Enter an e-mail address in the right format, like name@example.com")
    if rules.get("validationType") == "phone" and not PHONE.match(value):
        raise Invalid("Enter a telephone number, like 0123 456 789")


def _number(component: Component, text: str) -> int | float:
    text = text.replace(",", ".")
    if not NUMBER.fullmatch(text):
        raise Invalid(f"{component.label} must be a number")
    decimals = len(text.partition(".")[2])
    if component.decimals is not None and decimals > component.decimals:
        raise Invalid(f"{component.label} must have at most {component.decimals} decimal places")
    return float(text) if "." in text else int(text)


def _option(component: Component, value: str) -> str:
    if value not in [option.value for option in component.options]:
        raise Invalid(f"Select one of the answers: {component.label}")
    return value


def _date(component: Component, posted: Mapping[str, str], name: str) -> str | None:
    parts = [posted.get(f"{name}-{part}", "").strip() for part in DATE_PARTS]
    if not any(parts):
        return None
    try:
        if not all(part.isascii() and part.isdigit() for part in parts) or len(parts[0]) != 4:
            raise ValueError
        return date(*map(int, parts)).isoformat()
    except ValueError:
        raise Invalid(f"{component.label}: enter a real date, like 27 3 1990") from None


def _moment(component: Component, posted: Mapping[str, str], name: str, day: str | None) -> str | None:
    """A point in time in UTC, as form-js gives it: 2020-05-10T12:00+00:00."""
    text = posted.get(f"{name}-time", "").strip()
    if day is None and not text:
        return None
    time = TIME.fullmatch(text)
    if day is None or time is None:
        raise Invalid(f"{component.label}: enter a day and a time, like 14:30")
    return f"{day}T{int(time[1]):02}:{time[2]}+00:00"
