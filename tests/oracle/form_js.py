"""form-js 1.8.7, as Tasklist 7.24 has it, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from config.settings import ROOT

# something of each form stays behind, even of a destroyed one: many in one page make it slow
MOST_FORMS = 200


class FormJs:
    """Answers forms in a page of the browser (see driver.js); takes a fresh one now and then."""

    def __init__(self, context: BrowserContext):
        self._context = context
        self._page: Page | None = None
        self._answered = 0

    def answered(
        self,
        schema: dict[str, Any],
        typed: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        rows: dict[str, int] | None = None,
    ) -> dict[str, Any]:
        """What becomes of a form that is answered so: visible instances, errors, submitted data."""
        if self._page is None or self._answered == MOST_FORMS:
            self._page, self._answered = self._fresh(), 0
        self._answered += 1
        arguments = [schema, data or {}, typed or {}, rows or {}]
        return self._page.evaluate("([s, d, t, r]) => answered(s, d, t, r)", arguments)

    @property
    def page(self) -> Page:
        """The page with the form that was answered last."""
        assert self._page
        return self._page

    def changed(self, component: str, typed: Any) -> dict[str, Any]:
        """What is submitted once this component of the form is answered anew."""
        return self._page.evaluate("([id, typed]) => changed(id, typed)", [component, typed])

    def _fresh(self) -> Page:
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
