"""Decisions that take a replacement back: the old key works as before; a new one goes only if it was never used."""

from dataclasses import replace

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.facts import UserReading
from iamflow.domain.ids import KeyId
from iamflow.domain.notice import NoticeKind
from iamflow.domain.rotation import Origin, Rotation, never_used, strangers
from iamflow.domain.states import Confirmation, Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.rotate_key.strays import again_at, is_open, of_others, whose, withdraw
from iamflow.workflows.shared import common, notices
from iamflow.workflows.workflow import Situation


def decide(case: Case, rotation: Rotation, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket that is rolled back, and whose old key is Active."""
    ticket = case.ticket
    reading = common.required(sight.user)
    unused = removable(rotation, reading)
    if unused is not None:
        return withdraw(ticket, unused, reading, situation)
    for key in strangers(rotation, reading, ticket.progress.acknowledged, of_others(case)):
        found = whose(ticket, key, sight, situation)
        if found is Origin.OURS and never_used(key.key_id, reading):
            return withdraw(ticket, key.key_id, reading, situation)
        if is_open(found, key, situation):
            reason = "the key works; CloudTrail does not show yet who made another one, which may be iamflow's"
            return common.stay(ticket, due_at=again_at(situation), reason=reason)
    return ended(ticket, reading, situation)


def removable(rotation: Rotation, reading: UserReading) -> KeyId | None:
    """Return the new key if it is there and was never used."""
    key = reading.key(rotation.new_key)
    return key.key_id if key is not None and never_used(key.key_id, reading) else None


def ended(ticket: Ticket, reading: UserReading, situation: Situation) -> Decision:
    """Return the end of a ticket whose old key works as before, with word of what became of the new one."""
    policy, rotation = situation.policy, ticket.progress.rotation
    changed = rotation is not None and (rotation.given_back or bool(rotation.withdrawn))
    progress = replace(ticket.progress, confirm_by=situation.now + policy.timing.confirm_within, waiting_for=())
    over = replace(ticket, progress=progress, confirmation=Confirmation.PENDING if changed else None)
    headline = f"the key works as before; {in_words(rotation, reading)}"
    signals = [signal.sentence for signal in ticket.progress.signals]
    return Decision(
        ticket=over,
        trigger=Trigger.ROLL_BACK,
        resolution=Resolution.ROLLED_BACK,
        due_at=situation.now + policy.proof_after(ticket.workflow) if changed else None,
        notices=notices.tell(NoticeKind.ROLLED_BACK, over, policy, situation.now, headline=headline, reasons=signals),
        reason=headline,
    )


def in_words(rotation: Rotation | None, reading: UserReading) -> str:
    """Return what became of the new key, as a part of a sentence."""
    new = reading.key(rotation.new_key) if rotation is not None else None
    if new is not None:
        return f"the new one, {new.key_id}, has been used and stays {new.status.value} too"
    withdrawn = rotation.withdrawn if rotation is not None else ()
    return f"the new one, {withdrawn[-1]}, was never used and is deleted" if withdrawn else "there is no new one"
