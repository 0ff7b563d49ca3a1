"""form-js 1.8.7, as Tasklist 7.24 has it, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from config.settings import ROOT


@contextmanager
def form_js_page(chromium: Browser, zone: str = "UTC") -> Iterator[Page]:
    """A page that answers forms (see driver.js), in this time zone."""
    context = chromium.new_context(timezone_id=zone)
    page = context.new_page()
    page.add_script_tag(path=ROOT / "node_modules/@bpmn-io/form-js/dist/form-viewer.umd.js")
    page.add_script_tag(path=ROOT / "tests/oracle/driver.js")
    yield page
    context.close()
