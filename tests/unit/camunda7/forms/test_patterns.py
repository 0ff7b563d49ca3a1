"""Patterns of forms: matched as JavaScript does, with a time limit."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest
from werkzeug.datastructures import MultiDict

from camunda7.forms import Form
from camunda7.forms.patterns import Matcher, Pattern, PatternTooSlow
from config.settings import ROOT

SLOW = [
    "^(a+)+$",
    "^(a|a)*$",
    r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
    r"^(\w+\s?)*$",
    r"^https:\/\/(x+)+$",
    r"(?:(?:ab)+)+$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
]
FAST = [
    "^[A-Z0-9-]{4,40}$",
    r"^\+?[0-9 ()/.-]{5,40}$",
    r"^[\w-\.]+@([\w-]+\.)+[\w-]{2,4}$",
    "^(?=.*[A-Z])(?=.*[0-9]).{8,}$",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^(0|[1-9]\d*)(,\d+)?$",
]


@pytest.mark.slow
@pytest.mark.parametrize("source", SLOW)
def test_a_pattern_that_backtracks_exponentially_is_found(source: str) -> None:
    assert Pattern(source).find_slow_text() is not None


@pytest.mark.parametrize("source", FAST)
def test_usual_patterns_are_not_slow(source: str) -> None:
    assert Pattern(source).find_slow_text() is None


def test_a_slow_match_times_out_and_blocks_no_other_thread() -> None:
    """The match runs in a process of its own, so the GIL stays free."""
    steps = [0]
    ended = threading.Event()

    def count() -> None:
        while not ended.wait(0.005):
            steps[0] += 1

    counter = threading.Thread(target=count)
    counter.start()
    began_at = time.monotonic()
    with pytest.raises(PatternTooSlow):
        Pattern("^(a+)+$").matches("a" * 60 + "!")
    ended.set()
    counter.join()
    print(f"ended after {time.monotonic() - began_at:.2f} s, {steps[0]} steps of another thread")
    assert steps[0] > 3
    assert Pattern("^(a+)+$").matches("aaa")
    assert not Pattern("^(a+)+$").matches("aab")


def test_concurrent_matches_get_their_own_results() -> None:
    wrong = []

    def match(number: int) -> None:
        for text in range(100):
            if Pattern(f"^{number}$").matches(str(text)) != (text == number):
                wrong.append((number, text))

    threads = [threading.Thread(target=match, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_killed_matcher_process_is_replaced() -> None:
    matcher = Matcher()
    assert matcher.matches("a", "a")
    process = matcher._process
    assert process is not None
    os.kill(process.pid, 9)
    process.wait()
    assert matcher.matches("a", "a")
    matcher.stop()


def test_the_forms_have_no_slow_pattern() -> None:
    sources = {
        pattern.source
        for path in ROOT.glob("forms/*.form")
        for component in Form.parse(json.loads(path.read_text())).components
        for each in component.walk()
        if (pattern := each.rules.get("pattern"))
    }
    assert sources
    assert [source for source in sources if Pattern(source).find_slow_text()] == []


def test_an_answer_whose_match_times_out_is_an_error_of_its_field() -> None:
    component = {"type": "textfield", "id": "a", "key": "given_name", "validate": {"pattern": SLOW[0]}}
    form = Form.parse({"type": "default", "id": "form", "components": [component]})
    for typed, problems, slow in (("aaa", 0, {}), ("aab", 1, {}), ("a" * 60 + "!", 1, {"a": SLOW[0]})):
        answers = form.read(MultiDict({"given_name": typed, "shown": "given_name"}))
        assert len(form.problems(form.pages[0], answers)) == problems
        assert answers.slow_patterns == slow


def test_the_matcher_process_ends_with_its_parent() -> None:
    matcher = Matcher()
    assert matcher.matches("a", "a")
    process = matcher._process
    assert process is not None
    # as the kernel does when the parent dies
    process.stdin.close()  # type: ignore[union-attr]
    assert process.wait(10) == 0
    process.stdout.close()  # type: ignore[union-attr]
