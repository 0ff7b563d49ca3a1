from datetime import timedelta

import pytest

from records.cipher import Cipher
from records.drafts import Draft, Drafts
from records.submissions import Submission, Submissions

pytestmark = pytest.mark.usefixtures("records")
CIPHER = Cipher("a secret of the tests")
# base64 contains no space, so the encrypted content can't contain this name by chance
CONTENT = {"posted": [["given_name", "Ada Maria"]]}


def test_a_draft_is_found_as_it_was_stored_last() -> None:
    drafts = Drafts(CIPHER)
    drafts.save("C-1/review", {})
    drafts.save("C-1/review", CONTENT)
    assert drafts.find("C-1/review") == CONTENT
    assert drafts.find("C-2/review") is None


def test_drafts_and_submissions_are_stored_encrypted() -> None:
    Drafts(CIPHER).save("C-1/review", CONTENT)
    Submissions(CIPHER).add("C-1/task", "C-1", "review", CONTENT, "C-1/medical_form")
    assert "Ada Maria" not in str(Draft.get().__data__) + str(Submission.get().__data__)
    # a draft can't be decrypted with another secret
    assert Drafts(Cipher("another secret of the tests")).find("C-1/review") is None


def test_a_draft_is_replaced_only_if_its_version_is_current() -> None:
    drafts = Drafts(CIPHER)
    drafts.save("C-1/review", {})
    _, first = drafts.find_with_version("C-1/review")
    assert drafts.replace("C-1/review", CONTENT, first)
    assert not drafts.replace("C-1/review", {}, first)
    assert drafts.find("C-1/review") == CONTENT
    assert not drafts.replace("C-2/review", CONTENT, first)
    assert drafts.find("C-2/review") is None


def test_old_drafts_are_deleted() -> None:
    drafts = Drafts(CIPHER)
    drafts.save("C-1/review", CONTENT)
    drafts.delete_older_than(timedelta(days=1))
    assert drafts.find("C-1/review") == CONTENT
    drafts.delete_older_than(timedelta())
    assert drafts.find("C-1/review") is None


def test_a_submission_replaces_its_draft() -> None:
    drafts, submissions = Drafts(CIPHER), Submissions(CIPHER)
    drafts.save("C-1/review", CONTENT)
    submissions.add("C-1/task", "C-1", "review", CONTENT, "C-1/review")
    assert drafts.find("C-1/review") is None
    assert submissions.list_pending_forms("C-1") == ["review"]


def test_a_form_that_is_sent_twice_is_one_submission() -> None:
    submissions = Submissions(CIPHER)
    for content in (CONTENT, {}):
        submissions.add("C-1/task", "C-1", "review", content, "C-1/review")
    [row] = submissions.claim()
    assert submissions.content(row) == CONTENT
    assert list(submissions.claim()) == []


def test_the_content_of_a_forwarded_submission_is_deleted() -> None:
    submissions = Submissions(CIPHER)
    submissions.add("C-1/task", "C-1", "review", CONTENT, "C-1/review")
    submissions.mark_forwarded(submissions.claim_by_key("C-1/task"))
    assert Submission.get().content == ""
    assert submissions.list_pending_forms("C-1") == []
    # a second sending creates no row
    submissions.add("C-1/task", "C-1", "review", CONTENT, "C-1/review")
    assert list(submissions.claim()) == []


def test_a_claim_of_a_dead_process_expires() -> None:
    submissions = Submissions(CIPHER)
    submissions.add("C-1/task", "C-1", "review", CONTENT, "C-1/review")
    assert submissions.claim_by_key("C-1/task")
    assert (submissions.claim_by_key("C-1/task"), list(submissions.claim())) == (None, [])
    assert len(list(Submissions(CIPHER, lease=timedelta()).claim())) == 1
