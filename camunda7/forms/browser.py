"""HTTP client that acts as a browser without JavaScript: opens pages, and fills in and submits this package's forms."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from bs4 import BeautifulSoup, Tag

from camunda7.http_client import new_session

MAX_SUBMISSIONS = 25
# at the end of the name of a group's box "None of these"
NONE = "-none"


class PageRefused(Exception):
    """A page refused a form; the message has its path and error summary."""


@dataclass
class Page:
    """An HTML page.

    Attributes:
        url: after redirects.
        status: HTTP status.
    """

    url: str
    status: int
    content: BeautifulSoup

    @property
    def form(self) -> Tag | None:
        """The first form in <main>."""
        return self.content.select_one("main form")

    @property
    def errors(self) -> list[str]:
        """Messages of the GOV.UK error summary."""
        return [item.get_text(strip=True) for item in self.content.select(".govuk-error-summary__list li")]

    @property
    def heading(self) -> str:
        """Text of the first <h1>; empty without one."""
        heading = self.content.select_one("h1")
        return heading.get_text(strip=True) if heading else ""

    def text(self, selector: str) -> str:
        """Return the text of the first element that matches a CSS selector.

        Raises:
            PageRefused: there is none.
        """
        found = self.content.select_one(selector)
        if found is None:
            raise PageRefused(f"{self.url}: has no {selector}")
        return found.get_text(strip=True)


class Browser:
    """A browser with its own cookies.

    Args:
        base_url: paths are relative to it.
        pause: sleeps for a number of seconds, or raises to end a wait.
        language: the header Accept-Language.
    """

    def __init__(self, base_url: str, pause: Callable[[float], None] = time.sleep, language: str = "en"):
        self._base_url = base_url
        self._pause = pause
        self._session = new_session()
        self._session.headers.update({"Origin": base_url, "Accept-Language": language})

    def listen(self, callback: Callable[[requests.Response], None]) -> None:
        """Call a function with each response, including those to redirected requests."""
        self._session.hooks["response"].append(lambda response, **_: callback(response))

    def open(self, path: str) -> Page:
        return self._page(self._session.get(urljoin(self._base_url, path), timeout=30))

    def fill_in(self, path: str, answers: Mapping[str, Any], wait_s: float = 90) -> Page:
        """Fill in all pages of a form and submit it; returns the page that follows.

        Args:
            answers: by name of the input: a text, a boolean, a day as YYYY-MM-DD, or a list of such mappings.
            wait_s: maximum time until the form is available, in seconds.

        Raises:
            PageRefused: no form within wait_s, or the page refuses the answers.
        """
        page = self.wait_for_form(path, wait_s)
        for _ in range(MAX_SUBMISSIONS):
            incomplete_list = _find_incomplete_list(page, answers)
            page = self.send(page, answers, {"add": incomplete_list} if incomplete_list else {"send": "yes"})
            if page.errors:
                raise PageRefused(f"{path}: {'; '.join(page.errors)}")
            if page.status >= 400:
                raise PageRefused(f"{path}: {page.status} {page.heading}")
            if not urlsplit(page.url).path.startswith(path) or page.form is None:
                return page
        raise PageRefused(f"{path}: not submitted after {MAX_SUBMISSIONS} pages")

    def read_json(self, path: str) -> Any:
        return self._session.get(urljoin(self._base_url, path), timeout=30).json()

    def wait_for_form(self, path: str, wait_s: float) -> Page:
        """Open a page repeatedly until it has a form.

        Raises:
            PageRefused: it has none within wait_s seconds.
        """
        deadline = time.monotonic() + wait_s
        while True:
            page = self.open(path)
            if page.status == 200 and page.form is not None:
                return page
            if time.monotonic() > deadline:
                raise PageRefused(f"{path}: no form within {wait_s:.0f} s ({page.heading})")
            self._pause(0.3)

    def send(self, page: Page, answers: Mapping[str, Any], button: dict[str, str] | None = None) -> Page:
        """Fill in the page's form, and submit it once by the given button."""
        sent = [*_form_data(_form_of(page), _text_by_input(answers)), *(button or {"send": "yes"}).items()]
        return self.post(page, sent)

    def post(self, page: Page, fields: list[tuple[str, str]]) -> Page:
        """Post these fields to the page's URL; they needn't be those of its form."""
        return self._page(self._session.post(page.url, data=fields, timeout=60))

    def post_raw(self, page: Page, body: bytes, kind: str) -> Page:
        """Post this body, with this media type, to the page's URL."""
        return self._page(self._session.post(page.url, data=body, headers={"Content-Type": kind}, timeout=60))

    def address(self, path: str) -> str:
        """Return the URL of a path."""
        return urljoin(self._base_url, path)

    def post_to(self, page: Page, path: str, **fields: str) -> Page:
        """Post to another path, with the page's CSRF token."""
        token = page.content.select_one("[name=csrf_token]")
        if token is None:
            raise PageRefused(f"{page.url}: no form to send ({page.heading})")
        data = {"csrf_token": str(token["value"]), **fields}
        return self._page(self._session.post(urljoin(self._base_url, path), data=data, timeout=60))

    def clear_cookies(self) -> None:
        self._session.cookies.clear()

    def cookies(self) -> dict[str, str]:
        """Return the cookies' values, by name."""
        return self._session.cookies.get_dict()

    def _page(self, response: requests.Response) -> Page:
        return Page(response.url, response.status_code, BeautifulSoup(response.text, "html.parser"))


def _text_by_input(answers: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the text to type for each answer, by name of the input; a list's rows are flattened."""
    typed: dict[str, str] = {}
    for name, value in answers.items():
        if isinstance(value, list):
            for row, one in enumerate(value):
                typed |= _text_by_input(one, f"{prefix}{name}-{row}-")
        elif isinstance(value, bool):
            typed[prefix + name] = "true" if value else ""
        elif value is not None:
            typed[prefix + name] = str(value)
    return typed


def _form_of(page: Page) -> Tag:
    if page.form is None:
        raise PageRefused(f"{page.url}: no form to send ({page.heading})")
    return page.form


def _form_data(form: Tag, typed: dict[str, str]) -> list[tuple[str, str]]:
    """Return the fields that a browser would send for a form with these texts."""
    sent: list[tuple[str, str]] = []
    for control in form.select("input[name], textarea[name], select[name]"):
        name, kind = str(control["name"]), control.get("type", control.name)
        if kind == "hidden":
            sent.append((name, str(control.get("value", ""))))
        elif kind in ("radio", "checkbox"):
            if typed.get(name) == control.get("value") or _is_none_of_these(control, typed):
                sent.append((name, str(control["value"])))
        else:
            sent.append((name, _input_text(name, typed)))
    return sent


def _is_none_of_these(control: Tag, typed: dict[str, str]) -> bool:
    """Whether a control is the box "None of these" of a group of which no box is to be ticked."""
    group = control.find_parent("fieldset") if str(control["name"]).endswith(NONE) else None
    return group is not None and not any(typed.get(str(box["name"])) for box in group.select("[type=checkbox]"))


def _input_text(name: str, typed: dict[str, str]) -> str:
    if name in typed:
        return typed[name]
    question, _, part = name.rpartition("-")
    if question in typed and part in ("year", "month", "day"):
        return typed[question].split("-")[("year", "month", "day").index(part)]
    return ""


def _find_incomplete_list(page: Page, answers: Mapping[str, Any]) -> str | None:
    """Return the name of a list that has fewer rows on the page than in the answers; None if there is none."""
    for name, value in answers.items():
        counter = _form_of(page).select_one(f'input[name="{name}-rows"]') if isinstance(value, list) else None
        if counter is not None and int(str(counter["value"])) < len(value):
            return name
    return None
