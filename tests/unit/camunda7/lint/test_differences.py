"""Each difference between two sets of files is described in words, once."""

from __future__ import annotations

import re

import pytest

from camunda7.release.changes import Change, differences, report
from camunda7.release.deploy import resources
from config.settings import ROOT

FILES = resources(ROOT)
TEST_SAMPLE, PRIORITY, REVIEW = "test_sample.bpmn", "testing_priority.dmn", "review.form"


def changed(file: str, old: str, new: str, count: int = 0) -> list[Change]:
    after, replaced = re.subn(old, new, FILES[file].decode(), count=count, flags=re.DOTALL)
    assert replaced
    return differences(FILES, {**FILES, file: after.encode()})


@pytest.mark.parametrize(
    ("file", "old", "new", "description"),
    [
        (TEST_SAMPLE, 'name="Chase result"', 'name="Ask"',
         "step Ask (Task_ChaseResult) changed: name: Chase result → Ask"),
        (TEST_SAMPLE, 'topic="lab.order_test"', 'topic="lab.test"',
         "step Order lab test (Task_OrderLabTest) changed: topic: lab.order_test → lab.test"),
        (TEST_SAMPLE, r"\$\{policy.prop\(&quot;result_chased_after&quot;\).stringValue\(\)\}", "PT48H",
         "event 48 h (Event_ResultLate) changed: timerEventDefinition timeDuration:"
         ' ${policy.prop("result_chased_after").stringValue()} → PT48H'),
        (TEST_SAMPLE, '<bpmn:sequenceFlow id="Flow_ChaseResult_PatientToldOfDelay"[^>]*/>', "",
         "the sequence flow from Chase result to Patient informed of the delay "
         "(Flow_ChaseResult_PatientToldOfDelay) removed"),
        (TEST_SAMPLE, '(<bpmn:boundaryEvent id="Event_ResultLate".*?) cancelActivity="false"', r"\1",
         "event 48 h (Event_ResultLate) changed: cancelActivity: false → nothing"),
        (PRIORITY, "<text>70</text>", "<text>75</text>",
         "row 3 of Testing priority (testing_priority_rule_3) changed: testing_priority: 70 → 75"),
        (PRIORITY, '<rule id="testing_priority_rule_5">.*?</rule>', "",
         "row 5 of Testing priority (testing_priority_rule_5) removed"),
        (PRIORITY, 'hitPolicy="FIRST"', 'hitPolicy="ANY"',
         "decision Testing priority (testing_priority) changed: hit policy: FIRST → ANY"),
        (REVIEW, '"label": "Your rating"', '"label": "Your opinion"',
         "field Your opinion (Radio_rating) changed: label: Your rating → Your opinion"),
        (TEST_SAMPLE, 'x="[0-9]+"', 'x="7"', "the file test_sample.bpmn changed: only how it is drawn or written"),
    ],
)  # fmt: skip
def test_a_change_is_described(file: str, old: str, new: str, description: str) -> None:
    assert [str(change) for change in changed(file, old, new) if change.kind != "row" or "rule" in description][:1] == [
        description
    ]


def test_equal_files_have_no_differences() -> None:
    assert differences(FILES, dict(FILES)) == []


def test_an_added_and_a_removed_file_are_described() -> None:
    after = {name: content for name, content in FILES.items() if name != REVIEW} | {"new.form": FILES[REVIEW]}
    assert list(map(str, differences(FILES, after))) == ["the file new.form added", "the file review.form removed"]


def test_the_page_of_changes_draws_both_diagrams_and_escapes_names() -> None:
    changes = changed(TEST_SAMPLE, 'name="Chase result"', 'name="Ask &lt;us&gt;"')
    after = {TEST_SAMPLE: FILES[TEST_SAMPLE].replace(b"Chase result", b"Ask &lt;us&gt;")}
    page = report.as_page(changes, FILES, after)
    assert page.count("<svg") == 2
    assert "Ask &lt;us&gt;" in page
    assert "<us>" not in page
