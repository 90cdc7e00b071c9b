"""A whole world for a test: the simulated AWS, a fresh database, iamflow put together as in production, a clock that jumps."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from iamflow.bootstrap import Application, application
from iamflow.config.initial import write_journal_key
from iamflow.domain.facts import Finding, KeyFacts, KeyStatus, LastUse
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.lead import Lead
from iamflow.domain.people import Identity
from iamflow.domain.rules import ReportedUser
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.engine import intake, runner
from iamflow.engine.deps import Engine
from iamflow.engine.ports import ScanInfo
from iamflow.engine.steer import Desk
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.settings import SandboxSettings
from iamflow.sandbox.world import Mutation
from iamflow.store.migrate import upgrade
from tests.memory import in_memory

START = datetime(2026, 11, 24, 0, 11, 11, tzinfo=UTC)
ACCOUNT = AccountId("562458925665")
OTHER = AccountId("328251269083")
KEY = KeyId("AKIAYF5JKDJQS3LDLOIV")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ALICE, BOB = Identity(os="alice"), Identity(os="bob")

on_both = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
"""Lets a test live in a world on each database."""
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""Lets a test live in a world on PostgreSQL alone."""

CONFIG = """
mode: enforce
sandbox: true
database: {url: "sqlite:///iamflow.db"}
aws: {endpoint_url: "ENDPOINT", trail_lookups_per_second: 50, regions: [us-east-1, eu-west-1]}
accounts:
  enforce: all
  contacts: {"562458925665": payments@example.com, "328251269083": development@example.com}
notify: {channels: [file], sender: iamflow@example.com, team: security@example.com}
limits: {per_account_per_day: 1000, percent_of_users: 100}
timing: {poll: 8h, retry: {base: 2m}}
rules: {open: {console-without-mfa: none, user-unused: none}}
EXTRA
"""


EVERY_REGION = "aws: {trail_lookups_per_second: 50}"
"""Settings of a world in which every enabled region is searched; elsewhere two stand for them, which is much quicker."""


@dataclass
class Listed:
    """A report made of findings, as a source would give it."""

    rows_: list[Finding]
    info: ScanInfo = field(
        default_factory=lambda: ScanInfo(source="test.csv", as_of=START, sha256="0" * 64, started_at=START)
    )

    @property
    def rows(self) -> int:
        return len(self.rows_)

    def keys(self) -> Iterator["ListedKey"]:
        return (ListedKey(item) for item in self.rows_ if item.key_id is not None)

    @property
    def users_by_keys(self) -> bool:
        return True

    def users(self) -> Iterator[ReportedUser]:
        return iter(())

    def leads(self) -> Iterator[Lead]:
        return iter(())

    def roots(self) -> Iterator[Finding]:
        return (item for item in self.rows_ if item.key_id is None)


@dataclass
class ListedKey:
    """A row of it."""

    says: Finding

    @property
    def key_id(self) -> KeyId:
        assert self.says.key_id is not None
        return self.says.key_id

    @property
    def created_at(self) -> datetime:
        return self.says.key_facts.created_at

    @property
    def account_id(self) -> AccountId:
        return self.says.account_id

    @property
    def username(self) -> UserName:
        return UserName(self.says.username)

    @property
    def console(self) -> bool:
        return self.says.console

    @property
    def mfa(self) -> bool:
        return self.says.mfa != "None"

    def finding(self) -> Finding:
        return self.says

    def password_last_used(self) -> datetime | None:
        return self.says.password_last_used

    def last_used(self) -> datetime | None:
        return self.says.key_facts.last_use.at


@dataclass
class World:
    """Everything that a test reaches for."""

    sandbox: Sandbox
    app: Application
    clock: VirtualClock
    folder: Path
    engine: Engine

    def user(self, name: str = "etl", account: AccountId = ACCOUNT, **more: object) -> None:
        """Make a user."""
        self.sandbox.seed.user(account, name, created=START - 400 * DAY, **more)  # type: ignore[arg-type]  # the seed's own options

    def key(
        self,
        key_id: KeyId = KEY,
        name: str = "etl",
        account: AccountId = ACCOUNT,
        *,
        age: timedelta = 300 * DAY,
        idle: timedelta | None = 200 * DAY,
    ) -> Finding:
        """Make a key of an existing user, and the finding that an audit would report about it."""
        created, used = START - age, START - idle if idle is not None else None
        self.sandbox.seed.key(account, name, key_id, created=created, last_used=used, service="s3", region="us-east-1")
        return finding(key_id, name, account, created=created, used=used)

    def take_in(self, *findings: Finding, as_of: datetime = START) -> intake.Intake:
        """Import findings."""
        report = Listed([replace(item, facts=replace(item.facts, as_of=as_of)) for item in findings])
        return intake.import_report(self.desk(), report)

    def desk(self, person: Identity = BOB) -> Desk:
        """Return the desk with this person sitting at it."""
        return replace(self.app.desk(), person=person)

    def tick(self, engine: Engine | None = None) -> runner.TickReport:
        """Do whatever is due now."""
        used = engine or self.engine
        runner.begin(used)
        return self.app.run_tick(used)

    def pass_days(self, days: float, *, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass as a daemon lives it: from one due date to the next."""
        end = self.clock.now() + timedelta(days=days)
        self.tick()
        while not until():
            due = self.app.store.next_due()
            if due is None or due > end:
                break
            self.clock.set(max(due, self.clock.now() + timedelta(seconds=1)))
            self.tick()
        if not until():
            self.clock.set(max(end, self.clock.now()))
            self.tick()

    def pass_until(self, state: State, ref: str = KEY, days: float = 30) -> Ticket:
        """Let time pass until the ticket stands there; fail if it never does."""
        self.pass_days(days, until=lambda: self.ticket(ref).state is state)
        ticket = self.ticket(ref)
        assert ticket.state is state, (ticket.state, ticket.blocked_reason, ticket.progress.waiting_for)
        return ticket

    def ticket(self, ref: str = KEY) -> Ticket:
        """Return the ticket."""
        return self.app.store.ticket(ref)

    def status(self, key_id: str = KEY, account: str = ACCOUNT) -> str | None:
        """Return what AWS says of the key; None when it is gone."""
        return self.sandbox.key_status(account, key_id)

    def changes(self) -> list[Mutation]:
        """Return what iamflow did to AWS, by AWS's own account."""
        return [done for done in self.sandbox.mutations() if done.role_name == "iamflow" and done.error is None]

    def calls_made(self) -> list[str]:
        """Return the changing calls that succeeded, with the new status."""
        return [f"{done.operation} {done.parameters.get('status', '')}".strip() for done in self.changes()]

    def mails(self) -> list[str]:
        """Return the text of every mail that went out, oldest first."""
        files = sorted((self.folder / "mails").glob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name))
        return [file.read_text(encoding="utf-8", errors="replace") for file in files]

    @property
    def on_postgresql(self) -> bool:
        """Whether this world's database is PostgreSQL, where several engines may work and leases tell them apart."""
        return self.app.settings.database_url.startswith("postgresql")

    def another_engine(self, **changed: object) -> Engine:
        """Return an engine that differs in something."""
        return replace(self.engine, **changed)  # type: ignore[arg-type]  # the test's own choice


def finding(
    key_id: KeyId, name: str, account: AccountId, *, created: datetime, used: datetime | None, active: bool = True
) -> Finding:
    """Build what an audit would report."""
    status = KeyStatus.ACTIVE if active else KeyStatus.INACTIVE
    facts = KeyFacts(
        status=status, created_at=created, last_use=LastUse(at=used), as_of=START, source="iam-audit:test.csv"
    )
    return Finding(account_id=account, account_name="payments", username=name, key_id=key_id, facts=facts)


@contextmanager
def a_world(
    folder: Path, extra: str = "", settings: SandboxSettings | None = None, database: str | None = None
) -> Iterator[World]:
    """Make a world in a folder. ``extra`` is more YAML; a section in it replaces the one above.

    ``database`` is the URL of a PostgreSQL database that the migrations have been run on; None makes a SQLite file.
    """
    clock = VirtualClock(START)
    with ExitStack() as stack:
        sandbox = stack.enter_context(
            Sandbox(clock=clock, settings=settings or SandboxSettings(lookups_per_second=10_000))
        )
        before = dict(os.environ)
        stack.callback(_restore, before)
        os.environ.update(sandbox.environment())
        for account, name in ((ACCOUNT, "payments"), (OTHER, "development")):
            sandbox.seed.account(account, name)
        config = folder / "config.yaml"
        own_database = database is None and "database:" not in extra
        if database is not None:
            extra = f'{extra}\ndatabase: {{url: "{database}"}}\n'
        if own_database:
            (folder / "iamflow.db").write_bytes(_migrated())
            (folder / "iamflow.db").chmod(0o600)
        if database is not None or own_database:
            write_journal_key(folder / "journal.key")  # `db upgrade` makes it for a new database; this one is a copy
        config.write_text(_merged(CONFIG.replace("ENDPOINT", sandbox.endpoint_url), extra), encoding="utf-8")
        app = stack.enter_context(application(config, writer="test", clock=clock))
        app.migrate()
        yield World(sandbox=sandbox, app=app, clock=clock, folder=folder, engine=app.engine())


@cache
def _migrated() -> bytes:
    """Return an SQLite file as the migrations leave it. They are run once for each process: each world begins with a copy."""
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder:
        file = Path(folder) / "template.db"
        upgrade(f"sqlite:///{file}")
        return file.read_bytes()


def _merged(text: str, extra: str) -> str:
    sections = {line.split(":")[0] for line in extra.splitlines() if line[:1].isalpha()}
    kept, keep = [], True
    for line in text.splitlines():
        if line[:1].isalpha():
            keep = line.split(":")[0] not in sections
        if keep and line != "EXTRA":
            kept.append(line)
    return "\n".join(kept) + "\n" + extra


def _restore(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)
