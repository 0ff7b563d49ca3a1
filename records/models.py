"""All tables of the records, for what compares them with the migrations."""

from records.access import CaseAccess, Link
from records.attempts import Attempt
from records.claims import Claim
from records.drafts import Draft
from records.erasures import Erasure
from records.feed_items import FeedItem
from records.forms import DeployedForm
from records.kpis import CaseRow
from records.outbox import Message
from records.roster import Duty
from records.sessions import Session
from records.submissions import Submission
from records.tallies import InventedTally, Tally

MODELS = [
    Attempt,
    CaseAccess,
    CaseRow,
    Claim,
    DeployedForm,
    Draft,
    Duty,
    Erasure,
    FeedItem,
    InventedTally,
    Link,
    Message,
    Session,
    Submission,
    Tally,
]
