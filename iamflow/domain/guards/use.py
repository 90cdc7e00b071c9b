"""Is the key in use, as far as anybody can know? Unknown is never unused. (Safety rules 2 and 4, DESIGN 8.5)."""

from datetime import datetime

from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyStatus
from iamflow.domain.guards.approval import approved
from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy


def use_is_known(c: Circumstances) -> Refusal | None:
    """Refuse when the last use was not read at all. An answer of "none" is known; no answer is not.

    What is about a user needs the last use of every key of theirs; of a guardrail, its preview tells (``guardrail``).
    """
    known = c.reading.last_use if c.effect.kind.about_key else c.reading.uses
    if c.effect.kind.undoes or c.effect.kind.governs or known is not None:
        return None
    return Refusal(
        code="use_unknown",
        sentence="the key's last use could not be read",
        remedy=Remedy.WAIT,
    )


def not_recently_used(c: Circumstances) -> Refusal | None:
    """Refuse to take access away, by time alone, from a key used within ``recent_use``: by last-used or the baseline's events.

    Where a new key takes its place, its adoption says more (``rotation.replacement_was_adopted``).
    """
    if not c.effect.kind.begins or c.policy.of(c.ticket.workflow).idle is not None or approved(c):
        return None
    latest = _latest_use(c) if c.effect.kind.about_key else _latest_of_user(c)
    if latest is not None and latest > c.now - c.policy.rules.recent_use:
        which = "the key" if c.effect.kind.about_key else "an Active key of the user"
        return Refusal(
            code="recently_used",
            sentence=f"{which} was used on {latest:%Y-%m-%d %H:%M} UTC, within rules.recent_use",
            remedy=Remedy.APPROVE,
        )
    return None


def idle_for_time_alone(c: Circumstances) -> Refusal | None:
    """Refuse to take a key's access by time alone unless it is known to be idle for ``rules.auto_deactivate_after``, where set.

    A key whose last use nobody knows is never idle. Where a new key takes its place, its adoption says more.
    """
    least = c.policy.rules.auto_deactivate_after
    takes = c.effect.kind.begins and c.effect.kind.about_key
    if least is None or not takes or c.policy.of(c.ticket.workflow).idle is not None or approved(c):
        return None
    latest = _latest_use(c)
    if latest is not None and c.now - latest > least:
        return None
    told = "no last use of the key is known" if latest is None else f"the key was used on {latest:%Y-%m-%d %H:%M} UTC"
    return Refusal(
        code="not_idle_for_time_alone",
        sentence=f"{told}: within rules.auto_deactivate_after, or not known, its deactivation needs an approval",
        remedy=Remedy.APPROVE,
    )


def only_active_key(c: Circumstances) -> Refusal | None:
    """Refuse a brown-out, by time alone, of a user with another Active key: the deny meets every key of the user."""
    if c.effect.kind is not EffectKind.ATTACH_BROWNOUT or approved(c):
        return None
    others = [key for key in c.reading.keys if key.status is KeyStatus.ACTIVE and key.key_id != c.effect.key_id]
    if not others:
        return None
    return Refusal(
        code="other_active_keys",
        sentence=f"the brown-out would also deny the user's {len(others)} other Active key{'s' if len(others) > 1 else ''}",
        remedy=Remedy.APPROVE,
    )


def not_used_since(c: Circumstances) -> Refusal | None:
    """Refuse to delete a key whose last use lies after its deactivation.

    A straggler within the time that the change took to spread may have been let pass by a person; it then takes an approval.
    """
    if c.effect.kind is not EffectKind.DELETE_KEY:
        return None
    used = c.reading.last_use.at if c.reading.last_use is not None else None
    since = c.ticket.progress.deactivated_at
    if used is None or since is None or used <= since:
        return None
    straggler = used <= since + c.policy.timing.propagation
    if straggler and approved(c):
        return None
    return Refusal(
        code="used_since",
        sentence=f"the key was used on {used:%Y-%m-%d %H:%M:%S} UTC, after its deactivation",
        remedy=Remedy.APPROVE if straggler else Remedy.BLOCK,
    )


def idle_long_enough(c: Circumstances) -> Refusal | None:
    """Refuse to delete by time alone unless the key had been idle for ``auto_delete.min_idle`` when it was deactivated.

    Days on which the key was Inactive prove nothing about its use, and do not count. A key that was never seen used is
    deleted by time alone only where ``never_used`` says so, and then only if it existed for that long.
    """
    if c.effect.kind is not EffectKind.DELETE_KEY or approved(c):
        return None
    rule = c.policy.of(c.ticket.workflow).auto_delete
    if rule is None:
        return None
    used = _latest_use(c)
    until = c.ticket.progress.deactivated_at or c.now
    if used is None and not rule.never_used:
        return Refusal(
            code="never_used",
            sentence="no last use is known, which is not the same as unused",
            remedy=Remedy.APPROVE,
        )
    idle_since = used or c.ticket.key_facts.created_at
    if until - idle_since < rule.min_idle:
        what = "created" if used is None else "last used"
        return Refusal(
            code="not_idle_enough",
            sentence=f"the key was {what} on {idle_since:%Y-%m-%d}, less than auto_delete.min_idle before its deactivation",
            remedy=Remedy.APPROVE,
        )
    return None


def _latest_use(c: Circumstances) -> datetime | None:
    """Return the latest use that anything tells of: IAM's last-used, which may lag or be empty, or the baseline's events."""
    used = c.reading.last_use.at if c.reading.last_use is not None else None
    seen = c.ticket.baseline.last_event_at if c.ticket.baseline is not None else None
    return max((at for at in (used, seen) if at is not None), default=None)


def _latest_of_user(c: Circumstances) -> datetime | None:
    """Return the latest use of any of the user's Active keys: an Inactive one has nothing to lose."""
    uses = c.reading.uses or {}
    active = {key.key_id for key in c.reading.keys if key.status is KeyStatus.ACTIVE}
    return max((use.at for key, use in uses.items() if key in active and use.at is not None), default=None)
