"""May iamflow act at all, now, here, and is it still this process's turn? (Safety rules 8, 9 and 10, DESIGN 8.1, 8.7, 8.8)."""

from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy


def lease_is_held(c: Circumstances) -> Refusal | None:
    """Refuse when the lease was lost or the ticket changed since it was claimed. Holds for rollbacks too."""
    if c.lease_held:
        return None
    return Refusal(
        code="lease_lost",
        sentence="the ticket was changed or taken over by another process",
        remedy=Remedy.DROP,
    )


def account_is_enforced(c: Circumstances) -> Refusal | None:
    """Refuse a new step unless the mode is ``enforce`` and the settings list the account for it."""
    if c.effect.kind.undoes or (c.policy.acts_in(c.ticket.account_id) and c.enforced_since is not None):
        return None
    return Refusal(
        code="not_enforced",
        sentence=f"iamflow only observes account {c.ticket.account_id} (mode: enforce and accounts.enforce would let it act)",
        remedy=Remedy.WAIT,
    )


def not_frozen(c: Circumstances) -> Refusal | None:
    """Refuse a new step while frozen; a freeze that cannot be read counts as one. Rollbacks go on."""
    if c.effect.kind.undoes or not c.freeze.on:
        return None
    return Refusal(
        code="frozen",
        sentence=f"everything is frozen: {c.freeze.reason or 'no reason given'} (iamflow freeze off)",
        remedy=Remedy.WAIT,
    )


def within_caps(c: Circumstances) -> Refusal | None:
    """Refuse what is over the account's allowance; it stays due for the next slot.

    Rollbacks are never counted, and what has begun is brought to its end: half a deletion helps nobody. A guardrail, which
    people decide on one by one, is not counted either.
    """
    if c.effect.kind.undoes or c.effect.kind.governs or c.goes_on or _plan_has_begun(c):
        return None
    if c.pace.used < c.pace.allowance:
        return None
    slot = f"{c.pace.next_slot:%Y-%m-%d %H:%M} UTC" if c.pace.next_slot is not None else "unknown"
    return Refusal(
        code="over_cap",
        sentence=f"{c.pace.used} of {c.pace.allowance} steps of this kind taken in this account in 24 h; next slot {slot}",
        remedy=Remedy.WAIT,
        until=c.pace.next_slot,
    )


def _plan_has_begun(c: Circumstances) -> bool:
    """Return whether the step is a later one of a plan: half a role helps nobody either."""
    return c.effect.kind.provisions and c.ticket.migration is not None and bool(c.ticket.migration.done)
