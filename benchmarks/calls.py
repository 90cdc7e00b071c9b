"""The AWS calls of one key's whole life, as the simulated AWS counts them, against 3 R + 20."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.stage import CHANNELS, DAY, START, findings, open_tickets
from iamflow.bootstrap import Application, application
from iamflow.domain.states import Confirmation
from iamflow.engine.advance import advance
from iamflow.engine.outbox import deliver
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.settings import SandboxSettings

CONFIG = """
mode: enforce
sandbox: true
database: {{url: "sqlite:///iamflow.db"}}
aws: {{endpoint_url: "{endpoint}", trail_lookups_per_second: 50}}
accounts: {{enforce: all, contacts: {{"{account}": owner@example.com}}}}
notify: {{channels: [file], sender: iamflow@example.com, team: security@example.com}}
limits: {{per_account_per_day: 1000, percent_of_users: 100}}
timing: {{poll: {poll}}}
rules: {{open: {{console-without-mfa: none, user-unused: none}}}}
"""
_LOOKS = 50
"""More looks than any life takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """What one life took."""

    regions: int
    polls: int
    in_polls: int
    """Calls of the looks that found nothing new while the key was watched, as ``timing.poll`` asks for."""
    by_operation: Counter[str]

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.by_operation.values())

    @property
    def besides_polls(self) -> int:
        """The calls that are not those of the polls that the configuration asked for."""
        return self.total - self.in_polls

    @property
    def bound(self) -> int:
        """3 R + 20."""
        return 3 * self.regions + 20


def one_life(regions: tuple[str, ...], poll: str = "12h") -> Calls:
    """Carry one key from its notice to the confirmed deletion against the simulated AWS, over real HTTP."""
    with _an_application(regions, poll) as (sandbox, app, clock):
        finding = findings(1)[0]
        sandbox.seed.account(finding.account_id, finding.account_name)
        sandbox.seed.user(finding.account_id, finding.username, created=START - 400 * DAY)
        sandbox.seed.key(
            finding.account_id,
            finding.username,
            finding.key_id,
            created=finding.facts.created_at,
            last_used=finding.facts.last_use.at,
            service="s3",
            region="us-east-1",
        )
        open_tickets(app.store, [finding], START)
        polls = _live(app, sandbox, clock)
        counted = Counter[str]()
        for (_, _, service, operation), times in sandbox.calls().items():
            counted[f"{service}:{operation}"] += times
        return Calls(regions=len(regions), polls=len(polls), in_polls=sum(polls), by_operation=counted)


def _live(app: Application, sandbox: Sandbox, clock: VirtualClock) -> list[int]:
    """Carry ticket 1 to its confirmation, and return the calls of each poll on the way."""
    store, engine = app.store, app.engine()
    polls = []
    for _ in range(_LOOKS):
        before, calls = store.ticket("1"), sandbox.calls().total()
        advance(engine)
        deliver(engine, CHANNELS)
        after = store.ticket("1")
        if after.state is before.state and after.key_was_deactivated and not after.ended:
            polls.append(sandbox.calls().total() - calls)
        if after.confirmation is Confirmation.CONFIRMED:
            return polls
        due = store.next_due()
        if due is None:
            break
        clock.set(max(due, clock.now() + timedelta(seconds=1)))
    ticket = store.ticket("1")
    message = f"the benchmark's key was not deleted: {ticket.state}, {ticket.progress.waiting_for}"
    raise AssertionError(message)


@contextmanager
def _an_application(regions: tuple[str, ...], poll: str) -> Iterator[tuple[Sandbox, Application, VirtualClock]]:
    clock = VirtualClock(START)
    before = dict(os.environ)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="iamflow-calls-")))
        settings = SandboxSettings(lookups_per_second=10_000, regions=regions)
        sandbox = stack.enter_context(Sandbox(clock=clock, settings=settings))
        stack.callback(_restore, before)
        os.environ.update(sandbox.environment())
        config = folder / "config.yaml"
        config.write_text(
            CONFIG.format(endpoint=sandbox.endpoint_url, poll=poll, account=findings(1)[0].account_id), encoding="utf-8"
        )
        app = stack.enter_context(application(config, writer="bench", clock=clock))
        app.migrate()
        yield sandbox, app, clock


def _restore(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)
