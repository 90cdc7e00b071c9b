"""Removes what the settings say is not to be kept any longer, in batches that hold up nobody."""

from collections.abc import Callable, Mapping, Sequence

from iamflow.domain.retention import Removable, Removal, Removed, Retention
from iamflow.engine.deps import Engine
from iamflow.engine.ports import RetentionStore

JOB = "retention"
"""The job's name among the scheduled runs; its slot is the day (UTC)."""

BATCH = 100
"""Tickets a transaction."""


def removable(store: RetentionStore, removals: Sequence[Removal]) -> Mapping[Removable, Removed]:
    """Return how much these removals would remove now."""
    return {removal.what: store.removable(removal) for removal in removals}


def prune(
    store: RetentionStore, removals: Sequence[Removal], *, stopping: Callable[[], bool] = lambda: False
) -> Mapping[Removable, Removed]:
    """Remove batch by batch until nothing is left or ``stopping`` says so, and return how much was removed."""
    done = dict.fromkeys((removal.what for removal in removals), Removed())
    for removal in removals:
        while not stopping():
            batch = store.remove(removal, limit=BATCH)
            done[removal.what] += batch
            if batch.tickets < BATCH:
                break
    return done


def prune_daily(engine: Engine, kept: Retention, *, stopping: Callable[[], bool]) -> Mapping[Removable, Removed]:
    """Prune, unless some daemon has done so today (UTC) already; then nothing is removed."""
    now = engine.now()
    removals = kept.removals(by="daemon", now=now)
    if not removals or not engine.store.claim_run(JOB, f"{now:%Y-%m-%d}", engine.instance, now):
        return {}
    return prune(engine.store, removals, stopping=stopping)
