"""Everything on PostgreSQL, by URL alone: a positive case goes the whole road."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import requests

from tests.support.case import CONTACT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.mail import mails_to
from tests.support.platform import platform_up
from tests.support.postgresql import postgresql

pytestmark = pytest.mark.engine


def test_a_case_runs_on_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {k: v for k, v in os.environ.items() if not k.startswith("CORONACARE_")})
    with postgresql(tmp_path) as port:
        os.environ["CORONACARE_ENGINE__DATABASE_URL"] = f"jdbc:postgresql://127.0.0.1:{port}/engine"
        os.environ["CORONACARE_ENGINE__DATABASE_USERNAME"] = "coronacare"
        os.environ["CORONACARE_ENGINE__SECURE_COOKIES"] = "true"
        for part in ("records", "lab", "government", "sms"):
            url = f"postgresql://coronacare@127.0.0.1:{port}/{part}"
            os.environ[f"CORONACARE_{part.upper()}__DATABASE_URL"] = url
        with platform_up(tmp_path / "run") as platform:
            case = CaseUnderTest(platform.state).starts(WITH_COUGH)
            case.requests_evaluation()
            case.fills_in_medical_form()
            case.is_visited(finding="positive")
            case.sends("close_contacts", {"had_contacts": "yes", "close_contacts": [CONTACT]})
            case.is_reported(case_classification="confirmed")
            case.sends("review", {"rating": "5"})
            assert case.ends().values["case_outcome"] == "care_completed"
            eventually(lambda: mails_to(platform.state, CONTACT["email"]))
            left = list((tmp_path / "run" / "data").glob("*.db"))
            assert left == [], "nothing is kept in files beside it"
            # and as it is served by HTTPS
            answer = requests.get(platform.state["engine"] + "/camunda/app/tasklist/default/", timeout=10)
            cookies = answer.raw.headers.getlist("Set-Cookie")
            assert [cookie.partition("=")[0] for cookie in cookies] == ["JSESSIONID", "XSRF-TOKEN"]
            assert all("; secure" in cookie.lower().replace(";secure", "; secure") for cookie in cookies)
            assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
