"""Keys that appeared while one was being made: whose making they are, and how iamflow's own is taken back."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyState, UserReading
from iamflow.domain.ids import KeyId, TicketId
from iamflow.domain.plan import digest_of
from iamflow.domain.rotation import Origin, Rotation, origin
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.rotate_key.effects import effect_of
from iamflow.workflows.workflow import Situation


def of_others(case: Case) -> tuple[Rotation, ...]:
    """Return the replacements of the user's other keys that are under way."""
    found = (other.ticket.progress.rotation for other in case.others)
    return tuple(rotation for rotation in found if rotation is not None)


def goes_first(case: Case) -> TicketId | None:
    """Return the other ticket that makes a key for the user before this one; None where it is this one's turn.

    Whoever has begun goes on first, then the older ticket. Of any two, one goes first, so that they never wait for each other.
    """
    making = [
        other.ticket
        for other in case.others
        if (rotation := other.ticket.progress.rotation) is not None
        and rotation.new_key is None
        and other.ticket.state in _MAKING
    ]
    first = min((case.ticket, *making), key=lambda ticket: (not ticket.is_replaced, ticket.id))
    return None if first.id == case.ticket.id else first.id


_MAKING = frozenset({State.NOTIFIED, State.AWAITING_APPROVAL})


def with_rotation(ticket: Ticket, rotation: Rotation, reading: UserReading, situation: Situation) -> Ticket:
    """Return the ticket with the replacement as it stands, and the plan as it then reads."""
    changed = replace(ticket, progress=replace(ticket.progress, rotation=rotation))
    return replace(changed, plan_digest=digest_of(changed, reading, situation.policy))


def whose(ticket: Ticket, key: KeyState, sight: Sight, situation: Situation) -> Origin:
    """Return whose making a key is. Before iamflow's first try it is anybody's but iamflow's."""
    rotation = ticket.progress.rotation
    if rotation is None or rotation.begun_at is None:
        return Origin.FOREIGN
    events = sight.origin.events if sight.origin is not None else ()
    return origin(key.key_id, events, ticket.id, ticket.progress.own_requests, situation.policy.own_role)


def is_open(found: Origin, key: KeyState, situation: Situation) -> bool:
    """Return whether CloudTrail may still come to show who made the key."""
    return found is Origin.UNKNOWN and situation.now < key.created_at + situation.policy.rotate_key.delivery_lag


def again_at(situation: Situation) -> datetime:
    """Return when CloudTrail is asked again for who made a key."""
    return situation.now + max(situation.policy.timing.propagation, situation.policy.timing.retry_base)


def withdraw(ticket: Ticket, key_id: KeyId, reading: UserReading, situation: Situation) -> Decision:
    """Propose to delete a key of iamflow's own making that was never used."""
    rotation = ticket.progress.rotation
    if rotation is None:
        message = f"ticket {ticket.id} has no replacement under way"
        raise AssertionError(message)
    leaving = with_rotation(ticket, replace(rotation, withdrawing=key_id), reading, situation)
    return Decision(
        ticket=leaving,
        effect=effect_of(leaving, EffectKind.WITHDRAW_KEY, situation.policy),
        due_at=situation.now,
        reason=f"the key {key_id} was made by iamflow and never used",
    )
