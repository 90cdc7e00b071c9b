"""Decisions about a root user: tell the account's contact, remind, tell the security team, and see that it was put right.

Only a person who can sign in as the root user can act, so that no ticket of this workflow ever proposes an effect.
"""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Case, Decision, Look, Sight
from iamflow.domain.facts import LIVE, RootFacts
from iamflow.domain.merging import joined
from iamflow.domain.notice import NoticeKind
from iamflow.domain.root import AccountReading
from iamflow.domain.states import Resolution, State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import common, course, notices
from iamflow.workflows.shared.course import Course
from iamflow.workflows.shared.key_subject import owner_by
from iamflow.workflows.workflow import Situation

ESCALATED = "security-team"
"""The reminder that goes to the security team, once in each round of notices."""

_NOTHING: frozenset[Look] = frozenset()


def wants(case: Case, sight: Sight, situation: Situation) -> frozenset[Look]:  # noqa: ARG001 - every workflow's signature
    """Return what must still be read: the account, live, of every ticket that is not exempt or ended."""
    idle = case.ticket.ended or case.ticket.state is State.EXEMPT
    return _NOTHING if idle or sight.account is not None else frozenset({Look.ACCOUNT})


def decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    """Decide about one ticket."""
    ticket = case.ticket
    if ticket.ended:
        return common.stay(ticket, due_at=None, reason="ended")
    if sight.account is not None and not sight.account.lacking:
        return Decision(
            ticket=_learn(ticket, sight, situation),
            trigger=Trigger.REMEDIATE,
            resolution=Resolution.ROOT_SECURED,
            due_at=None,
            reason="the root user has MFA and no access keys",
        )
    return course.decide(COURSE, case, sight, situation)


def _learn(ticket: Ticket, sight: Sight, situation: Situation) -> Ticket:
    reading = _required(sight)
    facts = RootFacts(
        mfa=reading.root_mfa,
        access_key=reading.root_access_key,
        last_login=None,
        as_of=reading.read_at,
        source=LIVE,
        holds=bool(reading.lacking),
    )
    owner = owner_by(ticket, {}, reading.security_contact, situation)
    return replace(ticket, facts=joined(facts, ticket.facts), owner=owner)


def _required(sight: Sight) -> AccountReading:
    if sight.account is None:
        message = "decided without a reading of the account"
        raise AssertionError(message)
    return sight.account


def _meanwhile(ticket: Ticket, situation: Situation) -> Decision:
    """Remind every ``remind``; a late run sends only the newest reminder that is due, and counts those before it as sent."""
    now, policy = situation.now, situation.policy
    every = policy.root_hygiene.remind
    since = ticket.progress.notified_at or now
    count = max((now - since) // every, 0)
    due_at = _next_look(ticket, since + (count + 1) * every, situation)
    name = f"reminder-{count}"
    if count == 0 or name in ticket.progress.reminders:
        return common.stay(ticket, due_at=due_at, reason="waiting for a person to put the root user right")
    progress = replace(ticket.progress, reminders=(*ticket.progress.reminders, name))
    notice = notices.reminder(ticket, policy, now, name)
    return Decision(
        ticket=replace(ticket, progress=progress),
        due_at=due_at,
        notices=(notice,) if notice is not None else (),
        reason=f"reminder: {name}",
    )


def _next_look(ticket: Ticket, reminder: datetime, situation: Situation) -> datetime:
    """Return when the account is looked at next: once a day in any case, so that the end is seen."""
    looks = [situation.now + situation.policy.timing.recheck, reminder]
    if ticket.deadline is not None and ticket.deadline > situation.now:
        looks.append(ticket.deadline)
    return min(looks)


def _escalate(case: Case, ticket: Ticket, sight: Sight, situation: Situation) -> Decision:  # noqa: ARG001 - the course's signature
    """Tell the security team, once; the reminders go on."""
    if ESCALATED in ticket.progress.reminders:
        return _meanwhile(ticket, situation)
    progress = replace(ticket.progress, reminders=(*ticket.progress.reminders, ESCALATED))
    told = notices.tell(
        NoticeKind.ESCALATED,
        ticket,
        situation.policy,
        situation.now,
        headline="nobody has put the root user right",
        reasons=_required(sight).lacking,
        once=f"escalated:{progress.notice_round}",
    )
    return Decision(
        ticket=replace(ticket, progress=progress),
        due_at=situation.now,
        notices=told,
        reason="the security team is told: nobody has put the root user right in time",
    )


COURSE = Course(
    notice=NoticeKind.ROOT_AT_RISK,
    first_step="word to the security team",
    ended=lambda _ticket, _sight, _situation: None,
    learn=_learn,
    forbidden=lambda _ticket, _sight, _situation: None,
    propose=_escalate,
    meanwhile=_meanwhile,
)
