"""form-js 1.8.7, the version of Tasklist 7.24, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from config.settings import ROOT

# destroyed forms leak memory, so a page becomes slow after many of them
MAX_FORMS_PER_PAGE = 200


class FormJs:
    """Answers forms in a page of the browser (driver.js); opens a new page after MAX_FORMS_PER_PAGE."""

    def __init__(self, context: BrowserContext):
        self._context = context
        self._page: Page | None = None
        self._answered = 0

    def answer(
        self,
        schema: dict[str, Any],
        typed: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        rows: dict[str, int] | None = None,
    ) -> dict[str, Any]:
        """Open a form, answer and submit it; returns its visible instances, errors and submitted data."""
        if self._page is None or self._answered == MAX_FORMS_PER_PAGE:
            self._page, self._answered = self._new_page(), 0
        self._answered += 1
        arguments = [schema, data or {}, typed or {}, rows or {}]
        return self._page.evaluate("([s, d, t, r]) => answerForm(s, d, t, r)", arguments)

    @property
    def page(self) -> Page:
        """The page with the last answered form."""
        assert self._page
        return self._page

    def change(self, component: str, typed: Any) -> dict[str, Any]:
        """Change the answer of a component, and submit the form again; returns the submitted data."""
        return self._page.evaluate("([id, typed]) => changeAnswer(id, typed)", [component, typed])

    def _new_page(self) -> Page:
        if self._page:
            self._page.close()
        page = self._context.new_page()
        page.add_script_tag(path=ROOT / "node_modules/@bpmn-io/form-js/dist/form-viewer.umd.js")
        page.add_script_tag(path=ROOT / "tests/oracle/driver.js")
        return page


@contextmanager
def form_js_in(chromium: Browser, zone: str = "UTC") -> Iterator[FormJs]:
    """form-js in this time zone."""
    context = chromium.new_context(timezone_id=zone)
    yield FormJs(context)
    context.close()
