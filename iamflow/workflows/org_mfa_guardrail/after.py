"""Decisions while the ticket's policy is there, or may be: attach it, watch what it denies, and keep it or take it away.

The policy stays where it is while the ticket is on hold or blocked; a rollback goes through all the same.
"""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.brownout import Deny
from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import Signal, SignalKind, TrailEvent
from iamflow.domain.guardrail import OrganisationReading, WrittenPolicy, is_attached, standing, target_of
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.domain.states import PAUSED, Confirmation, Resolution, State, Trigger, Wanted
from iamflow.domain.ticket import Ticket
from iamflow.domain.window import watched_to_the_end
from iamflow.workflows.org_mfa_guardrail import effects
from iamflow.workflows.org_mfa_guardrail.before import learn, organisation
from iamflow.workflows.shared import common, notices
from iamflow.workflows.workflow import Situation

_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation", "NotAuthorized"}
)
# AWS's refusals name the kind of policy that denied (IAM user guide, "Troubleshoot access denied error messages").
_BY_OTHERS = (
    "identity-based polic",
    "resource-based polic",
    "permissions boundary",
    "session policy",
    "resource control policy",
    "VPC endpoint policy",
)

TRIGGERS = {Resolution.ROLLED_BACK: Trigger.ROLL_BACK, Resolution.POLICY_REMOVED: Trigger.RESOLVE}
"""What ends a ticket, by why its policy was deleted."""


def decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about a ticket whose policy is there, or may be."""
    reading = common.required(sight.user)
    found = organisation(reading)
    ticket = learn(case.ticket, reading, sight.preview, situation)
    policy = effects.written(ticket)
    there = standing(found, policy.document)
    if there is Deny.ABSENT:
        return _absent(ticket, policy, situation)
    if there is Deny.FOREIGN:
        reason = (
            f"the policy {policy.name} is not what iamflow wrote: compare it, detach and delete it by hand, "
            f"then: iamflow ticket retry {ticket.id}"
        )
        return common.block(ticket, situation, code="scp_foreign", reason=reason)
    ticket = _with_id(ticket, found)
    if is_attached(found, target_of(ticket.username)):
        return _attached(ticket, sight, situation)
    return _not_attached(replace(case, ticket=ticket), situation)


def with_policy(ticket: Ticket, policy: WrittenPolicy) -> Ticket:
    """Return the ticket with what is known of its policy now."""
    return replace(ticket, progress=replace(ticket.progress, guardrail=replace(effects.of(ticket), policy=policy)))


def seen_attached(ticket: Ticket, at: datetime, request: str | None, situation: Situation) -> Ticket:
    """Return the ticket once its policy was observed on the target: the window begins."""
    policy = replace(effects.written(ticket), attached_at=at, attach_request=request)
    ends_at = at + situation.policy.of(ticket.workflow).monitor
    known = with_policy(ticket, policy)
    progress = replace(known.progress, deactivated_at=at, window_ends_at=ends_at, approval_reasons=(), waiting_for=())
    return replace(known, progress=progress, deadline=ends_at)


def _with_id(ticket: Ticket, found: OrganisationReading) -> Ticket:
    policy = effects.written(ticket)
    if found.policy is None or policy.policy_id == found.policy.policy_id:
        return ticket
    return with_policy(ticket, replace(policy, policy_id=found.policy.policy_id))


def _absent(ticket: Ticket, policy: WrittenPolicy, situation: Situation) -> Decision:
    """Forget a policy that was never made; end a ticket whose policy somebody else has deleted."""
    if policy.attached_at is None:
        guardrail = replace(effects.of(ticket), policy=None)
        forgotten = replace(ticket, progress=replace(ticket.progress, guardrail=guardrail))
        return Decision(ticket=forgotten, due_at=situation.now, reason="the policy is not there")
    gone = with_policy(ticket, replace(policy, removed_at=situation.now))
    if ticket.wanted is Wanted.ROLLBACK or policy.over is Resolution.ROLLED_BACK:
        reason, how, trigger = "the policy is gone already", Resolution.ROLLED_BACK, Trigger.ROLL_BACK
    else:
        reason, how, trigger = "somebody else deleted the policy", Resolution.POLICY_REMOVED, Trigger.RESOLVE
    told = notices.tell(NoticeKind.ATTENTION, gone, situation.policy, situation.now, headline=reason)
    return Decision(ticket=gone, trigger=trigger, resolution=how, due_at=None, reason=reason, notices=told)


def _remove(ticket: Ticket, kind: EffectKind, over: Resolution, reason: str, situation: Situation) -> Decision:
    """Propose one of the two calls that take the policy away, and keep why."""
    policy = replace(effects.written(ticket), over=over)
    last = kind is EffectKind.DELETE_SCP
    return Decision(
        ticket=with_policy(ticket, policy),
        effect=effects.about(ticket, kind, policy.policy_id or ""),
        trigger=TRIGGERS[over] if last else None,
        resolution=over if last else None,
        due_at=situation.now,
        reason=reason,
    )


def _not_attached(case: Case, situation: Situation) -> Decision:
    ticket, now = case.ticket, situation.now
    policy = effects.written(ticket)
    asked = f"asked for by {ticket.wanted_by and ticket.wanted_by.by}"
    if ticket.wanted is Wanted.ROLLBACK or policy.over is Resolution.ROLLED_BACK:
        return _remove(ticket, EffectKind.DELETE_SCP, Resolution.ROLLED_BACK, asked, situation)
    if policy.attached_at is not None:
        reason = "somebody else detached the policy"
        return _remove(ticket, EffectKind.DELETE_SCP, Resolution.POLICY_REMOVED, reason, situation)
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=now + situation.policy.timing.recheck)
    if not any(approval.used_at is None for approval in case.approvals):
        due_at = now + situation.policy.timing.recheck
        return common.stay(ticket, due_at=due_at, reason="the policy is made, and waits for approvals")
    return Decision(
        ticket=ticket,
        effect=effects.about(ticket, EffectKind.ATTACH_SCP, policy.policy_id or ""),
        trigger=Trigger.ENFORCE,
        due_at=now,
        reason="the policy was approved",
    )


def _attached(ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    now, timing = situation.now, situation.policy.timing
    if effects.written(ticket).attached_at is None or ticket.state is State.AWAITING_APPROVAL:
        return _found(ticket, situation)
    if ticket.wanted is Wanted.ROLLBACK:
        asked = f"asked for by {ticket.wanted_by and ticket.wanted_by.by}"
        return _remove(ticket, EffectKind.DETACH_SCP, Resolution.ROLLED_BACK, asked, situation)
    if ticket.state in PAUSED:
        return common.paused(ticket, situation, due_at=now + timing.poll)
    return _in_force(ticket, sight, situation)


def _found(ticket: Ticket, situation: Situation) -> Decision:
    """Take note of a policy whose call had been given up as not done. A paused ticket goes on once it is resumed."""
    now = situation.now
    known = effects.written(ticket).attached_at is not None
    on = ticket if known else seen_attached(ticket, now, None, situation)
    trigger = None if ticket.state in PAUSED else Trigger.ENFORCE
    return Decision(ticket=on, trigger=trigger, due_at=now, reason="the policy was found on the target")


def _in_force(ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    now = situation.now
    if ticket.state is State.ATTACHED:
        reached = (ticket.progress.deactivated_at or now) + situation.policy.timing.propagation
        if now < reached:
            return common.stay(ticket, due_at=reached, reason="the policy is reaching all of AWS")
        return Decision(ticket=ticket, trigger=Trigger.WATCH, due_at=now, reason="the policy is on everywhere")
    if ticket.progress.keep is not None:
        return _kept(ticket, situation)
    return _watched(ticket, sight, situation)


def _kept(ticket: Ticket, situation: Situation) -> Decision:
    """End a ticket whose policy a person decided to keep."""
    policy, now = situation.policy, situation.now
    by = ticket.progress.keep and ticket.progress.keep.by
    progress = replace(
        ticket.progress,
        end_request=effects.written(ticket).attach_request,
        confirm_by=now + policy.timing.confirm_within,
        waiting_for=(),
    )
    kept = replace(ticket, progress=progress, confirmation=Confirmation.PENDING)
    headline = f"the guardrail on {target_of(ticket.username)} is kept, as decided by {by}"
    return Decision(
        ticket=kept,
        trigger=Trigger.REMEDIATE,
        resolution=Resolution.KEPT,
        due_at=now + policy.proof_after(ticket.workflow),
        notices=notices.tell(NoticeKind.REMEDIATED, kept, policy, now, headline=headline),
        reason=headline,
    )


def _watched(ticket: Ticket, sight: Sight, situation: Situation) -> Decision:
    """Take in what this look found to be denied, and tell people of it; nothing is concluded from it but by them."""
    now, policy = situation.now, situation.policy
    if sight.denials is None:
        return common.stay(ticket, due_at=now, reason="CloudTrail is to be searched")
    signals = tuple(signal for event in sight.denials.events if (signal := _signal(event, ticket)) is not None)
    fresh = _first_of_each(signals, ticket)
    guardrail = replace(effects.of(ticket), watch=sight.denials.watch)
    known = replace(ticket, progress=replace(ticket.progress, guardrail=guardrail))
    known = common.remembered(known, fresh)
    told: tuple[Notice, ...] = ()
    if fresh and not ticket.progress.signals:
        headline, sentences = "the guardrail denies calls", [signal.sentence for signal in fresh]
        told = notices.tell(
            NoticeKind.ATTENTION, known, policy, now, headline=headline, reasons=sentences, once="denials"
        )
    due_at, reason = _next_look(known, situation)
    return Decision(
        ticket=known,
        due_at=due_at,
        notices=told,
        events=common.journal(fresh, now),
        reason=reason,
    )


def _next_look(ticket: Ticket, situation: Situation) -> tuple[datetime, str]:
    now, watch = situation.now, effects.of(ticket).watch
    if watch is not None and watch.asked:
        return now, "CloudTrail is being searched for what the guardrail denies"
    if watched_to_the_end(ticket, situation.policy):
        return now + situation.policy.timing.recheck, "waiting for a person to keep the guardrail or roll it back"
    ends = ticket.progress.window_ends_at or now
    last = ends + situation.policy.of(ticket.workflow).delivery_lag
    following = now + situation.policy.timing.poll
    return (min(following, last) if last > now else now), "CloudTrail is searched for what the guardrail denies"


def _signal(event: TrailEvent, ticket: Ticket) -> Signal | None:
    """Return what an event means: a call that the policy denied; None for any other, and for one that says what else denied it.

    A message may be cut off, missing, or name no cause: people are told of one denial too many rather than of one too few.
    """
    since = ticket.progress.deactivated_at
    denied = event.error_code in _DENIED or (event.error_code or "").endswith("AccessDenied")
    by_other = any(cause in (event.error_message or "") for cause in _BY_OTHERS)
    if since is None or event.at < since or not denied or by_other:
        return None
    who = event.username or event.principal or "somebody"
    mark = f"{event.principal or event.username}:{event.source}:{event.name}"
    sentence = f"{event.name} ({event.source}) was denied to {who}"
    return Signal(kind=SignalKind.DENIED, sentence=sentence, at=event.at, event=event, mark=mark)


def _first_of_each(signals: tuple[Signal, ...], ticket: Ticket) -> tuple[Signal, ...]:
    """Return one signal for each caller and call that the ticket does not carry yet: an application repeats itself."""
    known = {signal.mark for signal in ticket.progress.signals}
    return tuple({signal.mark: signal for signal in reversed(signals) if signal.mark not in known}.values())[::-1]
