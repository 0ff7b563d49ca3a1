"""A doctor, a tracer and a manager sign in through a real Keycloak's own page, with a second factor, in Chromium."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import Page, expect

from hosting.databases import connect_to
from tests.support.case import eventually
from tests.support.chromium import DESKTOP
from tests.support.keycloak import (
    AUDIENCE,
    CLIENT,
    PASSWORD,
    SECRET,
    Keycloak,
    keycloak,
    one_time_code,
    service_subject,
)
from tests.support.platform import running_platform, sign_in_by_provider
from tests.support.ports import free_port
from tests.support.postgresql import postgresql

pytestmark = [pytest.mark.browser, pytest.mark.verify]

PEOPLE = {"dana": "covid-doctors", "tara": "covid-tracers", "paula": "covid-managers", "guest": "visitors"}
TASKLIST, COCKPIT = "/camunda/app/tasklist/default/", "/camunda/app/cockpit/default/"
CHECKED_WITHIN_S = 20


@dataclass(frozen=True)
class Site:
    keycloak: Keycloak
    engine: str
    webapp: str
    database: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    engine, webapp = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    folder = tmp_path_factory.mktemp("keycloak")
    with postgresql() as database, keycloak(folder, engine, webapp, PEOPLE) as server:
        settings = {
            "issuer": server.issuer,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "audience": AUDIENCE,
            "contact": "access@hospital.example",
            "checked_within": f"PT{CHECKED_WITHIN_S}S",
            "groups": {
                "doctors": ["/covid-doctors"],
                "contact-tracers": ["/covid-tracers"],
                "process-managers": ["/covid-managers"],
            },
            "services": {
                name: {"client_id": name, "client_secret": f"{name}-{SECRET}", "subject": service_subject(name)}
                for name in ("webapp", "workers", "deployer")
            },
        }
        with sign_in_by_provider(settings, engine, webapp):
            os.environ.update(database.settings)
            with running_platform(folder / "platform"):
                yield Site(server, engine, webapp, database.url_of("engine"))


@pytest.fixture
def open_signed_in(site: Site, new_page: Callable[..., Page]) -> Callable[[str, str], Page]:
    """Opens a page in a new browser, and signs in at Keycloak."""

    def sign_in(username: str, url: str) -> Page:
        page = new_page(DESKTOP, javascript=True)
        page.goto(url)
        expect(page).to_have_url(re.compile(re.escape(site.keycloak.issuer)))
        page.get_by_label("Username or email").fill(username)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign In").click()
        page.get_by_label("One-time code").fill(one_time_code())
        page.get_by_role("button", name="Sign In").click()
        return page

    return sign_in


def list_filters(page: Page) -> list[str]:
    """Return the names of Tasklist's lists, without the number of tasks."""
    return [re.sub(r"\s*\(?\d*\)?$", "", each.strip()) for each in page.locator(".task-filter h4 a").all_inner_texts()]


def test_a_doctor_works_in_tasklist_and_signs_out_everywhere(
    site: Site, open_signed_in: Callable[[str, str], Page]
) -> None:
    page = open_signed_in("dana", site.engine + TASKLIST)
    expect(page).to_have_title("CoronaCare Tasks")
    expect(page.locator(".task-filter h4 a").first).to_contain_text("All to do")
    assert "Calls to make" not in list_filters(page)
    expect(page.locator("li.account")).to_contain_text("Dana Keycloak")
    take_screenshot(page, "tasklist")
    papers = page.context.new_page()
    papers.goto(site.webapp + "/staff/papers")
    expect(papers.get_by_role("heading", level=1)).to_have_text("Print a paper")
    # Tasklist's own button
    page.locator("li.account a.dropdown-toggle").click()
    page.locator("li.account li.logout a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have signed out")
    take_screenshot(page, "signed-out")
    # the provider has called the back channel
    papers.reload()
    expect(papers).to_have_url(re.compile(re.escape(site.keycloak.issuer)))
    page.goto(site.engine + TASKLIST)
    expect(page).to_have_url(re.compile(re.escape(site.keycloak.issuer)))


def test_a_tracer_has_the_calls(site: Site, open_signed_in: Callable[[str, str], Page]) -> None:
    page = open_signed_in("tara", site.engine + TASKLIST)
    expect(page.locator(".task-filter h4 a").first).to_contain_text("Calls to make")
    assert list_filters(page) == ["Calls to make", "Calls for later"]


def test_a_manager_opens_figures_and_cockpit_and_is_out_after_leaving(
    site: Site, open_signed_in: Callable[[str, str], Page]
) -> None:
    page = open_signed_in("paula", site.webapp + "/staff/now")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Now")
    cockpit = page.context.new_page()
    cockpit.goto(site.engine + COCKPIT)
    expect(cockpit).to_have_title(re.compile("CoronaCare Cockpit"))
    site.keycloak.disable("paula")
    api = f"{site.engine}/camunda/api/engine/engine/default/process-definition/count"
    eventually(lambda: page.context.request.get(api).status == 401, within_s=CHECKED_WITHIN_S)
    page.goto(site.webapp + "/staff/now")
    expect(page).to_have_url(re.compile(re.escape(site.keycloak.issuer)))


def test_a_guest_is_told_whom_to_ask(site: Site, open_signed_in: Callable[[str, str], Page]) -> None:
    page = open_signed_in("guest", site.engine + TASKLIST)
    expect(page.get_by_role("heading", level=1)).to_have_text("You don't have access yet")
    expect(page.locator("main")).to_contain_text("access@hospital.example")
    take_screenshot(page, "no-access")


def test_no_password_is_in_the_database_or_opens_the_api(site: Site) -> None:
    opened = connect_to(site.database)
    assert opened.execute_sql("SELECT COUNT(*) FROM act_id_user").fetchone() == (0,)
    assert opened.execute_sql("SELECT COUNT(*) FROM act_id_membership").fetchone() == (0,)
    opened.close()
    for account in ("emergency", "admin", "webapp"):
        assert (
            requests.get(f"{site.engine}/engine-rest/engine", auth=(account, PASSWORD), timeout=20).status_code == 401
        )


def take_screenshot(page: Page, name: str) -> None:
    """Take a picture where the variable PAGES names a folder."""
    if folder := os.environ.get("PAGES"):
        page.screenshot(path=f"{folder}/{name}.png")
