"""What the tests of the store are made of: a clock that is moved, tickets, changes, and databases built by the migrations."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from iamflow.domain.effect import Effect, EffectKind, Outcome, OutcomeKind
from iamflow.domain.facts import Finding, KeyFacts, KeyStatus, LastUse
from iamflow.domain.ids import AccountId, KeyId, SubjectId, UserName
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.domain.people import RULES, Identity
from iamflow.domain.states import State
from iamflow.domain.ticket import NewTicket, Progress, Ticket, Word
from iamflow.engine.ports import Change, ScanInfo
from iamflow.store import binding, migrate

START = datetime(2026, 11, 24, 0, 11, 2, 341905, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEASE = timedelta(minutes=5)
KEY = b"a journal key of a test"
BOUND = binding.Binding(sandbox=True, partition="aws")
ACCOUNT = AccountId("562458925665")
OTHER = AccountId("028251269083")
ALICE = Identity(os="alice", sts=None)


@dataclass
class MovedClock:
    """Stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def key_id(number: int) -> KeyId:
    return KeyId(f"AKIA{number:016d}")


def about(number: int) -> SubjectId:
    return SubjectId(f"key:{key_id(number)}")


def facts(*, as_of: datetime = START, holds: bool = True) -> KeyFacts:
    return KeyFacts(
        status=KeyStatus.ACTIVE,
        created_at=START - 200 * DAY,
        last_use=LastUse(at=START - 100 * DAY, service="s3", region="eu-west-1"),
        as_of=as_of,
        source="iam-audit:report.csv",
        holds=holds,
    )


def new_ticket(number: int = 1, *, account: AccountId = ACCOUNT, due_at: datetime = START) -> NewTicket:
    return NewTicket(
        workflow="disable-key",
        workflow_version=1,
        account_id=account,
        account_name=f"account {account[-4:]}",
        username=UserName(f"user-{number}"),
        access_key_id=key_id(number),
        requester=RULES,
        facts=facts(),
        opened_at=START,
        due_at=due_at,
    )


def finding(number: int = 1, *, as_of: datetime = START, holds: bool = True, name: str = "payments") -> Finding:
    return Finding(
        account_id=ACCOUNT,
        account_name=name,
        username=f"user-{number}",
        key_id=key_id(number),
        facts=facts(as_of=as_of, holds=holds),
        row=number,
    )


def scan(as_of: datetime = START) -> ScanInfo:
    return ScanInfo(source="iam-audit:report.csv", as_of=as_of, sha256="0" * 64, started_at=START)


def said(words: str = "looked", *, at: datetime = START) -> NewEvent:
    return NewEvent(kind=EventKind.COMMENT, actor="daemon", at=at, detail={"words": words})


def moved(ticket: Ticket, state: State, **fields: object) -> Change:
    """Return the change that moves a ticket to a state, gives up its lease, and says so."""
    event = NewEvent(
        kind=EventKind.TRANSITION, actor="daemon", at=START, from_state=ticket.state, to_state=state, detail={}
    )
    after = replace(ticket, state=state, lease=None, **fields)  # type: ignore[arg-type] - fields of Ticket by name
    return Change(before=ticket, after=after, events=(event,))


def effect_on(ticket: Ticket, kind: EffectKind = EffectKind.DEACTIVATE_KEY) -> Effect:
    return Effect(kind=kind, account_id=ticket.account_id, username=ticket.username, key_id=ticket.access_key_id)


def done(at: datetime = START, kind: OutcomeKind = OutcomeKind.DONE) -> Outcome:
    return Outcome(kind=kind, at=at, request_id="8f1c0f6e-0000-4000-8000-000000000001")


def first_notice(ticket: Ticket, round_: int = 1) -> Notice:
    return Notice(
        ticket_id=ticket.id,
        kind=NoticeKind.KEY_DEACTIVATION,
        recipients=("owner@example.com",),
        dedupe_key=f"t{ticket.id}:notice:{round_}",
        context={"username": ticket.username},
        grace_seconds=7 * 86_400.0,
    )


def told(ticket: Ticket, round_: int = 1) -> Change:
    """Return the change that queues the first notice of a round and waits for it."""
    progress = replace(ticket.progress, notice_round=round_, notice_composed_at=START)
    after = replace(ticket, progress=progress, due_at=START + DAY, lease=None)
    return Change(before=ticket, after=after, notices=(first_notice(ticket, round_),))


def word(at: datetime = START) -> Word:
    return Word(by=ALICE, at=at, comment="the shop is down")


def waiting(**fields: object) -> Progress:
    return replace(Progress(), **fields)  # type: ignore[arg-type] - fields of Progress by name


def build(url: str) -> None:
    """Make a database as a user does: run the migrations, bind it."""
    migrate.upgrade(url)
    binding.create(url, BOUND, key=KEY, clock=MovedClock())
