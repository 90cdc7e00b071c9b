"""May this whole user be taken away: idle, recorded, switched off, and nobody else's work? (Safety rules 1, 2, 4, 13)."""

from datetime import datetime

from iamflow.domain import quarantine
from iamflow.domain.belongings import Belongings, beyond
from iamflow.domain.brownout import Deny
from iamflow.domain.effect import EffectKind
from iamflow.domain.guards.approval import approved
from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy

_ABOUT_DENY = frozenset({EffectKind.ATTACH_QUARANTINE, EffectKind.LIFT_QUARANTINE, EffectKind.DELETE_QUARANTINE})
_SHOWN = 5


def quarantine_is_ours(c: Circumstances) -> Refusal | None:
    """Refuse to put the quarantine's deny over, and to remove, a policy of its name that iamflow did not write as it stands."""
    if c.effect.kind not in _ABOUT_DENY:
        return None
    name = quarantine.policy_name(c.ticket.id)
    deny = quarantine.deny_in(c.reading, c.ticket.id)
    if c.effect.targets != (name,) or deny is Deny.UNREAD:
        return Refusal(
            code="quarantine_unread", sentence=f"the user's policy {name} has not been read", remedy=Remedy.WAIT
        )
    if deny is Deny.FOREIGN:
        return Refusal(
            code="quarantine_foreign",
            sentence=f"the user's inline policy {name} is not what iamflow writes: compare it, and remove it by hand",
            remedy=Remedy.BLOCK,
        )
    if deny is Deny.ABSENT and c.effect.kind is not EffectKind.ATTACH_QUARANTINE:
        return Refusal(
            code="quarantine_absent", sentence=f"the user's policy {name} is gone already", remedy=Remedy.WAIT
        )
    return None


def leaked_user_is_left(c: Circumstances) -> Refusal | None:
    """Refuse to take away a user whom AWS has put into quarantine: that policy stays, and a person decides."""
    if not c.effect.kind.takes_user or not c.reading.quarantined:
        return None
    return Refusal(
        code="leaked",
        sentence="AWSCompromisedKeyQuarantine is attached to this user: an incident, in which a person must decide",
        remedy=Remedy.BLOCK,
    )


def user_is_idle(c: Circumstances) -> Refusal | None:
    """Refuse to quarantine a user who did anything within ``rules.unused_after``, whoever approved it.

    The console, every key, a new key, and whatever CloudTrail shows count. Nothing at all counts from the user's creation.
    """
    if not c.effect.kind.takes_user or not c.effect.kind.begins:
        return None
    latest = idle_since(c)
    rules = c.policy.rules.of(c.ticket.account_id, c.ticket.account_name, c.reading.tags)
    if latest is not None and c.now - latest > rules.unused_after:
        return None
    when = f"on {latest:%Y-%m-%d %H:%M} UTC" if latest is not None else "at a time that is not known"
    return Refusal(
        code="user_active",
        sentence=f"the user was active, or was given something to act with, {when}, within rules.unused_after",
        remedy=Remedy.BLOCK,
    )


def idle_since(c: Circumstances) -> datetime | None:
    """Return when the user last did anything, as far as anything tells; None where not even the creation is known."""
    seen = c.ticket.baseline.last_event_at if c.ticket.baseline is not None else None
    uses = [use.at for use in (c.reading.uses or {}).values()]
    made = [key.created_at for key in c.reading.keys]
    times = [c.reading.created_at, c.reading.password_last_used, seen, *uses, *made]
    return max((at for at in times if at is not None), default=None)


def user_not_used_since(c: Circumstances) -> Refusal | None:
    """Refuse to delete a user who acted after the quarantine was seen; a sign-in alone may be let pass by an approval."""
    since = c.ticket.progress.deactivated_at
    if not (c.effect.kind.takes_user and c.effect.kind.destroys) or since is None:
        return None
    keys = [use.at for use in (c.reading.uses or {}).values() if use.at is not None and use.at > since]
    late = [at for at in keys if at > since + c.policy.timing.propagation]
    signed_in = c.reading.password_last_used
    if late:
        return Refusal(
            code="user_used",
            sentence=f"a key of the user was used on {max(late):%Y-%m-%d %H:%M:%S} UTC, after the quarantine began",
            remedy=Remedy.BLOCK,
        )
    if (keys or (signed_in is not None and signed_in > since)) and not (c.goes_on or approved(c)):
        return Refusal(
            code="user_used_since",
            sentence="somebody signed in to the console, or a call still got through, after the quarantine began",
            remedy=Remedy.APPROVE,
        )
    return None


def snapshot_is_whole(c: Circumstances) -> Refusal | None:
    """Refuse to take anything that is not on the ticket's snapshot: whoever restores the user must find it there."""
    if not c.effect.kind.takes_user:
        return None
    known, now = c.ticket.snapshot, c.reading.belongings
    missing: tuple[str, ...] = ()
    if known is None or now is None:
        missing = ("no snapshot of what the user has was taken",)
    elif any(body is None for body in known.inline.values()) or any(key.body is None for key in known.ssh_keys):
        missing = ("the snapshot lacks a document",)
    else:
        missing = beyond(now, known, ours=quarantine.policy_name(c.ticket.id)) or _otherwise(c, known, now)
    if not missing:
        return None
    told = ", ".join(missing[:_SHOWN])
    return Refusal(
        code="not_in_snapshot", sentence=f"the snapshot is not what the user has: {told}", remedy=Remedy.WAIT
    )


def _otherwise(c: Circumstances, known: Belongings, now: Belongings) -> tuple[str, ...]:
    """Return what was switched on or off since the snapshot: a rollback gives back what was Active in it."""
    if not c.effect.kind.begins:
        return ()
    changed = [str(key.key_id) for key in now.keys if key not in known.keys]
    changed += [one.id for one in now.service_credentials if one not in known.service_credentials]
    return tuple(changed)


def quarantine_holds(c: Circumstances) -> Refusal | None:
    """Refuse to delete a user who could still act: the deny, Inactive keys and Inactive credentials must all be there.

    In a deletion that has begun the deny may be gone already: it goes last before the user, and what somebody adds then
    has still to go.
    """
    kind = c.effect.kind
    if not (kind.takes_user and kind.destroys) or kind is EffectKind.DELETE_USER:
        return None
    lacks = tuple(quarantine.lacking(c.reading, c.ticket.id, with_deny=not c.goes_on))
    if not lacks:
        return None
    return Refusal(
        code="not_quarantined",
        sentence=f"the quarantine is not whole any more: {', '.join(lacks[:_SHOWN])}",
        remedy=Remedy.BLOCK,
    )


def others_are_at_rest(c: Circumstances) -> Refusal | None:
    """Refuse to take a user away while another ticket has taken something from the same user, or is about to."""
    if not c.effect.kind.takes_user:
        return None
    busy = [other.ticket for other in c.others if other.ticket.took_access or other.intent is not None]
    if not busy:
        return None
    told = ", ".join(f"{ticket.id} ({ticket.workflow}, {ticket.state.value})" for ticket in busy[:_SHOWN])
    return Refusal(
        code="other_ticket_took",
        sentence=f"another ticket of this user has taken something and must end first: {told}",
        remedy=Remedy.WAIT,
        until=c.now + c.policy.timing.poll,
    )
