"""A ticket, a reading and the times that the tests of the pure core are about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from iamflow.domain.facts import KeyFacts, KeyState, KeyStatus, LastUse, UserReading
from iamflow.domain.ids import AccountId, KeyId, TicketId, UserName
from iamflow.domain.people import RULES, Identity
from iamflow.domain.states import State
from iamflow.domain.ticket import Progress, Ticket

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)

ACCOUNT = AccountId("012345678901")
USER = UserName("deploy")
USER_ID = "AIDAEXAMPLEDEPLOY0001"
KEY = KeyId("AKIAIOSFODNN7EXAMPLE")
OTHER_KEY = KeyId("AKIAI44QH8DHBEXAMPLE")
CREATED = NOW - 400 * DAY

ALICE = Identity(os="alice", sts="arn:aws:sts::999999999999:assumed-role/Admin/alice")
BOB = Identity(os="bob", sts="arn:aws:sts::999999999999:assumed-role/Admin/bob")


def ticket(*, state: State = State.NOTIFIED, deadline: datetime | None = None, **progress: object) -> Ticket:
    """Return a ticket about an old key, as far along as told."""
    return Ticket(
        id=TicketId(7),
        workflow="disable-key",
        workflow_version=1,
        account_id=ACCOUNT,
        account_name="production",
        username=USER,
        user_id=USER_ID,
        access_key_id=KEY,
        requester=RULES,
        state=state,
        state_since=NOW - WEEK,
        due_at=NOW,
        deadline=deadline,
        facts=KeyFacts(
            status=KeyStatus.ACTIVE, created_at=CREATED, last_use=LastUse(), as_of=NOW - WEEK, source="live"
        ),
        progress=replace(Progress(), **progress),  # type: ignore[arg-type]  # names are the caller's
        opened_at=NOW - WEEK,
    )


def reading(*, created_at: datetime = CREATED, last_use: LastUse | None = None) -> UserReading:
    """Return what AWS says of the user and its one key."""
    key = KeyState(key_id=KEY, status=KeyStatus.ACTIVE, created_at=created_at)
    return UserReading(read_at=NOW, account_id=ACCOUNT, user_id=USER_ID, keys=(key,), last_use=last_use)
