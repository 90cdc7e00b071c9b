"""A database as the migrations make it, an engine with the production store, and AWS in memory."""

import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from benchmarks.memory_aws import MemoryAws
from iamflow.domain.facts import Finding, KeyFacts, KeyStatus, LastUse
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.notice import Notice
from iamflow.domain.people import RULES, Identity
from iamflow.domain.policy import Caps, OwnerRules, Policy, Timing
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode
from iamflow.domain.ticket import NewTicket
from iamflow.engine.deps import Engine
from iamflow.engine.outbox import deliver
from iamflow.engine.ports import Store
from iamflow.engine.steer import Desk
from iamflow.sandbox.clock import VirtualClock
from iamflow.store import binding, migrate
from iamflow.store.open import SqlStore, open_store
from tests.postgresql import running_server

START = datetime(2026, 11, 24, 0, 11, 11, tzinfo=UTC)
DAY = timedelta(days=1)
JOURNAL_KEY = b"the key of a benchmark's journal"
ACCOUNTS = 20
LEASE = timedelta(minutes=5)
_CHUNK = 1000

T = TypeVar("T")
R = TypeVar("R")

POLICY = Policy(
    mode=Mode.ENFORCE,
    scope=AccountScope(enforce=None),
    caps=Caps(per_account_per_day=10**9, percent_of_users=100),
    # Polls are looks that end in the same state: they are paced widely apart, so that what is measured is transitions.
    timing=Timing(poll=10 * DAY, recheck=365 * DAY),
    owners=OwnerRules(allowed_domains=("example.com",)),
    team="security@example.com",
)


class Nowhere:
    """A channel that accepts everything at once."""

    name = "file"

    def send(self, notice: Notice, promised_at: datetime | None) -> None:
        """Accept."""


CHANNELS = {"file": Nowhere()}


@dataclass(kw_only=True)
class Stage:
    """What every measurement reaches for."""

    folder: Path
    url: str
    clock: VirtualClock
    store: SqlStore
    aws: MemoryAws
    engine: Engine
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(store=self.store, clock=self.clock, policy=POLICY, person=Identity(os="bench"))

    @property
    def file(self) -> Path:
        """The database's file."""
        return self.folder / "iamflow.db"

    def send(self) -> int:
        """Deliver every letter that waits; return how many there were."""
        sent = 0
        while accepted := deliver(self.engine, CHANNELS).accepted:
            sent += accepted
        return sent

    def to_next_due(self) -> bool:
        """Move time on to the next due date; False where nothing is due any more."""
        due = self.store.next_due()
        if due is None:
            return False
        self.clock.set(max(due, self.clock.now()) + timedelta(seconds=1))
        return True


class OneByOne(Engine):
    """An engine without threads, whose whole work a profiler can see."""

    def in_parallel(self, work: Callable[[T], R], items: Iterable[T]) -> Sequence[R]:
        """Do the work on each item, one after the other."""
        return [work(item) for item in items]


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server with an empty database, which waits for the disk as a real one does; yields its URL."""
    with running_server() as server:
        server.psql("ALTER SYSTEM SET fsync = on;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()


@contextmanager
def a_stage(
    *, workers: int = 16, aws: MemoryAws | None = None, kind: type[Engine] = Engine, url: str | None = None
) -> Iterator[Stage]:
    """Make one in a folder of its own, which is removed afterwards; in an empty database, where the URL of one is given."""
    with tempfile.TemporaryDirectory(prefix="iamflow-bench-") as name:
        folder = Path(name)
        url = url or f"sqlite:///{folder / 'iamflow.db'}"
        clock = VirtualClock(START)
        migrate.upgrade(url)
        bound = binding.Binding(sandbox=True)
        binding.create(url, bound, key=JOURNAL_KEY, clock=clock)
        store = open_store(url, key=JOURNAL_KEY, writer="bench", channels=tuple(CHANNELS), clock=clock, binding=bound)
        used = aws or MemoryAws(clock=clock)
        used.clock = clock
        engine = kind(
            store=store,
            cloud=used,
            clock=clock,
            policy=POLICY,
            instance="bench",
            rng=random.Random(1),
            workers=workers,
            lease=LEASE,
        )
        try:
            yield Stage(folder=folder, url=url, clock=clock, store=store, aws=used, engine=engine)
        finally:
            store.close()


def findings(count: int, accounts: int = ACCOUNTS) -> Sequence[Finding]:
    """Build findings about old, idle keys, one a user, spread over accounts."""
    return [_finding(number, accounts) for number in range(count)]


def _finding(number: int, accounts: int) -> Finding:
    account = number % accounts
    return Finding(
        account_id=AccountId(f"{100_000_000_000 + account}"),
        account_name=f"account-{account}",
        username=UserName(f"user-{number}"),
        key_id=KeyId(f"AKIA{number:016d}"),
        facts=KeyFacts(
            status=KeyStatus.ACTIVE,
            created_at=START - 300 * DAY,
            last_use=LastUse(at=START - 200 * DAY, service="s3", region="us-east-1"),
            as_of=START,
            source="iam-audit:bench.csv",
        ),
        row=number,
    )


def open_all(stage: Stage, found: Sequence[Finding]) -> None:
    """Open a ticket for each finding, due at once, and make its key in AWS."""
    for finding in found:
        stage.aws.add(finding)
    open_tickets(stage.store, found, stage.clock.now())


def open_tickets(store: Store, found: Sequence[Finding], now: datetime) -> None:
    """Open a ticket for each finding, due at once, in accounts where iamflow may act."""
    for start in range(0, len(found), _CHUNK):
        store.open_new([_new(finding, now) for finding in found[start : start + _CHUNK]], "rules")
    store.note_enforcement({finding.account_id: True for finding in found}, now)


def _new(finding: Finding, now: datetime) -> NewTicket:
    return NewTicket(
        workflow="disable-key",
        workflow_version=1,
        account_id=finding.account_id,
        account_name=finding.account_name,
        username=UserName(finding.username),
        access_key_id=finding.key_id,
        requester=RULES,
        facts=finding.facts,
        opened_at=now,
        due_at=now,
    )
