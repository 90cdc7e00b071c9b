"""Has a person said yes to exactly this plan, and is a yes needed? (Safety rules 6 and 7, DESIGN 8.2, 8.3, 8.18)."""

from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy
from iamflow.domain.people import Identity, distinct, may_approve
from iamflow.domain.plan import digest_of
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval


def counting(c: Circumstances) -> tuple[Approval, ...]:
    """Return the approvals that count: of this plan as it reads now, unused, not expired, by distinct people, not the requester."""
    digest = digest_of(c.ticket, c.reading, c.policy)
    people: list[Identity] = []
    valid: list[Approval] = []
    for approval in c.approvals:
        current = approval.digest == digest and approval.used_at is None and approval.at <= c.now < approval.expires_at
        allowed = may_approve(approval.by, c.ticket.requester) and all(distinct(approval.by, other) for other in people)
        if current and allowed and approval.ticket_id == c.ticket.id:
            people.append(approval.by)
            valid.append(approval)
    return tuple(valid)


def approved(c: Circumstances) -> bool:
    """Return whether enough people have approved this plan; nobody is never enough, whatever the settings say."""
    return len(counting(c)) >= needed(c)


def needed(c: Circumstances) -> int:
    """Return how many people must approve this plan."""
    return c.policy.approvals_needed(c.ticket.workflow, c.ticket.account_id, c.ticket.account_name)


def approval_where_needed(c: Circumstances) -> Refusal | None:
    """Refuse a step that the ticket may not take by time alone until enough people have approved it.

    A ticket in ``awaiting_approval`` needs one even when the reason that took it there has passed with time.
    """
    reasons = list(c.ticket.progress.approval_reasons)
    if c.ticket.state is State.AWAITING_APPROVAL:
        reasons.append("the ticket waits for one")
    if c.effect.kind.undoes or c.goes_on or not reasons or approved(c):
        return None
    return Refusal(
        code="approval_needed",
        sentence="needs an approval: " + "; ".join(reasons),
        remedy=Remedy.APPROVE,
    )


def never_by_time_alone(c: Circumstances) -> Refusal | None:
    """Refuse to take anything without an approval where the workflow never goes by time alone."""
    takes = c.effect.kind.begins or (c.effect.kind.governs and not c.effect.kind.undoes)
    if not takes or not c.policy.of(c.ticket.workflow).always_approved or approved(c):
        return None
    people = "one person" if needed(c) == 1 else f"{needed(c)} people"
    return Refusal(
        code="always_approved",
        sentence=f"{c.ticket.workflow} always needs the approval of {people}",
        remedy=Remedy.APPROVE,
    )


def owner_was_told(c: Circumstances) -> Refusal | None:
    """Refuse to take access away, by time alone, after a notice that reached only the default address: nobody in particular."""
    progress = c.ticket.progress
    if not c.effect.kind.begins or progress.told_owner or approved(c):
        return None
    return Refusal(
        code="default_address_only",
        sentence="the notice reached only the default address, not an owner",
        remedy=Remedy.APPROVE,
    )


def second_strike(c: Circumstances) -> Refusal | None:
    """Refuse to act by time alone on a subject that was rolled back once."""
    if c.effect.kind.undoes or c.goes_on or not c.ticket.progress.once_rolled_back or approved(c):
        return None
    return Refusal(
        code="rolled_back_before",
        sentence=f"this {_what(c)} was rolled back once already, so every step needs an approval",
        remedy=Remedy.APPROVE,
    )


def owner_did_not_say_keep(c: Circumstances) -> Refusal | None:
    """Refuse whatever takes access away after the owner has said to keep the key: that word beats the clock."""
    if c.effect.kind.undoes or c.ticket.progress.keep is None:
        return None
    return Refusal(
        code="owner_keeps",
        sentence=f"the owner asked to keep {'this key' if c.ticket.access_key_id else 'the user as he is'}",
        remedy=Remedy.BLOCK,
    )


def _what(c: Circumstances) -> str:
    return "key" if c.ticket.access_key_id is not None else "user"
