"""Page objects: the patients' pages, and Camunda Tasklist for the staff."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from babel.support import Translations
from playwright.sync_api import Locator, Page, expect

from processes.cases import OpenTask
from tests.support.catalogues import TRANSLATIONS

Answers = Mapping[str, Any]


class Patient:
    """Uses the patients' pages.

    Args:
        page: without JavaScript.
        language: of the pages, in which texts are looked up.
    """

    def __init__(self, page: Page, state: Mapping[str, Any], language: str = "en"):
        self.page = page
        self._url = state["webapp"]
        self._translations = Translations.load(TRANSLATIONS, [language])

    def translate(self, text: str) -> str:
        """An English text of the pages in the patient's language."""
        return self._translations.gettext(text)

    def open(self, path: str) -> None:
        self.page.goto(self._url + path)

    def fill_in(self, answers: Answers) -> None:
        """Fill in fields by name: dates as YYYY-MM-DD, checkboxes by True or False, others by a text or an option."""
        for name, value in answers.items():
            if self.page.locator(f'[name="{name}-day"]').count():
                if self.page.locator(f'[name="{name}-choice"]').count():
                    self.page.check(f'[name="{name}-choice"][value=another]')
                for part, text in zip(("year", "month", "day"), value.split("-"), strict=True):
                    self.page.fill(f'[name="{name}-{part}"]', text)
                continue
            control = self.page.locator(f'[name="{name}"]').last
            kind = control.get_attribute("type") or control.evaluate("e => e.tagName")
            if value is False:
                control.uncheck()
            elif kind in ("radio", "checkbox"):
                self.page.check(f'[name="{name}"][value="{"true" if value is True else value}"]')
            elif kind == "SELECT":
                control.select_option(value)
            else:
                control.fill(str(value))

    def fill_in_page(self, answers: Answers) -> None:
        """Fill in those fields that the page shows; an answer may show others after it. No box is "None of these"."""
        for name, value in answers.items():
            if self.has_field(name):
                self.fill_in({name: value})
        for group in self.page.locator("main fieldset", has=self.page.locator('[name$="-none"]')).all():
            if not group.locator("[type=checkbox]:checked").count():
                self.fill_in({str(group.locator('[name$="-none"]').get_attribute("name")): True})

    def press(self, button: str) -> None:
        """Press a button (or a link with the role of one) and wait for the next page."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=self.translate(button), exact=True).click()

    def submit_page(self) -> None:
        """Submit the page's form, and wait for the next page."""
        with self.page.expect_navigation():
            self.page.locator("main form button[name=send]").click()

    def complete_form(self, link: str, answers: Answers) -> None:
        """Wait for a form's link on the case's page, open the form, fill it in and submit it."""
        self.wait_for_link(link)
        self.press(link)
        self.submit_pages(answers)

    def submit_pages(self, answers: Answers, at: Callable[[str], None] = lambda heading: None) -> None:
        """Fill in and submit each page of a form, including the summary of the answers.

        Args:
            at: called with the heading of each page before it is submitted.
        """
        while self.has_questions():
            heading = self.page.locator("h1").inner_text()
            self.fill_in_page(answers)
            at(heading)
            self.submit_page()
            assert not self.page.locator(".govuk-error-summary").count(), self.text

    def has_questions(self) -> bool:
        return self.page.locator("main form button[name=send]").count() > 0

    def has_field(self, name: str) -> bool:
        """Whether the page shows a field."""
        names = (name, f"{name}-choice", f"{name}-day")
        fields = self.page.locator(", ".join(f'main form [name="{each}"]' for each in names))
        return any(field.is_visible() for field in fields.all())

    def wait_for_link(self, link: str, within_s: float = 40) -> None:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            self.open("/case")
            if self.page.get_by_role("button", name=self.translate(link), exact=True).count():
                return
            time.sleep(0.3)
        raise AssertionError(f"no link {link}: {self.page.inner_text('main')[:300]}")

    @property
    def text(self) -> str:
        return self.page.inner_text("main")


class StaffMember:
    """A staff account in Camunda Tasklist.

    Args:
        page: with JavaScript.
        account: its key in .run/state.json.
    """

    def __init__(self, page: Page, state: Mapping[str, Any], account: str):
        self.page = page
        self._engine = state["engine"]
        self._webapp = state["webapp"]
        self._account = state["accounts"][account]

    def sign_in(self) -> None:
        """Sign in to Tasklist by the request that its login page sends, without loading that page."""
        context = self.page.context
        context.request.get(f"{self._engine}/camunda/app/tasklist/default/")
        [token] = [cookie["value"] for cookie in context.cookies() if cookie["name"] == "XSRF-TOKEN"]
        login = f"{self._engine}/camunda/api/admin/auth/user/default/login/tasklist"
        answer = context.request.post(login, form=dict(self._account), headers={"X-XSRF-TOKEN": token})
        assert answer.ok, f"{self._account['username']}: {answer.status}"

    def sign_in_on_page(self, application: str = "tasklist") -> None:
        self.page.goto(f"{self._engine}/camunda/app/{application}/default/")
        self.page.wait_for_url(lambda url: "login" in url)
        # the page renders its form again after loading, which clears the fields
        self.page.wait_for_load_state("networkidle")
        with self.page.expect_response(lambda answer: f"/login/{application}" in answer.url) as answer:
            self.page.fill('input[placeholder="Username"]', self._account["username"])
            self.page.fill('input[placeholder="Password"]', self._account["password"])
            self.page.get_by_role("button", name="Log in").click()
        assert answer.value.ok, f"{self._account['username']}: {answer.value.status}"
        self.page.wait_for_url(lambda url: "login" not in url)

    def sign_out(self) -> None:
        with self.page.expect_response(lambda answer: answer.url.endswith("/camunda-welcome")):
            self.page.locator(".account .dropdown-toggle, .account a").first.click()
            self.page.get_by_text("Sign out").or_(self.page.get_by_text("Log out")).first.click()
        self.page.wait_for_url(lambda url: "login" in url)

    def filters(self) -> list[str]:
        """The names of Tasklist's filters in their order, without the number of tasks that may follow a name."""
        self.page.goto(f"{self._engine}/camunda/app/tasklist/default/")
        names = self.page.locator(".task-filter h4")
        expect(names.first).to_be_visible()
        return [re.sub(r"\s*\(?\d*\)?$", "", name) for name in names.all_inner_texts()]

    def choose_filter(self, filter_name: str) -> None:
        """Choose a filter, and wait until its tasks are listed."""
        filters = self.page.context.request.get(f"{self._engine}/camunda/api/engine/engine/default/filter").json()
        [chosen] = [each["id"] for each in filters if each["name"] == filter_name]
        # leave the page first, so that the response below can't belong to an earlier request
        self.page.goto("about:blank")
        with self.page.expect_response(lambda answer: f"/filter/{chosen}/list" in answer.url) as answer:
            self.page.goto(f"{self._engine}/camunda/app/tasklist/default/#/?filter={chosen}")
        expect(self.page.locator(".task-filter.active h4")).to_have_text(re.compile(rf"^\s*{filter_name}"))
        found = answer.value.json()["_embedded"].get("task", [])
        expect(self.page.locator("ol.tasks-list li.task")).to_have_count(len(found))

    def tasks(self) -> list[str]:
        """Ids of the listed tasks, in their order."""
        links = self.page.locator('ol.tasks-list a[href*="task="]')
        found = [re.search(r"task=([\w-]+)", link.get_attribute("href") or "") for link in links.all()]
        return list(dict.fromkeys(match.group(1) for match in found if match))

    def priorities(self) -> list[int]:
        """Priorities of the listed tasks, in their order."""
        return [int(text) for text in self.page.locator("ol.tasks-list .priority").all_inner_texts()]

    def card(self, task_id: str) -> list[str]:
        """The lines of text on a listed task's card."""
        card = self.page.locator("ol.tasks-list li.task", has=self.page.locator(f'a[href*="task={task_id}"]')).first
        return [line.strip(" :") for line in re.split(r"[\n\t]+", card.inner_text()) if line.strip(" :")]

    def open(self, task: OpenTask) -> None:
        """Open a task of the chosen list, which other tests may have filled beyond its first page."""
        if task.id in self.tasks():
            self.page.locator(f'a[href*="task={task.id}"]').first.click()
        else:
            self.page.goto(f"{self.page.url}&task={task.id}")

    def claim_from(self, filter_name: str, task: OpenTask) -> None:
        """Choose a filter, open the task from its list, and claim it."""
        self.choose_filter(filter_name)
        self.open(task)
        self.page.locator("button.claim").click()
        expect(self.page.locator("button.claim")).to_have_count(0)

    def open_webapp(self, path: str) -> None:
        """Open a page of the web application."""
        self.page.goto(self._webapp + path)

    def sign_in_to_webapp(self) -> None:
        self.page.fill("#username", self._account["username"])
        self.page.fill("#password", self._account["password"])
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Sign in").click()

    @property
    def is_wider_than_the_screen(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def expect_fact(self, label: str, value: str) -> None:
        """Expect a row in the form's table of facts."""
        cells = self._form.locator("tr", has=self.page.get_by_role("cell", name=label, exact=True))
        expect(cells.first).to_contain_text(value)

    def fill_in(self, texts: Mapping[str, str], choices: Mapping[str, str]) -> None:
        """Fill in the Camunda Form: texts by label, and radio options by the question's key."""
        for label, text in texts.items():
            self._form.get_by_label(label).fill(text)
        for key, option in choices.items():
            self._form.locator(".fjs-form-field-radio", has=self.page.locator(f'[id*="{key}-0"]')).get_by_label(
                option, exact=True
            ).check()

    def select_option(self, key: str, option: str) -> None:
        field = self._form.locator(".fjs-form-field-select", has=self.page.locator(f'[id*="{key}"]'))
        field.locator(".fjs-input-group").click()
        field.locator(".fjs-dropdownlist-item", has_text=option).first.click()

    def fill_in_moment(self, key: str, moment: datetime) -> None:
        """Fill in a date and time in the format of the locale en-US."""
        field = self._form.locator(".fjs-form-field-datetime", has=self.page.locator(f'[id*="{key}"]'))
        day, time = field.locator("input.fjs-input").all()
        day.fill(f"{moment:%m/%d/%Y}")
        day.press("Enter")
        # a time that is entered before the calendar has closed loses its date
        expect(self.page.locator(".flatpickr-calendar.open")).to_have_count(0)
        time.fill(f"{moment:%H:%M}")
        time.press("Enter")

    def complete_task(self) -> None:
        self.page.get_by_role("button", name="Complete").click()
        expect(self.page.locator("section.task-card")).to_have_count(0)

    @property
    def _form(self) -> Locator:
        return self.page.locator(".fjs-container")
