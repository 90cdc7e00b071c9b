"""Decisions until there is a new key: find out whose the keys are, make room, prove the secret store, issue."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import Signal, SignalKind
from iamflow.domain.facts import KeyState, KeyStatus, UserReading
from iamflow.domain.ids import KeyId
from iamflow.domain.notice import NoticeKind
from iamflow.domain.rotation import (
    ORPHANS_MOST,
    PROOF_LASTS,
    Origin,
    Rotation,
    delivered,
    mark,
    never_used,
    probe_of,
    room,
    strangers,
)
from iamflow.domain.states import Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.rotate_key import issued
from iamflow.workflows.rotate_key.effects import begun, effect_of
from iamflow.workflows.rotate_key.strays import (
    again_at,
    goes_first,
    is_open,
    of_others,
    whose,
    with_rotation,
    withdraw,
)
from iamflow.workflows.shared import common, notices
from iamflow.workflows.shared.course import Course
from iamflow.workflows.shared.key_subject import hands_off, learn, no_longer_a_finding
from iamflow.workflows.workflow import Situation


def _ended(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[Resolution, str] | None:
    return no_longer_a_finding(ticket, common.required(sight.user), situation)


def _learn(ticket: Ticket, sight: Sight, situation: Situation) -> Ticket:
    return learn(ticket, common.required(sight.user), situation)


def _forbidden(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[str, str] | None:
    return hands_off(ticket, common.required(sight.user), situation)


def _propose(case: Case, ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    reading = common.required(sight.user)
    rotation = ticket.progress.rotation
    if rotation is None:
        rotation = replace(
            begun(ticket, situation.policy), since=situation.now, known=tuple(key.key_id for key in reading.keys)
        )
    # What another ticket of the user has made stays known when that ticket has ended.
    theirs = (other.new_key for other in of_others(case) if other.new_key is not None)
    known = tuple(dict.fromkeys((*rotation.known, *theirs)))
    rotation = replace(rotation, present=len(reading.keys), known=known)
    ticket = with_rotation(ticket, rotation, reading, situation)
    arrived = delivered(rotation, reading)
    if arrived is not None:
        return issued.begin(ticket, arrived, situation)
    first = goes_first(case)
    if first is not None:
        reason = f"ticket {first} is making a key for the same user: one after the other"
        waiting = replace(ticket, progress=replace(ticket.progress, waiting_for=(reason,)))
        return common.stay(waiting, due_at=again_at(situation), reason=reason)
    unknown = strangers(rotation, reading, ticket.progress.acknowledged, of_others(case))
    if unknown:
        return _whose(ticket, (reading, unknown[0]), sight, situation)
    if rotation.orphans >= ORPHANS_MOST:
        again = with_rotation(ticket, replace(rotation, orphans=0), reading, situation)
        reason = (
            f"{rotation.orphans} new keys were withdrawn because their secrets did not arrive in "
            f"{rotation.place.in_words()}: see iamflow ticket history {ticket.id} for why, then iamflow ticket retry {ticket.id}"
        )
        return common.block(again, situation, code="delivery_failed", reason=reason)
    if sight.quota is not None and not room(reading, sight.quota, rotation):
        return _no_room(case, ticket, rotation, (reading, sight.quota), situation)
    return _issue(ticket, replace(rotation, slot=None), reading, situation)


def _issue(ticket: Ticket, rotation: Rotation, reading: UserReading, situation: Situation) -> Decision:
    """Propose the probe of the secret store, or, right after one that was seen to arrive, the new key."""
    now = situation.now
    proven = rotation.proven_at is not None and abs(now - rotation.proven_at) <= PROOF_LASTS / 2
    shown = reading.sink is not None and probe_of(ticket.id, rotation) in reading.sink.versions
    if not (proven and shown):
        rotation = replace(rotation, probes=rotation.probes + 1, proven_at=None)
        probing = with_rotation(ticket, rotation, reading, situation)
        return Decision(
            ticket=probing,
            effect=effect_of(probing, EffectKind.PROVE_SINK, situation.policy),
            due_at=now,
            reason="before a key is made, its secret's place must be seen to take a write",
        )
    issuing = with_rotation(ticket, replace(rotation, begun_at=rotation.begun_at or now), reading, situation)
    return Decision(
        ticket=issuing,
        effect=effect_of(issuing, EffectKind.ISSUE_KEY, situation.policy),
        trigger=Trigger.ISSUE,
        due_at=now,
        reason="the secret store takes writes, and there is room for a new key",
    )


# --- keys that appeared -----------------------------------------------------------------------------------------------


def _whose(ticket: Ticket, seen: tuple[UserReading, KeyState], sight: Sight, situation: Situation) -> Decision:
    """Find out whose making a key is that appeared: iamflow's own is withdrawn, anybody else's is left to a person."""
    reading, key = seen
    found = whose(ticket, key, sight, situation)
    if found is Origin.OURS and never_used(key.key_id, reading):
        return withdraw(ticket, key.key_id, reading, situation)
    if is_open(found, key, situation):
        return common.stay(ticket, due_at=again_at(situation), reason="CloudTrail does not show yet who made a key")
    return _hold(ticket, key, f"{_WHOSE[found]}: {key.key_id}, of {key.created_at:%Y-%m-%d %H:%M} UTC", situation)


_WHOSE = {
    Origin.OURS: "a key that iamflow made, and whose secret it did not see arrive, has been used",
    Origin.FOREIGN: "somebody else made a key for the user while it was being replaced",
    Origin.UNKNOWN: "a key appeared while one was being made, and CloudTrail does not show who made it",
}


def _hold(ticket: Ticket, key: KeyState, reason: str, situation: Situation) -> Decision:
    """Hold the ticket: whoever resumes it has seen the key, and lets it be."""
    signal = Signal(kind=SignalKind.NEW_KEY, sentence=reason, at=key.created_at, mark=mark(key.key_id))
    held = common.remembered(ticket, (signal,))
    held = replace(held, blocked_reason=reason, progress=replace(held.progress, held_at=situation.now))
    told = notices.tell(NoticeKind.HELD, held, situation.policy, situation.now, headline=reason)
    return Decision(
        ticket=held,
        trigger=Trigger.HOLD,
        due_at=situation.now + situation.policy.timing.recheck,
        notices=told,
        events=common.journal((signal,), situation.now),
        reason=reason,
    )


# --- room -------------------------------------------------------------------------------------------------------------


def _no_room(
    case: Case, ticket: Ticket, rotation: Rotation, seen: tuple[UserReading, int], situation: Situation
) -> Decision:
    """Propose to delete an Inactive key that was idle for long, or say that a person must make room."""
    reading, quota = seen
    claimed = {other.ticket.access_key_id for other in case.others}
    idle = situation.policy.rotate_key.free_after
    found = _idle_keys(ticket, reading, situation.now - idle, claimed)
    if not found:
        allowed = min(quota, rotation.quota or quota)
        reason = (
            f"the user has {len(reading.keys)} access keys and AWS allows {allowed}; none of them is Inactive, unused for "
            f"{notices.in_words(idle)} and without a ticket of its own: delete one that is not needed, then "
            f"iamflow ticket retry {ticket.id}"
        )
        told = with_rotation(ticket, replace(rotation, slot=None, quota=None), reading, situation)
        return common.block(told, situation, code="slots_full", reason=reason)
    used, key = found[0]
    slot = replace(rotation, slot=key.key_id, slot_created_at=key.created_at, slot_last_use=used)
    freeing = with_rotation(ticket, slot, reading, situation)
    return Decision(
        ticket=freeing,
        effect=effect_of(freeing, EffectKind.FREE_SLOT, situation.policy),
        trigger=Trigger.FREE,
        due_at=situation.now,
        reason=f"the user has no room for a new key, and {key.key_id} is Inactive and idle",
    )


def _idle_keys(
    ticket: Ticket, reading: UserReading, before: datetime, claimed: set[KeyId | None]
) -> list[tuple[datetime | None, KeyState]]:
    """Return the Inactive keys without a use since then, the longest idle first, each with its last use."""
    uses = reading.uses or {}
    found = [
        (uses[key.key_id].at, key)
        for key in reading.keys
        if key.status is KeyStatus.INACTIVE
        and key.key_id in uses
        and key.key_id not in {ticket.access_key_id, *claimed}
        and (uses[key.key_id].at or key.created_at) <= before
    ]
    return sorted(found, key=lambda pair: (pair[0] or pair[1].created_at, pair[1].key_id))


COURSE = Course(
    notice=NoticeKind.KEY_ROTATION,
    first_step="new key was made",
    ended=_ended,
    learn=_learn,
    forbidden=_forbidden,
    propose=_propose,
)
