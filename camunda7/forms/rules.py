"""Validation of a value by the rules of its component: those of form-js 1.8.7, in its order."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any

from camunda7.expressions import javascript
from camunda7.expressions.feel import Expression
from camunda7.forms import moments
from camunda7.forms.patterns import Pattern, PatternTooSlow
from camunda7.forms.problems import TOO_SLOW, Problem
from camunda7.forms.properties import CHOICES
from camunda7.forms.schema import Component
from camunda7.inputs.days import today
from camunda7.inputs.place import Place

EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
# calling codes of countries and territories (ITU-T E.164); form-js expects + or 00, one of them, an area code, digits
COUNTRIES = """
297 93 244 1264 358 355 376 971 54 374 1684 1268 61 43 994 257 32 229 226 880 359 973 1242 387 590 375 501 1441 591 55
1246 673 975 267 236 1 41 56 86 225 237 243 242 682 57 269 238 506 53 5999 1345 357 420 49 253 1767 45 1809 1829 1849
213 593 20 291 212 34 372 251 679 500 33 298 691 241 44 995 233 350 224 220 245 240 30 1473 299 502 594 1671 592 852
504 385 509 36 62 91 246 353 98 964 354 972 39 1876 962 81 76 77 254 996 855 686 1869 82 383 965 856 961 231 218 1758
423 94 266 370 352 371 853 377 373 261 960 52 692 389 223 356 95 382 976 1670 258 222 1664 596 230 265 60 262 264 687
227 672 234 505 683 31 47 977 674 64 968 92 507 51 63 680 675 48 1787 1939 850 351 595 970 689 974 40 7 250 966 249 221
65 4779 677 232 503 378 252 508 381 211 239 597 421 386 46 268 1721 248 963 1649 235 228 66 992 690 993 670 676 1868
216 90 688 886 255 256 380 598 998 3906698 379 1784 58 1284 1340 84 678 681 685 967 27 260 263
"""
_AREA = (
    r"(?:9[976]\d|8[987530]\d|6[987]\d|5[90]\d|42\d|3[875]\d|2[98654321]\d|9[8543210]|8[6421]|6[6543210]"
    r"|5[87654321]|4[987654310]|3[9643210]|2[70]|7|1)"
)
PHONE = re.compile(rf"(?:\+|00)(?:{'|'.join(COUNTRIES.split())}){_AREA}\d{{4,20}}\Z", re.ASCII)
_EXACT = Context(prec=400)


def find_violations(component: Component, value: Any, context: dict[str, Any], place: Place) -> list[Problem]:
    """Return the rules that the value violates.

    Args:
        context: values for expressions in rules, by name.
        place: its time zone defines today.
    """
    limits = {name: _evaluate_limit(rule, context) for name, rule in component.rules.items()}
    found: list[Problem] = []
    if component.type == "number" and value:
        found += _check_decimals(component, value)
    if isinstance(value, str) and value and component.type in ("textfield", "textarea"):
        found += _check_pattern(limits, value)
    if component.required and (value is None or value in ("", []) or value is False):
        found.append(_required_problem(component))
    if component.type == "number" and value is not None:
        found += _check_range(limits, value)
    if isinstance(value, str) and value and component.type in ("textfield", "textarea"):
        found += _check_length(limits, value)
        found += _check_validation_type(limits.get("validationType"), value)
    if isinstance(value, str) and component.type == "datetime":
        found += _check_day_limits(component, value, context, place)
    return found


def find_box_violations(is_any: bool, is_none: bool) -> list[Problem]:
    """Return the violated rule of a group's boxes, of which one, or "None of these", must be ticked."""
    if is_any == is_none:
        return [Problem("boxes", "any_and_none" if is_any else "any_or_none")]
    return []


def is_stopped(component: Component, value: Any, context: dict[str, Any], place: Place) -> bool:
    """Whether a date is after the last day for which the form goes on."""
    day = moments.day_of(value, place.zone) if component.stop_after and isinstance(value, str) else None
    limits = [limit.day(today(place.zone), context) for limit in component.stop_after]
    return day is not None and any(limit is not None and day > limit for limit in limits)


def _evaluate_limit(rule: Any, context: dict[str, Any]) -> Any:
    return rule.evaluate(context) if isinstance(rule, Expression) else rule


def _required_problem(component: Component) -> Problem:
    if component.type in CHOICES:
        return Problem("required", "required_choice")
    return Problem("required", "required_box" if component.type == "checkbox" else "required")


def _check_decimals(component: Component, value: Any) -> list[Problem]:
    found = []
    number = Decimal(javascript.to_string(value))
    decimals, increment = component.more.get("decimalDigits"), component.more.get("increment")
    exponent = number.normalize(_EXACT).as_tuple().exponent
    # the exponent of NaN and of infinities is a str
    if decimals is not None and isinstance(exponent, int) and -exponent > max(0, decimals):
        message = "decimals" if decimals else "integer"
        found.append(Problem("decimalDigits", message, {"limit": decimals}))
    if increment and _EXACT.remainder(number, Decimal(str(increment))) != 0:
        found.append(Problem("increment", "increment", {"limit": increment}))
    return found


def _check_pattern(limits: dict[str, Any], value: str) -> list[Problem]:
    pattern: Pattern | None = limits.get("pattern")
    if not pattern:
        return []
    try:
        return [] if pattern.matches(value) else [Problem("pattern", "pattern")]
    except PatternTooSlow:
        return [Problem("pattern", "pattern", {TOO_SLOW: pattern.source})]


def _check_range(limits: dict[str, Any], value: Any) -> list[Problem]:
    return _check_limits(limits, value, "min", "max")


def _check_length(limits: dict[str, Any], value: str) -> list[Problem]:
    return _check_limits(limits, javascript.length(javascript.trim(value)), "minLength", "maxLength")


def _check_limits(limits: dict[str, Any], value: Any, lower: str, upper: str) -> list[Problem]:
    """Return the violated ones of the limits of these names."""
    least, most = limits.get(lower), limits.get(upper)
    found = []
    if least is not None and javascript.less(value, least):
        found.append(Problem(lower, lower, {"limit": least}))
    if most is not None and javascript.less(most, value):
        found.append(Problem(upper, upper, {"limit": most}))
    return found


def _check_day_limits(component: Component, value: str, context: dict[str, Any], place: Place) -> list[Problem]:
    """Return the violated limits of a date, or of a date and time."""
    day, now = moments.day_of(value, place.zone), datetime.now(place.zone)
    found = []
    for limit in component.not_before:
        first = limit.day(today(place.zone), context)
        if day and first and day < first:
            found.append(
                Problem("notBefore", "past" if limit.is_today else "not_before", {"limit": _format_day(first)})
            )
    for limit in component.not_after:
        last = limit.day(today(place.zone), context)
        passed = last if day and last and day > last else None
        if limit.is_today and (passed or moments.is_after(value, now)):
            found.append(Problem("notAfter", "not_after_today"))
        elif passed:
            found.append(Problem("notAfter", "not_after", {"limit": _format_day(passed)}))
    return found


def _format_day(day: date) -> str:
    """Format a day like the example next to the field: `27 3 1990`."""
    return f"{day.day} {day.month} {day.year}"


def _check_validation_type(kind: str | None, value: str) -> list[Problem]:
    if kind == "phone" and not PHONE.search(value):
        return [Problem("phone", "phone")]
    if kind == "email" and not EMAIL.fullmatch(value):
        return [Problem("email", "email")]
    return []
