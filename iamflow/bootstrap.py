"""The composition root: the only place that names concrete adapters.

Everything is made when it is first asked for, and imported then, so that a command pays only for what it uses.
"""

import os
import random
import secrets
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from iamflow.domain.clock import Clock
from iamflow.domain.errors import ConfigError, IamflowError
from iamflow.domain.people import Identity, iam_user
from iamflow.domain.policy import Policy
from iamflow.engine.clock import SystemClock

if TYPE_CHECKING:
    from iamflow.aws.cloud import AwsCloud
    from iamflow.aws.reports import Copied
    from iamflow.aws.settings import TrailBucket
    from iamflow.config import Settings
    from iamflow.domain.ids import AccountId
    from iamflow.domain.retention import Removable, Removed
    from iamflow.engine.accounts import Selection
    from iamflow.engine.deps import Engine
    from iamflow.engine.follow_up import Followed
    from iamflow.engine.hub import Teller
    from iamflow.engine.ports import Channel, Cloud, FileReport, JournalFault, Store
    from iamflow.engine.runner import TickReport
    from iamflow.engine.scan import AccountScan, Schedule
    from iamflow.engine.steer import Desk
    from iamflow.notify.file import FileChannel
    from iamflow.notify.smtp import SmtpChannel
    from iamflow.report.audit_files import AuditFiles
    from iamflow.store.archive import Header
    from iamflow.store.backup import Progress
    from iamflow.store.binding import Binding
    from iamflow.store.health import SqliteHealth
    from iamflow.store.open import SqlStore
    from iamflow.store.server_health import ServerHealth


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """What a scan came to."""

    accounts: "Sequence[AccountScan]"
    files: Sequence[str] = ()
    """Where the report files are, if they were wanted."""
    problem: Exception | None = None
    """Why they are not there."""


@contextmanager
def application(config: Path | None, writer: str = "cli", clock: Clock | None = None) -> Iterator["Application"]:
    """Read the settings and offer the application; whatever was opened is closed at the end. Raises ``ConfigError``."""
    from iamflow.config import load

    with ExitStack() as stack:
        yield Application(load(config), writer, clock, stack)


class Application:
    """iamflow, put together from the settings."""

    def __init__(self, settings: "Settings", writer: str, clock: Clock | None, stack: ExitStack) -> None:
        """Keep what is needed to make the parts; make none yet."""
        self.settings = settings
        self.stop = threading.Event()
        self.clock: Clock = clock or SystemClock(self.stop)
        self._writer = writer
        self._stack = stack

    @cached_property
    def policy(self) -> Policy:
        """The settings that rules and guards depend on; iamflow's own IAM user and approvers who are one are protected."""
        policy = self.settings.policy()
        own = {user for arn in (self._principal, *(policy.approvers or ())) if (user := iam_user(arn)) is not None}
        return replace(policy, protection=replace(policy.protection, own_usernames=tuple(sorted(own))))

    @cached_property
    def instance(self) -> str:
        """The name of this process in leases, sessions and the journal; never the same twice."""
        host = "".join(letter for letter in socket.gethostname() if letter.isalnum() or letter == "-")[:24]
        return f"{self._writer}-{host}-{os.getpid()}-{secrets.token_hex(3)}"

    @property
    def store(self) -> "Store":
        """The database. Raises ``SchemaError`` where it does not fit this program."""
        return self._store

    @cached_property
    def _store(self) -> "SqlStore":
        from iamflow.store.open import open_store

        store = open_store(
            self.settings.database_url,
            key=self._journal_key(),
            writer=self.instance,
            channels=tuple(self.settings.notify.channels),
            clock=self.clock,
            binding=self._binding(),
        )
        self._stack.callback(store.close)
        return store

    @property
    def cloud(self) -> "Cloud":
        """AWS, as the settings reach it. Raises ``ConfigError`` for an endpoint that is not AWS's outside the sandbox."""
        return self._aws

    @cached_property
    def _aws(self) -> "AwsCloud":
        from iamflow.aws.cloud import open_cloud
        from iamflow.aws.settings import AwsSettings
        from iamflow.domain.ids import Region

        aws = self.settings.aws
        settings = AwsSettings(
            role_name=aws.role_name,
            external_id=aws.external_id,
            profiles=aws.profiles,
            endpoint_url=aws.endpoint_url,
            regions="enabled" if aws.regions == "enabled" else tuple(Region(name) for name in aws.regions),
            regions_excused={Region(name): reason for name, reason in aws.regions_excused.items()},
            trail_lookups_per_second=aws.trail_lookups_per_second,
            trail_bucket=self.trail_bucket,
            instance=socket.gethostname()[:16],
            sandbox=self.settings.sandbox,
        )
        cloud = open_cloud(settings, self.clock)
        self._stack.callback(cloud.close)
        return cloud

    @property
    def trail_bucket(self) -> "TrailBucket | None":
        """The bucket that CloudTrail's events are read from; None where LookupEvents is asked."""
        from iamflow.aws.settings import TrailBucket

        chosen = self.settings.aws.trail.s3
        if chosen is None:
            return None
        return TrailBucket(
            bucket=chosen.bucket,
            region=chosen.region,
            prefix=chosen.prefix,
            organization=chosen.organization,
            account_id=chosen.account,
        )

    @cached_property
    def channels(self) -> Mapping[str, "Channel"]:
        """The ways to reach people, by name."""
        return _Channels(tuple(self.settings.notify.channels), self._channel)

    def _channel(self, name: str) -> "FileChannel | SmtpChannel":
        from iamflow.config.host import mail_host
        from iamflow.notify.file import FileChannel
        from iamflow.notify.smtp import SmtpChannel, SmtpSettings

        notify = self.settings.notify
        if name == "file":
            return FileChannel(self.settings.path(notify.file.folder), notify.sender, self.clock)
        password = notify.smtp.password
        settings = SmtpSettings(
            host=notify.smtp.host,
            port=notify.smtp.port,
            sender=notify.sender or f"iamflow@{mail_host()}",
            starttls=notify.smtp.starttls,
            username=notify.smtp.username,
            password=partial(password.read, self.settings.base, self._secret) if password is not None else None,
        )
        return SmtpChannel(settings, self.clock)

    def open_report(
        self,
        path: Path,
        format_name: str = "auto",
        progress: Callable[[int, int], None] | None = None,
        *,
        label: str | None = None,
    ) -> "FileReport":
        """Validate a file of findings whole; ``label`` is what a copy is called. Raises ``InputError`` with row and reason."""
        from iamflow.sources import open_report

        return open_report(path, format_name, progress, now=self.clock.now(), label=label)

    def copy_report(self, url: str, progress: Callable[[int, int], None]) -> "Copied":
        """Copy the newest report under a place in S3 to this host; the copy goes when the command ends."""
        from iamflow.sources import format_in

        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="iamflow-")))
        return self._aws.copy_report(url, folder, lambda path: format_in(path) is not None, progress)

    def follow_leads(self, progress: Callable[[int], None], *, limit: int) -> "Followed":
        """Look into what waits for a reading of AWS; where AWS is out of reach, it waits on and says why."""
        from iamflow.engine.follow_up import follow_up, keep_waiting

        try:
            self._aws.require_credentials()
        except ConfigError as error:
            return keep_waiting(self.desk(), str(error))
        return follow_up(self.intake_desk(), self.cloud, limit=limit, progress=progress)

    # --- people -----------------------------------------------------------------------------------------------------

    def desk(self) -> "Desk":
        """Return what steering needs, with the person who runs this command."""
        from iamflow.engine.steer import Desk

        return Desk(store=self.store, clock=self.clock, policy=self.policy, person=self.person)

    def intake_desk(self) -> "Desk":
        """Return what taking findings in needs: as ``desk``, with ids in the place of patterns for accounts.

        Raises what asking the organisation does, where the settings have such patterns.
        """
        return replace(self.desk(), policy=self.policy_by_ids)

    @cached_property
    def person(self) -> Identity:
        """The person who runs this command: the kernel's login user, and whom AWS's credentials stand for, if any."""
        from iamflow.config.host import login_user

        wanted = self.settings.approvers.identity
        return Identity(
            os=login_user() if "os" in wanted else None,
            sts=self._principal if "sts" in wanted else None,
        )

    @cached_property
    def _principal(self) -> str | None:
        from iamflow.config.host import credentials_at_hand

        if not credentials_at_hand():
            return None
        try:
            return self.cloud.caller().sts
        except IamflowError:
            return None

    # --- the engine -------------------------------------------------------------------------------------------------

    def engine(self, *, acts: bool = False) -> "Engine":
        """Return the engine of this process.

        Where the settings choose accounts by patterns, the organisation is asked which these are. One that ``acts`` is not made
        without its answer (``BlockedError``, ``TemporaryError``); any other one then takes no new step anywhere, and gives back
        whatever it is told to.
        """
        from iamflow.engine.deps import Engine

        daemon = self.settings.daemon
        try:
            policy = self.policy_by_ids
        except IamflowError:
            if acts:
                raise
            policy = self.policy
        return Engine(
            store=self.store,
            cloud=self.cloud,
            clock=self.clock,
            policy=policy,
            instance=self.instance,
            rng=random.Random(self.instance),
            workers=daemon.workers,
            batch=daemon.batch,
            lease=daemon.lease,
        )

    @cached_property
    def policy_by_ids(self) -> Policy:
        """The settings with ids in the place of patterns for accounts. Raises what asking the organisation for them does."""
        from iamflow.engine.accounts import resolved_policy

        return resolved_policy(self.cloud, self.policy) if self.policy.scope.patterns else self.policy

    def _schedule(self) -> "Schedule | None":
        from iamflow.engine.scan import Schedule

        every = self.settings.scan.every
        return Schedule(every=every, scope=self.policy.scope) if every is not None else None

    # --- the live scan ----------------------------------------------------------------------------------------------

    def select_accounts(self, only: "Sequence[AccountId]") -> "Selection":
        """Return the accounts that a scan looks through; see ``iamflow.engine.accounts.select``."""
        from iamflow.engine.accounts import select

        self._aws.require_credentials()
        return select(self.cloud, self.policy.scope, only, self.store.accounts())

    def scan(
        self,
        selection: "Selection",
        *,
        dry_run: bool,
        report: str | None,
        progress: Callable[[int, int], None],
    ) -> "Scanned":
        """Look through these accounts, and leave report files where they are wanted.

        ``report`` is a folder, or ``s3://bucket/prefix``. Raises ``InputError`` or ``ConfigError``, before anything is looked
        through, where nothing can be written there.
        """
        from iamflow.engine.scan import Scan

        with ExitStack() as stack:
            files = None if report is None else stack.enter_context(self._audit_files(report))
            scan = Scan(
                desk=self.desk(),
                cloud=self.cloud,
                workers=self.settings.daemon.workers,
                dry_run=dry_run,
                recorder=files,
                progress=progress,
                broken_off=self.stop.set,
            )
            found = scan.run(selection)
            try:
                return Scanned(accounts=found, files=() if files is None else files.deliver())
            except (IamflowError, OSError) as error:
                # What was scanned is stored by now, and is to be told.
                return Scanned(accounts=found, problem=error)

    def _audit_files(self, report: str) -> "AbstractContextManager[AuditFiles]":
        from iamflow.report.audit_files import audit_files

        return audit_files(report, self.clock.now(), self.cloud.put_object)

    @contextmanager
    def engine_lock(self) -> Iterator[bool]:
        """Hold the right to be the engine; False where another process has it (on SQLite, one at a time)."""
        from iamflow.store.lock import EngineLock

        with EngineLock(self.settings.database_url, self.instance).acquire() as held:
            if held and self.settings.database_url.startswith("sqlite"):
                # The lock proves that every other holder is dead: what they held is ours at once.
                self.store.take_over(self.instance)
            yield held

    def run_tick(self, engine: "Engine") -> "TickReport":
        """Advance whatever is due with this engine, and send what is waiting."""
        from iamflow.engine.outbox import deliver
        from iamflow.engine.runner import tick

        return tick(engine, lambda: deliver(engine, self.channels), stopping=self.stop.is_set)

    def tick(self) -> "TickReport | None":
        """Do one tick as an engine of its own; None where another engine is at work."""
        from iamflow.engine.follow_up import follow_due
        from iamflow.engine.runner import begin

        with self.engine_lock() as held:
            if not held:
                return None
            self._aws.require_credentials()
            engine = self.engine(acts=True)
            begin(engine)
            report = self.run_tick(engine)
            follow_due(engine)
            if self.policy.security_hub.enabled:
                self.teller().tell(stopping=self.stop.is_set)
            return report

    def run_daemon(self) -> int:
        """Run until told to stop; return the exit code. Raises ``ConfigError`` where another engine is at work."""
        from iamflow.daemon.logs import configure
        from iamflow.daemon.supervisor import Rhythm, Supervisor

        configure(self.settings.daemon.log_level)
        with self.engine_lock() as held:
            if not held:
                message = "another engine works on this database already: iamflow daemon status"
                raise ConfigError(message)
            self._aws.require_credentials()
            rhythm = Rhythm(advance=self.settings.daemon.interval, scan=self._schedule())
            engine = self.engine(acts=True)
            teller = self.teller() if self.policy.security_hub.enabled else None
            return Supervisor(engine, self.channels, rhythm, self.settings.kept(), self.stop, teller).run()

    def teller(self) -> "Teller":
        """Return what tells Security Hub how tickets stand. Raises ``ConfigError`` where the settings do not want it told."""
        from iamflow.engine.hub import Teller

        if not self.policy.security_hub.enabled:
            message = "Security Hub is not to be told: set security_hub.enabled: true (docs/how-to/security-hub.md)"
            raise ConfigError(message)
        return Teller(self.engine(), self._aws.security_hub(self.settings.security_hub.region))

    def prune(self, *, dry_run: bool) -> "Mapping[Removable, Removed]":
        """Remove what the settings keep no longer, in this person's name, or only say how much that is."""
        from iamflow.engine import retention

        removals = self.settings.kept().removals(by=str(self.person), now=self.clock.now())
        return retention.removable(self.store, removals) if dry_run else retention.prune(self.store, removals)

    # --- set-up -----------------------------------------------------------------------------------------------------

    def migrate(self) -> str:
        """Bring the database to this program's schema, make it if it is not there, and return the revision."""
        from iamflow.store import binding, migrate

        url = self.settings.database_url
        if self.schema_current() is None:
            self._make_journal_key()
        key = self._journal_key()
        revision = migrate.upgrade(url)
        # Binds a new database, or one whose making was cut off; one that is bound must be bound to just this.
        binding.create(url, self._binding(), key=key, clock=self.clock)
        return revision

    def _secret(self, secret_id: str) -> str:
        return self._aws.secret(secret_id)

    def _binding(self) -> "Binding":
        from iamflow.store.binding import Binding

        return Binding(sandbox=self.settings.sandbox)

    def schema_current(self) -> str | None:
        """Return the revision of the database's schema, None where there is no database yet."""
        from iamflow.store import migrate

        return migrate.current(self.settings.database_url)

    def schema_check(self) -> Sequence[str]:
        """Return how the database differs from what this program was written for."""
        from iamflow.store import migrate

        return migrate.check(self.settings.database_url)

    def _journal_key(self) -> bytes:
        file = self.settings.journal.key.file
        if file is not None and not self.settings.path(file).exists():
            message = (
                f"there is no journal key {self.settings.path(file)}: new here? iamflow init, then iamflow db upgrade"
            )
            raise ConfigError(message)
        text = self.settings.journal.key.read(self.settings.base, self._secret)
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = text.encode()
        if len(key) < 32:  # noqa: PLR2004 - bytes; as long as the hash that it keys
            message = "the journal's key is too short: it takes 32 bytes, written as 64 hexadecimal digits"
            raise ConfigError(message)
        return key

    def _make_journal_key(self) -> None:
        """Write the key of a new database's journal, unless it is there or comes from elsewhere."""
        file = self.settings.journal.key.file
        if file is not None and not self.settings.path(file).exists():
            from iamflow.config.initial import write_journal_key

            write_journal_key(self.settings.path(file))

    def backup(self, file: Path, progress: "Progress", *, overwrite: bool) -> "Header":
        """Write all that the database holds now to one file. Raises ``InputError`` where that cannot be written."""
        from iamflow.store.backup import backup

        return backup(self._store, file, progress, overwrite=overwrite)

    def restore(self, file: Path, progress: "Progress") -> "Header":
        """Put a backup into this empty database, and freeze it.

        Raises ``InputError`` for a file that is no whole backup that fits, and ``ConfigError`` for a database that is in use.
        """
        from iamflow.store.restore import restore

        with self.engine_lock() as held:
            if not held:
                message = "an engine works on this database: stop it first (iamflow daemon status)"
                raise ConfigError(message)
            return restore(self._store, file, str(self.person), progress)

    # --- examination ------------------------------------------------------------------------------------------------

    @property
    def aws(self) -> "AwsCloud":
        """AWS, with what is asked of it about this host and about set-up. Raises ``ConfigError`` as ``cloud`` does."""
        return self._aws

    def schema_wanted(self) -> str:
        """Return the revision of the schema that this program was written for."""
        from iamflow.store.schema import REVISION

        return REVISION

    def sqlite_health(self) -> "SqliteHealth | None":
        """Return how the SQLite file fares, None for another database. Raises ``SchemaError`` where there is no such file."""
        from iamflow.store.health import sqlite_health

        return sqlite_health(self.settings.database_url)

    def server_health(self, lingering: timedelta) -> "ServerHealth | None":
        """Return how the PostgreSQL server fares, None for another database; transactions older than this are told of."""
        from iamflow.store.server_health import server_health

        return server_health(self.settings.database_url, lingering=lingering)

    def check_journal_key(self) -> None:
        """Read the journal's key. Raises ``ConfigError`` where it cannot be had, or others may read it."""
        self._journal_key()

    def check_binding(self) -> None:
        """Hold the journal's key and the settings against what the database is bound to. Raises ``SchemaError``."""
        from iamflow.store import binding

        binding.check(self.settings.database_url, self._binding(), key=self._journal_key())

    def journal_faults(self, *, full: bool) -> "Sequence[JournalFault]":
        """Check the journal: the whole of it, or its newest checkpoint and the events which that names."""
        return self._store.verify() if full else self._store.verify_newest()

    def try_channel(self, name: str) -> None:
        """Do all that sending a notice through this channel takes, except sending one. Raises what sending raises."""
        self._channel(name).probe()

    # --- permissions ------------------------------------------------------------------------------------------------

    def permissions(self, workflows: Sequence[str] | None, role: str | None) -> Mapping[str, object]:
        """Return the least IAM policy for these workflows (all, if None) and this role (all that is needed, if None)."""
        from iamflow.aws.permissions import policy_document
        from iamflow.aws.roles import Role
        from iamflow.aws.scan_permissions import scan_reads
        from iamflow.workflows.registry import WORKFLOWS, current

        chosen = [current(name) for name in workflows] if workflows else WORKFLOWS
        policy = self.settings.policy()
        effects = {effect for workflow in chosen for effect in workflow.used(policy)}
        wanted = Role(role) if role is not None else None
        return policy_document(
            effects,
            wanted,
            sink=policy.rotate_key.sink,
            scans=scan_reads(policy.scope),
            trail=self.trail_bucket,
            hub=policy.security_hub.enabled,
        )

    def close(self) -> None:
        """Close what was opened."""
        self._stack.close()


class _Channels(Mapping[str, "Channel"]):
    """The configured channels, each made when it is first used: whoever only observes needs no mail server."""

    def __init__(self, names: tuple[str, ...], make: Callable[[str], "Channel"]) -> None:
        self._names = names
        self._make = make
        self._made: dict[str, Channel] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> "Channel":
        if name not in self._names:
            raise KeyError(name)
        with self._lock:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
