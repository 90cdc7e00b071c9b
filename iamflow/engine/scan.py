"""The live scan: every account is looked through, several at once, and taken in like a report.

An account that cannot be looked through is itself a result. Nothing about it is taken for clean: what is known of it stays.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Protocol

from iamflow.domain.accounts import MemberAccount
from iamflow.domain.errors import BlockedError, IamflowError
from iamflow.domain.facts import Finding
from iamflow.domain.ids import KeyId
from iamflow.domain.people import RULES
from iamflow.domain.rules import ReportedUser
from iamflow.domain.scope import AccountScope
from iamflow.engine import accounts
from iamflow.engine.deps import Engine
from iamflow.engine.intake import Intake, import_report
from iamflow.engine.live_report import LiveReport, Terms, look_through
from iamflow.engine.ports import Cloud
from iamflow.engine.steer import Desk

JOB = "scan"
"""The job's name among the scheduled runs; its slot is the time (UTC) from which on it is due."""


class Result(StrEnum):
    """What became of one account."""

    SCANNED = "scanned"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It cannot be entered: suspended, or closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountScan:
    """One account of a scan."""

    account: MemberAccount
    result: Result
    reason: str | None = None
    """Why it failed or was skipped, and what to do."""
    generated_at: datetime | None = None
    """When AWS made the credential report (UTC)."""
    users: int = 0
    """Users of the account, the root user not counted."""
    flagged: int = 0
    """Users of whom some rule finds something."""
    intake: Intake = field(default_factory=Intake)


class Recorder(Protocol):
    """Keeps what was seen of an account, for a report file."""

    def add(self, people: Iterable[tuple[ReportedUser, Sequence[Finding]]], root: Finding | None) -> None:
        """Write down the users of one account, each with the keys, and its root user."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """How a scan is done."""

    desk: Desk
    cloud: Cloud
    workers: int
    """How many accounts are looked through at once."""
    dry_run: bool = False
    recorder: Recorder | None = None
    progress: Callable[[int, int], None] = lambda _done, _total: None
    stopping: Callable[[], bool] = lambda: False
    broken_off: Callable[[], None] = lambda: None
    """Called where the scan ends before its time (Ctrl-C, a lost database), so that the waits of its threads end too."""

    def run(self, selection: accounts.Selection) -> list[AccountScan]:
        """Look through every chosen account, and return what became of each, by id.

        ``progress`` is told how many are done, of how many. Once ``stopping`` says so, no further account is begun, and those
        that are left are no results. Raises what the database raises.
        """
        found = [_skipped(account) for account in selection.skipped]
        desk = replace(self.desk, policy=replace(self.desk.policy, scope=selection.scope))
        for one in self._each(desk, selection.chosen):
            found.append(one)
            self.progress(len(found) - len(selection.skipped), len(selection.chosen))
        return sorted(found, key=lambda one: one.account.account_id)

    def _each(self, desk: Desk, chosen: Sequence[MemberAccount]) -> Iterator[AccountScan]:
        """Yield accounts as they are done. No more of them are kept in memory than are looked through at once."""
        waiting = iter(chosen)
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="scan") as pool:
            running = {self._begin(desk, pool, account): account for account in islice(waiting, self.workers)}
            try:
                while running:
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield self._ended(desk, running.pop(future), future)
                        following = None if self.stopping() else next(waiting, None)
                        if following is not None:
                            running[self._begin(desk, pool, following)] = following
            except BaseException:
                self.broken_off()
                raise

    def _begin(self, desk: Desk, pool: ThreadPoolExecutor, account: MemberAccount) -> "Future[LiveReport]":
        terms = Terms(
            policy=desk.policy,
            now=desk.clock.now(),
            known=self._known(account),
            every_key=self.recorder is not None,
        )

        def look() -> LiveReport:
            with self.cloud.survey(account.account_id) as survey:
                return look_through(survey, account, terms)

        return pool.submit(look)

    def _known(self, account: MemberAccount) -> dict[str, list[tuple[KeyId, datetime]]]:
        found: dict[str, list[tuple[KeyId, datetime]]] = {}
        for stored in self.desk.store.findings(account=account.account_id):
            finding = stored.finding
            if finding.key_id is not None:
                found.setdefault(finding.username, []).append((finding.key_id, finding.key_facts.created_at))
        return found

    def _ended(self, desk: Desk, account: MemberAccount, future: "Future[LiveReport]") -> AccountScan:
        try:
            live = future.result()
        except Exception as error:  # noqa: BLE001 - one account's trouble must not hold up the others
            return AccountScan(account=account, result=Result.FAILED, reason=_remedy(account, error))
        intake = import_report(desk, live, dry_run=self.dry_run)
        if self.recorder is not None:
            self.recorder.add(
                ((person.user, [key.finding() for key in person.keys]) for person in live.people), live.root
            )
        return AccountScan(
            account=account,
            result=Result.SCANNED,
            generated_at=live.info.as_of,
            users=len(live.people),
            flagged=live.flagged,
            intake=intake,
        )


def _skipped(account: MemberAccount) -> AccountScan:
    reason = f"its state is {account.state}: nobody can sign in to it"
    return AccountScan(account=account, result=Result.SKIPPED, reason=reason)


def _remedy(account: MemberAccount, error: Exception) -> str:
    """Return what went wrong with what to do about it, which what needs a person says already."""
    again = f"iamflow scan --account {account.account_id}"
    match error:
        case BlockedError():
            return str(error)
        case IamflowError():
            return f"{error}; scan it again later: {again}"
        case _:
            return f"unexpected {type(error).__name__}: a mistake in iamflow; the other accounts go on"


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """When the daemon scans by itself, and which accounts the settings choose; patterns are held against each new list."""

    every: timedelta
    scope: AccountScope


def scan_when_due(engine: Engine, schedule: Schedule, *, stopping: Callable[[], bool]) -> list[AccountScan] | None:
    """Scan every account, unless some daemon has done so in this slot already: then return None.

    A slot is as long as ``every``, counted from the year 1970 on, so that all daemons agree about it. Raises what
    ``accounts.select`` does, and what the database raises.
    """
    now, length = engine.now(), schedule.every.total_seconds()
    slot = datetime.fromtimestamp(now.timestamp() // length * length, UTC)
    if not engine.store.claim_run(JOB, f"{slot:%Y-%m-%dT%H:%M:%SZ}", engine.instance, now):
        return None
    selection = accounts.select(engine.cloud, schedule.scope, (), engine.store.accounts())
    desk = Desk(store=engine.store, clock=engine.clock, policy=engine.policy, person=RULES)
    return Scan(desk=desk, cloud=engine.cloud, workers=engine.workers, stopping=stopping).run(selection)
