"""How much may be done to an account in 24 hours, and when everything stops (safety rule 9, DESIGN 8.1)."""

import math
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Pace
from iamflow.domain.ids import AccountId
from iamflow.domain.policy import Caps
from iamflow.engine.deps import Engine
from iamflow.engine.ports import Usage

_DAY = timedelta(hours=24)

TAKEN = (EffectKind.DEACTIVATE_KEY, EffectKind.ATTACH_QUARANTINE)
"""What the circuit breaker counts as taking access away: a key's, or a whole user's."""

ROLLBACKS = (EffectKind.REACTIVATE_KEY, EffectKind.LIFT_QUARANTINE)
"""What it counts as giving it back."""


def allowance(caps: Caps, users: int) -> int:
    """Return how many steps of one kind an account of that many users may see in 24 hours."""
    return min(caps.per_account_per_day, max(1, math.ceil(caps.percent_of_users * users / 100)))


class Pacer:
    """Counts what this batch adds to what the journal already holds."""

    def __init__(self, caps: Caps, usage: Mapping[tuple[AccountId, EffectKind], Usage]) -> None:
        """Begin with what was done in the last 24 hours."""
        self._caps = caps
        self._usage = usage
        self._added: Counter[tuple[AccountId, EffectKind]] = Counter()

    def pace(self, account_id: AccountId, kind: EffectKind, users: int) -> Pace:
        """Return how far the account has come with this kind of step."""
        used = self._usage.get((account_id, kind), Usage(count=0, oldest=None))
        slot = used.oldest + _DAY if used.oldest is not None else None
        count = used.count + self._added[account_id, kind]
        return Pace(used=count, allowance=allowance(self._caps, users), next_slot=slot)

    def add(self, account_id: AccountId, kind: EffectKind) -> None:
        """Count a step that this batch is going to take."""
        self._added[account_id, kind] += 1


def trip_breaker(engine: Engine) -> str | None:
    """Freeze everything when too much was rolled back lately, and return why; None when there is no cause."""
    breaker, now = engine.policy.breaker, engine.now()
    totals = engine.store.totals(now - breaker.within)
    deactivations = sum(totals.get(kind, 0) for kind in TAKEN)
    rollbacks = sum(totals.get(kind, 0) for kind in ROLLBACKS)
    if deactivations <= breaker.deactivations or rollbacks <= breaker.rollbacks or engine.store.freeze().on:
        return None
    days = breaker.within.total_seconds() / 86_400
    reason = (
        f"circuit breaker: {rollbacks} of {deactivations} deactivations were rolled back within {days:g} days "
        "(limits.breaker); find out why, then: iamflow freeze off"
    )
    engine.store.set_freeze(on=True, reason=reason, by="daemon", at=now)
    return reason
