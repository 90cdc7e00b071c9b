"""Decisions while there is no policy of the ticket's: look at what it would do, ask people, and make it."""

from dataclasses import replace

from iamflow.domain.brownout import Deny
from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import LIVE, TargetFacts, UserReading
from iamflow.domain.guardrail import (
    MOST_POLICIES,
    OrganisationReading,
    Preview,
    WrittenPolicy,
    is_attached,
    policy_document,
    policy_name,
    standing,
    target_of,
)
from iamflow.domain.notice import NoticeKind
from iamflow.domain.plan import digest_of
from iamflow.domain.states import PAUSED, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.workflows.org_mfa_guardrail import effects
from iamflow.workflows.shared import common, notices
from iamflow.workflows.workflow import Situation


def organisation(reading: UserReading) -> OrganisationReading:
    """Return what the look before this decision must have read of the organisation."""
    if reading.organisation is None:
        message = "decided without a reading of the organisation"
        raise AssertionError(message)
    return reading.organisation


def decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket of which no policy is known to be there."""
    reading = common.required(sight.user)
    found = organisation(reading)
    left = _left_over(case.ticket, found, situation)
    if left is not None:
        return left
    ticket = learn(case.ticket, reading, sight.preview, situation)
    if found.target_name is None:
        reason = f"there is no {target_of(ticket.username)} in the organisation"
        return Decision(
            ticket=ticket, trigger=Trigger.RESOLVE, resolution=Resolution.TARGET_GONE, due_at=None, reason=reason
        )
    forbidden = _forbidden(ticket, found, situation)
    if forbidden is not None:
        return common.block(ticket, situation, code=forbidden[0], reason=forbidden[1])
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=situation.now + situation.policy.timing.recheck)
    if ticket.wanted is Wanted.ROLLBACK:
        return _nothing_to_take_away(ticket, situation)
    return _looked(replace(case, ticket=ticket), situation) or _go_on(replace(case, ticket=ticket), situation)


def learn(ticket: Ticket, reading: UserReading, preview: Preview | None, situation: Situation) -> Ticket:
    """Put what AWS says on the ticket, and what an approval would bind to."""
    found = organisation(reading)
    facts = TargetFacts(
        target=target_of(ticket.username), target_name=found.target_name, as_of=reading.read_at, source=LIVE
    )
    guardrail = effects.of(ticket)
    guardrail = replace(guardrail, preview=preview) if preview is not None else guardrail
    known = replace(ticket, facts=facts, progress=replace(ticket.progress, guardrail=guardrail))
    return replace(known, plan_digest=digest_of(known, reading, situation.policy))


def _left_over(ticket: Ticket, found: OrganisationReading, situation: Situation) -> Decision | None:
    """Propose to take away the ticket's own policy where the ticket does not know of it, as after a restored backup."""
    documents = [policy_document(ticket.id, exempt_change_password=password) for password in (False, True)]
    if found.policy is None or Deny.OURS not in {standing(found, document) for document in documents}:
        return None
    attached = is_attached(found, target_of(ticket.username))
    kind = EffectKind.DETACH_SCP if attached else EffectKind.DELETE_SCP
    reason = f"the policy {policy_name(ticket.id)} of this ticket is there, and the ticket does not know of it"
    effect = effects.about(ticket, kind, found.policy.policy_id)
    return Decision(ticket=ticket, effect=effect, due_at=situation.now, reason=reason)


def _forbidden(ticket: Ticket, found: OrganisationReading, situation: Situation) -> tuple[str, str] | None:
    """Return why there can be no policy on this target, as (code, sentence)."""
    target, name = target_of(ticket.username), policy_name(ticket.id)
    if found.management_account != ticket.account_id:
        return "not_management", (
            f"the organisation is managed by account {found.management_account}, not by {ticket.account_id}: "
            "cancel this ticket and open one with that account"
        )
    if target == found.management_account:
        return "target_is_management", "a service control policy does not reach the management account"
    if not found.enabled:
        return "scp_disabled", (
            "service control policies are not enabled in the organisation: enable them first "
            f"(aws organizations enable-policy-type), then: iamflow ticket retry {ticket.id}"
        )
    if standing(found, effects.wanted(ticket, situation.policy)) is Deny.FOREIGN:
        return "scp_foreign", (
            f"there is a policy {name} that iamflow did not write: compare it, and remove or rename it by hand, "
            f"then: iamflow ticket retry {ticket.id}"
        )
    if len(found.attached) >= MOST_POLICIES:
        return "too_many_policies", (
            f"{target} has {len(found.attached)} policies attached, AWS allows {MOST_POLICIES}: join or detach some, "
            f"then: iamflow ticket retry {ticket.id}"
        )
    return None


def _nothing_to_take_away(ticket: Ticket, situation: Situation) -> Decision:
    by = ticket.wanted_by and ticket.wanted_by.by
    reason = f"a rollback was asked for by {by} before the policy was made: nothing was done"
    held = replace(ticket, wanted=None, wanted_by=None, blocked_reason=reason)
    due_at = situation.now + situation.policy.timing.recheck
    return Decision(ticket=held, trigger=Trigger.HOLD, due_at=due_at, reason=reason)


def _looked(case: Case, situation: Situation) -> Decision | None:
    """Return what follows from a preview that is not whole; None where it is."""
    ticket, now = case.ticket, situation.now
    preview = effects.of(ticket).preview or Preview(accounts=())
    if preview.pending(now):
        left = len(preview.pending(now))
        reason = f"{left} of {len(preview.accounts)} member accounts are still to be looked at"
        return common.stay(ticket, due_at=now, reason=reason)
    if preview.unread:
        reason = (
            f"what the policy would do is not known everywhere: {'; '.join(preview.unread)}; "
            f"let iamflow read there, then: iamflow ticket retry {ticket.id}"
        )
        return common.block(ticket, situation, code="preview_incomplete", reason=reason)
    if not preview.accounts:
        reason = f"there is no member account under {target_of(ticket.username)}: a policy there would reach nobody"
        return common.block(ticket, situation, code="nobody_reached", reason=reason)
    if preview.protected:
        reason = (
            f"the policy would deny protected users: {'; '.join(preview.protected)}; give them MFA first, or move their "
            f"account out of the target, then: iamflow ticket retry {ticket.id}"
        )
        return common.block(ticket, situation, code="protected_user", reason=reason)
    return None


def _go_on(case: Case, situation: Situation) -> Decision:
    now, policy = situation.now, situation.policy
    ticket = _with_reasons(case.ticket)
    if not policy.acts_in(ticket.account_id) or case.enforced_since is None:
        reason = "iamflow only observes this account"
        return common.stay(ticket, due_at=now + policy.timing.recheck, reason=reason)
    if ticket.state is State.OPEN:
        return _ask(ticket, situation)
    if not any(approval.used_at is None for approval in case.approvals):
        return common.stay(ticket, due_at=now + policy.timing.recheck, reason="waiting for approvals")
    document = effects.wanted(ticket, policy)
    begun = WrittenPolicy(name=policy_name(ticket.id), document=document, since=now)
    guardrail = replace(effects.of(ticket), policy=begun)
    return Decision(
        ticket=replace(ticket, progress=replace(ticket.progress, guardrail=guardrail)),
        effect=effects.creating(ticket, document),
        due_at=now,
        reason="the policy was approved",
    )


def _with_reasons(ticket: Ticket) -> Ticket:
    """Return the ticket with what people have to accept today."""
    preview = effects.of(ticket).preview or Preview(accounts=())
    reasons = tuple(f"it would deny what is in use: {sentence}" for sentence in preview.damage)
    return replace(ticket, progress=replace(ticket.progress, approval_reasons=reasons))


def _ask(ticket: Ticket, situation: Situation) -> Decision:
    needed = situation.policy.approvals_needed(ticket.workflow, ticket.account_id, ticket.account_name)
    reasons = ticket.progress.approval_reasons
    headline = f"the guardrail on {target_of(ticket.username)} needs {needed} approvals"
    told = notices.tell(
        NoticeKind.APPROVAL_NEEDED, ticket, situation.policy, situation.now, headline=headline, reasons=reasons
    )
    due_at = situation.now + situation.policy.timing.recheck
    return Decision(ticket=ticket, trigger=Trigger.REQUIRE_APPROVAL, due_at=due_at, notices=told, reason=headline)
