"""Runs the engine until told to stop, and then lets it finish what it has begun.

The jobs: advance what is due, send what is waiting, keep the house, look into leads, remove what is kept no longer, and, where
the settings want it, scan every account and tell Security Hub. Each runs at most once at a time, late runs are merged into one,
and none is ever dropped for being late: APScheduler's own default would drop it after a second.
"""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler

from iamflow.daemon.systemd import ServiceManager
from iamflow.domain.errors import IamflowError, SchemaError
from iamflow.domain.retention import Retention
from iamflow.engine import follow_up, retention, runner
from iamflow.engine.clock import SystemClock
from iamflow.engine.deps import Engine
from iamflow.engine.hub import Teller
from iamflow.engine.outbox import Delivery, deliver
from iamflow.engine.ports import Channel
from iamflow.engine.scan import Result, Schedule, scan_when_due

_log = logging.getLogger(__name__)

_LOOK_UP_SECONDS = 0.5
"""How often the main thread looks up from its wait, to see a signal that came at the wrong moment."""

_OLD_LETTER = timedelta(hours=1)
"""A notice that has waited longer is worth a warning: while nobody is told, nothing moves on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rhythm:
    """How often the daemon looks."""

    advance: timedelta
    outbox: timedelta = timedelta(seconds=10)
    housekeeping: timedelta = timedelta(seconds=15)
    leads: timedelta = timedelta(minutes=1)
    retention: timedelta = timedelta(minutes=10)
    """It removes once a day; this is how late after midnight (UTC) at most."""
    scan: Schedule | None = None
    """When it scans, if it does."""
    scan_looks: timedelta = timedelta(minutes=1)


class Supervisor:
    """One daemon process."""

    def __init__(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        rhythm: Rhythm,
        kept: Retention,
        stop: threading.Event,
        teller: Teller | None = None,
    ) -> None:
        """Take the engine to run, how long things are kept, and the event that ends it all (the engine's clock watches it too).

        ``teller`` tells Security Hub; None where it is not to be told.
        """
        self._engine = engine
        self._channels = channels
        self._rhythm = rhythm
        self._kept = kept
        self._pruned_on: date | None = None
        self._stop = stop
        self._teller = teller
        self._manager = ServiceManager()
        self._sending = threading.Lock()
        self._failed: Exception | None = None

    def run(self) -> int:
        """Run until a signal comes; return the exit code. Work that was begun is finished first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._beat()
        runner.begin(self._engine)
        scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for name, job, every in (
            ("advance", self._advance, self._rhythm.advance),
            ("outbox", self._send_between, self._rhythm.outbox),
            ("housekeeping", self._keep_house, self._rhythm.housekeeping),
            ("leads", self._follow_leads, self._rhythm.leads),
            ("retention", self._prune, self._rhythm.retention),
            ("scan", self._scan, self._rhythm.scan_looks),
            ("security-hub", self._tell_hub, self._rhythm.advance),
        ):
            scheduler.add_job(
                self._guarded(name, job),
                "interval",
                seconds=min(every, self._rhythm.advance).total_seconds(),
                id=name,
                # At once, by the clock that the scheduler itself looks at, whichever the engine lives by.
                next_run_time=SystemClock().now(),
            )
        scheduler.start()
        self._manager.ready(f"advancing what falls due, as {self._engine.instance}")
        _log.info("the daemon is running", extra={"instance": self._engine.instance})
        # A signal that arrives between the interpreter's last check and an endless wait would be seen only at the next one.
        while not self._stop.wait(_LOOK_UP_SECONDS):
            continue
        self._manager.stopping()
        scheduler.shutdown(wait=True)
        return self._leave()

    def _leave(self) -> int:
        try:
            self._engine.store.release(self._engine.instance)
            self._beat(stopped=True)
        except IamflowError:
            _log.exception("the leases could not be given up; they run out by themselves")
        _log.info("the daemon has stopped", extra={"instance": self._engine.instance})
        return 1 if self._failed is not None else 0

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        _log.info("told to stop; finishing what was begun", extra={"signal": signal.Signals(number).name})
        self._stop.set()

    def _guarded(self, name: str, job: Callable[[], None]) -> Callable[[], None]:
        """Wrap a job so that a passing fault waits for the next run, and a schema that no longer fits ends the daemon."""

        def run() -> None:
            if self._stop.is_set():
                return
            try:
                job()
            except SchemaError as error:
                _log.exception("the database does not fit this program any more")
                self._failed = error
                self._stop.set()
            except Exception:  # noqa: BLE001 - the next run may well succeed, and a dead daemon watches nothing
                _log.exception("a job failed and will run again", extra={"job": name})

        return run

    def _advance(self) -> None:
        report = runner.tick(self._engine, self._send, stopping=self._got_on)
        self._manager.alive()
        if report.tickets:
            _log.info(
                "advanced",
                extra={"tickets": report.tickets, "moved": report.moved, "effects": report.effects},
            )
        if report.frozen_by_breaker is not None:
            _log.error("frozen by the circuit breaker", extra={"reason": report.frozen_by_breaker})

    def _got_on(self) -> bool:
        """Say before each pass that the last one is done, and whether to stop here."""
        self._manager.alive()
        return self._stop.is_set()

    def _send(self) -> Delivery:
        """Deliver the outbox. Both the ticks and the job between them come here, and a letter must not go out twice."""
        with self._sending:
            return deliver(self._engine, self._channels)

    def _send_between(self) -> None:
        self._send()

    def _tell_hub(self) -> None:
        """Tell Security Hub of what has changed. An account that refuses is named each time that it is tried: once an hour."""
        if self._teller is None:
            return
        telling = self._teller.tell(stopping=self._stop.is_set)
        if telling.sent or telling.said:
            _log.info("told Security Hub", extra={"findings": telling.sent, "standings": telling.said})
        for account, reason in telling.accounts.items():
            _log.warning("an account's Security Hub takes nothing", extra={"account": account, "reason": reason})
        for failure in telling.failures:
            extra = {"ticket": failure.ticket_id, "finding": failure.finding_id, "reason": failure.error}
            _log.warning("Security Hub refused a finding; it will be told again", extra=extra)

    def _keep_house(self) -> None:
        self._beat()
        age = self._engine.store.outbox_age(self._engine.now())
        if age is not None and age > _OLD_LETTER:
            _log.warning("a notice has been waiting", extra={"seconds": age.total_seconds()})

    def _follow_leads(self) -> None:
        """Look into what reports did not tell enough of. Apart from the house's keeping: AWS may take its time."""
        followed = follow_up.follow_due(self._engine)
        if followed.leads:
            extra = {state.value: count for state, count in followed.states.items()}
            _log.info("looked into leads", extra=extra)

    def _prune(self) -> None:
        """Remove what is kept no longer, once a day among all daemons. What a fault leaves goes tomorrow."""
        today = self._engine.now().date()
        if self._pruned_on == today:
            return
        removed = retention.prune_daily(self._engine, self._kept, stopping=self._stop.is_set)
        self._pruned_on = today
        for what, much in removed.items():
            if much.tickets:
                extra = {"what": what.value, "tickets": much.tickets, "events": much.events}
                _log.info("removed what is kept no longer", extra=extra)

    def _scan(self) -> None:
        """Scan every account, once a slot among all daemons. What fails is named, and scanned again in the next slot."""
        schedule = self._rhythm.scan
        if schedule is None:
            return
        found = scan_when_due(self._engine, schedule, stopping=self._stop.is_set)
        if found is None:
            return
        for one in found:
            if one.result is Result.FAILED:
                extra = {"account": one.account.account_id, "reason": one.reason}
                _log.error("an account could not be scanned; what is known of it stays", extra=extra)
        scanned = [one for one in found if one.result is Result.SCANNED]
        opened = sum(one.intake.opened for one in scanned)
        _log.info("scanned", extra={"accounts": len(scanned), "of": len(found), "opened": opened})

    def _beat(self, *, stopped: bool = False) -> None:
        self._engine.store.beat(
            self._engine.instance,
            host=socket.gethostname(),
            pid=os.getpid(),
            at=self._engine.now(),
            stopped=stopped,
        )
