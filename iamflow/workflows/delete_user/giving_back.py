"""Decisions while a quarantined user is given back what was taken, and nothing else: what was Active before is Active again."""

from dataclasses import replace

from iamflow.domain.belongings import differences, without
from iamflow.domain.brownout import Deny
from iamflow.domain.decision import Decision, Sight
from iamflow.domain.facts import UserReading
from iamflow.domain.notice import NoticeKind
from iamflow.domain.quarantine import deny_in, policy_name
from iamflow.domain.signals import DECISIVE
from iamflow.domain.states import Confirmation, Resolution, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.delete_user.effects import GIVING_BACK, following
from iamflow.workflows.shared import common, notices
from iamflow.workflows.workflow import Situation


def wanted(ticket: Ticket) -> bool:
    """Return whether everything is to be given back: a person asked for it, or the user was seen to act."""
    return ticket.wanted is Wanted.ROLLBACK or bool(_uses(ticket))


def is_done(ticket: Ticket, reading: UserReading) -> bool:
    """Return whether nothing is left to give back."""
    return next(following(ticket, GIVING_BACK, reading), None) is None


def decide(ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    """Give back one kind of thing after the other, the deny last, and compare the user with the snapshot."""
    reading = common.required(sight.user)
    step = next(following(ticket, GIVING_BACK, reading), None)
    if step is None:
        return _ended(ticket, sight, situation)
    if deny_in(reading, ticket.id) is Deny.FOREIGN:
        reason = (
            f"the user's inline policy {policy_name(ticket.id)} is not what iamflow wrote: compare it, remove it by hand, "
            f"then: iamflow ticket retry {ticket.id}"
        )
        return common.block(ticket, situation, code="quarantine_foreign", reason=reason)
    return Decision(ticket=ticket, effect=step, due_at=situation.now, reason=_why(ticket))


def _uses(ticket: Ticket) -> list[str]:
    return [signal.sentence for signal in ticket.progress.signals if signal.kind in DECISIVE]


def _why(ticket: Ticket) -> str:
    uses = _uses(ticket)
    return uses[-1] if uses else f"asked for by {ticket.wanted_by and ticket.wanted_by.by}"


def _ended(ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    """End the ticket, and say in which fields the user is not as before: what others changed meanwhile stays so."""
    now = sight.snapshot.belongings if sight.snapshot is not None else None
    if now is None or ticket.snapshot is None:
        return common.stay(ticket, due_at=situation.now, reason="the user is being compared with the snapshot")
    policy = situation.policy
    apart = differences(ticket.snapshot, without(now, policy_name(ticket.id)))
    headline = (
        "the user works again, as before" if not apart else "the user works again, but not everything is as before"
    )
    reasons = [*(_uses(ticket) or [_why(ticket)]), *(f"not as before: {difference}" for difference in apart)]
    ended = replace(ticket, progress=replace(ticket.progress, waiting_for=()))
    told = notices.tell(NoticeKind.ROLLED_BACK, ended, policy, situation.now, headline=headline, reasons=reasons)
    proving = ticket.confirmation is Confirmation.PENDING
    return Decision(
        ticket=ended,
        trigger=Trigger.ROLL_BACK,
        resolution=Resolution.ROLLED_BACK,
        due_at=situation.now + policy.proof_after(ticket.workflow) if proving else None,
        notices=told,
        reason="; ".join([_why(ticket), *(f"not as before: {difference}" for difference in apart)]),
    )
