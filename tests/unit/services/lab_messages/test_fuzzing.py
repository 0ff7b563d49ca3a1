"""Generated and damaged messages: the readers never raise, and never yield a result that the message doesn't say."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.lab.gateway.codes import load_table
from services.lab.gateway.matching import Decision, Outcome, Sample, decide
from services.lab.gateway.messages.reading import detect_format, read
from services.lab.gateway.messages.reports import Format
from tests.support.lab_messages import NEGATIVE, POSITIVE, write
from tests.support.tier import rounds

pytestmark = pytest.mark.slow

# `make fuzz` sets it
EXAMPLES = int(os.environ.get("MESSAGE_EXAMPLES", rounds(test=300, verify=10_000)))
fuzzed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
TABLE = load_table()
SAMPLE = Sample("C-1", 1, "AB-12345", "CC-7", date(1990, 7, 21))
# its barcode is the beginning of the other one
PREFIX = Sample("C-2", 1, "AB-12", "CC-77", date(1991, 1, 1))
# what structures the formats, and a few values of theirs
PIECES = [
    *(b"|", b"^", b"~", b"\\", b"&", b"#", b"\r", b"\n", b"\x0b", b"\x1c", b"\x00", b",", b";", b'"', b"{", b"}", b"["),
    *(b"MSH|^~\\&|", b"PID|", b"OBR|", b"OBX|", b"SPM|", b"BTS|9", b"F", b"W", b"260415000", b"Not detected", b"\xff"),
]
contents = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join),
    st.text(max_size=200).map(str.encode),
)


def decide_all(content: bytes, format: Format) -> list[Decision]:
    return [
        decide(each, TABLE.evaluate(each, report.sender), [SAMPLE, PREFIX], report.problems)
        for report in read(content, format)
        for each in report.observations
    ]


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Damage a message at up to three places: replaced, deleted, inserted, repeated or moved bytes, or its end."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=4), st.just(content[start:end])))
        content = draw(
            st.sampled_from(
                [content[:start] + piece + content[end:], content[:start] + piece + content[start:], content[:start]]
            )
        )
    return content


@fuzzed
@given(content=contents, format=st.sampled_from(list(Format)))
def test_any_bytes_are_read_without_an_error(content: bytes, format: Format) -> None:
    detect_format(content)
    assert read(content, format)
    assert all(decision.outcome is not Outcome.TAKEN for decision in decide_all(content, format))


@fuzzed
@given(data=st.data(), format=st.sampled_from(list(Format)), is_positive=st.booleans())
def test_a_damaged_message_yields_its_result_or_none(data: st.DataObject, format: Format, is_positive: bool) -> None:
    content = data.draw(damaged(write(POSITIVE if is_positive else NEGATIVE, format)))
    for decision in decide_all(content, format):
        if decision.outcome is Outcome.TAKEN:
            expected = "positive" if is_positive else "negative"
            assert decision.sample == SAMPLE
            # a damage may insert the code of the other result where it is valid: then the message says it
            assert decision.result == expected or b"260415000" in content or b"Not detected" in content


@pytest.mark.parametrize("format", list(Format))
@pytest.mark.parametrize("birth_date", ["", "1990-07-21"])
def test_a_message_that_ends_early_is_not_taken_for_another_sample(format: Format, birth_date: str) -> None:
    content = write(replace(POSITIVE, birth_date=birth_date), format)
    for length in range(len(content)):
        for decision in decide_all(content[:length], format):
            assert decision.outcome is not Outcome.TAKEN or decision.sample == SAMPLE, length
