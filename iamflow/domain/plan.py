"""The plan that an approval binds to (DESIGN 8.14)."""

import hashlib
from datetime import timedelta

from iamflow.domain.brownout import policy_document
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import UserReading
from iamflow.domain.journal import canonical
from iamflow.domain.ticket import Ticket


def remaining_effects(ticket: Ticket) -> tuple[EffectKind, ...]:
    """Return the effects that the ticket has still before it, in order."""
    if ticket.key_was_deactivated:
        return (EffectKind.DELETE_KEY,)
    return (EffectKind.DEACTIVATE_KEY, EffectKind.DELETE_KEY)


def plan_digest(
    ticket: Ticket, reading: UserReading, excused: tuple[tuple[str, str], ...], brownout: timedelta | None = None
) -> str | None:
    """Return the digest of what would be done to what, or None when the key is not there.

    Never counters, last use or the time: an approval must not be voided by the clock, only by a changed plan. A brown-out
    and the deactivation that it prepares are one plan: a single approval lets both through.
    """
    key = reading.key(ticket.access_key_id)
    if key is None or reading.user_id is None:
        return None
    plan: dict[str, object] = {
        "workflow": ticket.workflow,
        "version": ticket.workflow_version,
        "effects": [kind.value for kind in remaining_effects(ticket)],
        "account": ticket.account_id,
        "user": ticket.username,
        "user_id": reading.user_id,
        "key": ticket.access_key_id,
        "created": key.created_at.replace(microsecond=0).isoformat(),
        "excused": sorted([region, reason] for region, reason in excused),
    }
    if brownout is not None and not ticket.key_was_deactivated:
        plan["brownout"] = {"seconds": brownout.total_seconds(), "document": policy_document(ticket.id)}
    return hashlib.sha256(canonical(plan).encode()).hexdigest()
