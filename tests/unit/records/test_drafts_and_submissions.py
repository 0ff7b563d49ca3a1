from datetime import timedelta

import pytest

from records.cipher import Cipher
from records.drafts import Draft, Drafts
from records.submissions import Submission, Submissions

pytestmark = pytest.mark.usefixtures("records")
SEAL = Cipher("a secret of the tests")
# the space is in nothing that is encrypted and written as base64
CONTENT = {"posted": [["given_name", "Ada Maria"]]}


def test_a_draft_is_found_as_it_was_kept_last() -> None:
    drafts = Drafts(SEAL)
    drafts.save("C-1/review", {})
    drafts.save("C-1/review", CONTENT)
    assert drafts.find("C-1/review") == CONTENT
    assert drafts.find("C-2/review") is None


def test_what_was_typed_can_not_be_read_in_the_database() -> None:
    Drafts(SEAL).save("C-1/review", CONTENT)
    Submissions(SEAL).add("C-1/task", "C-1", "review", CONTENT, "C-1/medical_form")
    assert "Ada Maria" not in str(Draft.get().__data__) + str(Submission.get().__data__)
    # nor with another secret
    assert Drafts(Cipher("another secret, of somebody else")).find("C-1/review") is None


def test_only_the_newest_version_is_replaced() -> None:
    drafts = Drafts(SEAL)
    drafts.save("C-1/review", {})
    _, first = drafts.find_with_version("C-1/review")
    assert drafts.replace("C-1/review", CONTENT, first)
    assert not drafts.replace("C-1/review", {}, first)
    assert drafts.find("C-1/review") == CONTENT
    assert not drafts.replace("C-2/review", CONTENT, first)
    assert drafts.find("C-2/review") is None


def test_old_drafts_are_forgotten() -> None:
    drafts = Drafts(SEAL)
    drafts.save("C-1/review", CONTENT)
    drafts.delete_older_than(timedelta(days=1))
    assert drafts.find("C-1/review") == CONTENT
    drafts.delete_older_than(timedelta())
    assert drafts.find("C-1/review") is None


def test_a_submission_takes_the_place_of_its_draft() -> None:
    drafts, submissions = Drafts(SEAL), Submissions(SEAL)
    drafts.save("C-1/review", CONTENT)
    submissions.add("C-1/task", "C-1", "review", CONTENT, "C-1/review")
    assert drafts.find("C-1/review") is None
    assert submissions.list_pending_forms("C-1") == ["review"]


def test_what_is_sent_twice_is_one_submission() -> None:
    submissions = Submissions(SEAL)
    for content in (CONTENT, {}):
        submissions.add("C-1/task", "C-1", "review", content, "C-1/review")
    [row] = submissions.claim()
    assert submissions.content(row) == CONTENT
    assert list(submissions.claim()) == []


def test_nothing_is_left_of_what_has_arrived() -> None:
    submissions = Submissions(SEAL)
    submissions.add("C-1/task", "C-1", "review", CONTENT, "C-1/review")
    submissions.mark_forwarded(submissions.claim_by_key("C-1/task"))
    assert Submission.get().content == ""
    assert submissions.list_pending_forms("C-1") == []
    # and sending it again changes nothing
    submissions.add("C-1/task", "C-1", "review", CONTENT, "C-1/review")
    assert list(submissions.claim()) == []


def test_what_a_dead_process_had_claimed_is_claimed_again() -> None:
    submissions = Submissions(SEAL)
    submissions.add("C-1/task", "C-1", "review", CONTENT, "C-1/review")
    assert submissions.claim_by_key("C-1/task")
    assert (submissions.claim_by_key("C-1/task"), list(submissions.claim())) == (None, [])
    assert len(list(Submissions(SEAL, lease=timedelta()).claim())) == 1
