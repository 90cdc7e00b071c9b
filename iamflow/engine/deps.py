"""What the use cases are made of: the ports, the settings, and the instruments that tests replace."""

import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from iamflow.domain.clock import Clock
from iamflow.domain.exemption import Exemption
from iamflow.domain.policy import Policy
from iamflow.engine.ports import Cloud, CrashPoints, Store
from iamflow.workflows.workflow import Situation

T = TypeVar("T")
R = TypeVar("R")


class NoCrashPoints:
    """Production: named places are passed without notice."""

    def reach(self, name: str) -> None:
        """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Everything that a pass needs. One per process; ``instance`` is its name in leases, sessions and the journal."""

    store: Store
    cloud: Cloud
    clock: Clock
    policy: Policy
    instance: str
    rng: random.Random
    workers: int = 16
    batch: int = 100
    lease: timedelta = timedelta(minutes=5)
    exemptions: tuple[Exemption, ...] | None = None
    """The standing exemptions that run, as read for this batch."""
    crash: CrashPoints = NoCrashPoints()  # noqa: RUF009 - it has no state

    def situation(self) -> Situation:
        """Return the time and the settings, as of now."""
        return Situation(now=self.clock.now(), policy=self.policy, exemptions=self.exemptions)

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return self.clock.now()

    def in_parallel(self, work: Callable[[T], R], items: Iterable[T]) -> Sequence[R]:
        """Do AWS work on each item, ``workers`` at a time, and return the results in order.

        AWS's latency is what a pass waits for, so that threads are enough. No transaction is open meanwhile.
        """
        todo = list(items)
        if len(todo) <= 1:
            return [work(item) for item in todo]
        with ThreadPoolExecutor(max_workers=min(self.workers, len(todo)), thread_name_prefix="aws") as pool:
            return list(pool.map(work, todo))
