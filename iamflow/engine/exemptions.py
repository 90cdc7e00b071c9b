"""Standing exemptions: granting and ending them, and what they mean for a ticket that the engine looks at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.exemption import LONGEST, Covered, Exemption, NewExemption, Subject, covering
from iamflow.domain.facts import Finding
from iamflow.domain.ids import ExemptionId
from iamflow.domain.notice import NoticeKind
from iamflow.domain.policy import Policy
from iamflow.domain.rule_settings import RuleName
from iamflow.domain.states import PAUSED, State, Trigger
from iamflow.domain.subject import About
from iamflow.domain.ticket import Ticket
from iamflow.engine.ports import StoredFinding
from iamflow.engine.steer import Desk
from iamflow.workflows import registry
from iamflow.workflows.shared import notices
from iamflow.workflows.workflow import Situation, Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """An exemption that a person asks for."""

    covers: Covered
    until: datetime
    reason: str


def add(desk: Desk, wish: Wish) -> Exemption:
    """Grant an exemption in this person's name.

    Raises ``RefusedError`` for one that has no reason, no end within a year, or covers everybody, and ``NotAuthorisedError``
    for whoever may not approve.
    """
    _require_authority(desk)
    now = desk.clock.now()
    if not wish.reason.strip():
        message = "an exemption needs a reason (--reason)"
        raise RefusedError(message)
    if not now < wish.until <= now + LONGEST:
        message = f"an exemption must end in the future, and within a year: not on {wish.until:%Y-%m-%d %H:%M} UTC"
        raise RefusedError(message)
    if not wish.covers.names_somebody:
        message = (
            "this would exempt everybody: name some account, user, key or tag (to stop everything: iamflow freeze on)"
        )
        raise RefusedError(message)
    if wish.covers.workflow is not None and wish.covers.workflow not in {one.name for one in registry.WORKFLOWS}:
        message = f"there is no workflow {wish.covers.workflow}: iamflow workflow list"
        raise RefusedError(message)
    return desk.store.add_exemption(
        NewExemption(covers=wish.covers, until=wish.until, reason=wish.reason, by=desk.person, at=now)
    )


def end(desk: Desk, exemption_id: ExemptionId) -> Exemption:
    """End an exemption before its time; its tickets open again at their next look.

    Raises ``NotFoundError``, ``RefusedError`` for one that is over, and ``NotAuthorisedError`` for whoever may not approve.
    """
    _require_authority(desk)
    return desk.store.end_exemption(exemption_id, by=desk.person, at=desk.clock.now())


def _require_authority(desk: Desk) -> None:
    person, allowed = desk.person, desk.policy.approvers
    if not person.known:
        message = "nobody can be told to have said so: neither a login user nor an AWS principal is known"
        raise NotAuthorisedError(message)
    if allowed is not None and not ({person.os, person.sts} & allowed):
        message = f"{person} is in none of approvers.groups"
        raise NotAuthorisedError(message)


def applied(decision: Decision, case: Case, sight: Sight, situation: Situation, workflow: Workflow) -> Decision:
    """Return the decision as an exemption changes it: nothing is begun, and of what was begun people are told."""
    ticket = case.ticket
    over = ticket.ended or decision.resolution is not None or workflow.about is About.TARGET
    if not situation.exemptions or over or ticket.state is State.EXEMPT or ticket.state in PAUSED:
        return decision
    tags: Mapping[str, str] | None = sight.user.tags if sight.user is not None else None
    found = covering(situation.exemptions, Subject.of(ticket), tags, situation.now)
    if found is None or _matters_more(decision):
        return decision
    if not ticket.is_replaced and workflow.table.allows(ticket, Trigger.EXEMPT):
        return _exempted(decision, ticket, found)
    begun = ticket.took_access or ticket.is_replaced or ticket.state is State.BROWNOUT
    return _told(decision, ticket, found, situation, workflow) if begun else decision


_ABOUT_NOTICES = frozenset({"no_owner", "notice_failed"})


def _matters_more(decision: Decision) -> bool:
    """Return whether a decision stands in spite of an exemption: what is given back, and what must not be iamflow's to touch.

    That nobody can be told is of no concern where there is nothing to tell.
    """
    if decision.effect is not None:
        return decision.effect.kind.undoes
    return decision.trigger is Trigger.BLOCK and decision.ticket.blocked_code not in _ABOUT_NOTICES


def _exempted(decision: Decision, ticket: Ticket, found: Exemption) -> Decision:
    """Return the decision to leave the subject alone. What was learned stays; what was about to be said is not said."""
    progress = replace(
        ticket.progress,
        exempt_until=found.until,
        exempt_reason=f"exemption {found.id} by {found.by}: {found.reason}",
        exemption=found.id,
        waiting_for=(),
    )
    return Decision(
        ticket=replace(
            ticket,
            facts=decision.ticket.facts,
            user_id=decision.ticket.user_id,
            owner=decision.ticket.owner,
            deadline=None,
            progress=progress,
        ),
        trigger=Trigger.EXEMPT,
        due_at=found.until,
        reason=f"{in_words(found)}: {found.reason}",
    )


def _told(decision: Decision, ticket: Ticket, found: Exemption, situation: Situation, workflow: Workflow) -> Decision:
    """Hold a ticket that had begun when the exemption was granted, once, and tell people; one that cannot be held is told of."""
    if found.id in ticket.progress.exemptions_told:
        return decision
    kept = decision.ticket if decision.effect is None else ticket
    told = replace(kept, progress=replace(kept.progress, exemptions_told=(*kept.progress.exemptions_told, found.id)))
    headline = (
        f"{in_words(found)} covers it, and it had begun before: give back what was taken "
        f"(iamflow ticket rollback {ticket.id}), or let it go on (iamflow ticket resume {ticket.id})"
    )
    once = f"exemption-{found.id}"
    letters = notices.tell(NoticeKind.ATTENTION, told, situation.policy, situation.now, headline=headline, once=once)
    if decision.trigger is not None and decision.effect is None:
        return replace(decision, ticket=told, notices=(*decision.notices, *letters))
    holds = workflow.table.allows(ticket, Trigger.HOLD)
    return Decision(
        ticket=replace(told, blocked_reason=headline) if holds else told,
        trigger=Trigger.HOLD if holds else None,
        due_at=situation.now + situation.policy.timing.poll,
        notices=(*decision.notices, *letters),
        events=decision.events,
        reason=headline,
    )


def exempt(running: Sequence[Exemption], workflow: str | None, finding: Finding, now: datetime) -> Exemption | None:
    """Return the exemption that covers the subject of a finding, as far as that is known without the user's tags."""
    if not running:
        return None
    subject = Subject(
        account_id=finding.account_id,
        account_name=finding.account_name,
        username=finding.username,
        key_id=finding.key_id,
        workflow=workflow,
    )
    return covering(running, subject, None, now)


def of_finding(stored: StoredFinding, running: Sequence[Exemption], policy: Policy, now: datetime) -> Exemption | None:
    """Return the exemption that covers the subject of a finding that is listed, under the workflow that would deal with it."""
    finding = stored.finding
    rules = policy.rules.at_intake(finding.account_id, finding.account_name)
    return exempt(running, rules.opened_by(RuleName(stored.rule)), finding, now)


def in_words(found: Exemption) -> str:
    """Return an exemption as people are told of it."""
    return f"exemption {found.id} ({found.covers.in_words}) until {found.until:%Y-%m-%d %H:%M} UTC, by {found.by}"
