"""Decisions while no policy of iamflow's is on the user."""

from dataclasses import replace

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.facts import LIVE, LastUse, UserFacts, UserReading
from iamflow.domain.merging import joined
from iamflow.domain.notice import NoticeKind
from iamflow.domain.plan import digest_of
from iamflow.domain.require_mfa import Enrolment, MfaPolicy, is_missing, left_behind
from iamflow.domain.rights import cannot_enrol
from iamflow.domain.states import Resolution, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.enforce_mfa import effects
from iamflow.workflows.shared import common
from iamflow.workflows.shared.course import Course
from iamflow.workflows.shared.key_subject import hands_off, owner_of
from iamflow.workflows.workflow import Situation


def learn(ticket: Ticket, reading: UserReading, situation: Situation) -> Ticket:
    """Put what AWS says on the ticket. The first live reading settles which user the ticket is about."""
    uses = [use.at for use in (reading.uses or {}).values() if use.at is not None]
    last_used = max(uses, default=None)
    facts = UserFacts(
        console=bool(reading.console),
        mfa=bool(reading.mfa),
        password_last_used=reading.password_last_used,
        key_last_used=last_used,
        created_at=reading.created_at,
        as_of=reading.read_at,
        source=LIVE,
    )
    known = replace(ticket, user_id=ticket.user_id or reading.user_id, facts=joined(facts, ticket.facts))
    return replace(
        known,
        owner=owner_of(ticket, reading, situation),
        plan_digest=digest_of(known, reading, situation.policy) or ticket.plan_digest,
        progress=replace(ticket.progress, last_use=LastUse(at=last_used)),
    )


def dealt_with(reading: UserReading) -> tuple[Resolution, str] | None:
    """Return how and why no MFA device is asked of the user any more."""
    if reading.mfa:
        return Resolution.MFA_ENABLED, "the user has an MFA device"
    if reading.console is False:
        return Resolution.NO_CONSOLE, "the user has no console password any more"
    return None


def left_over(case: Case, sight: Sight, situation: Situation) -> Decision | None:
    """Propose to take away the ticket's own policy where the ticket does not know of it, as after a restored backup."""
    reading, ticket = sight.user, case.ticket
    if reading is None or reading.user_id is None or reading.user_id != ticket.user_id:
        return None
    found = left_behind(reading, ticket.id)
    if found is None:
        return None
    reason = f"the policy {found.name} of this ticket is on the user, and the ticket does not know of it"
    return Decision(ticket=ticket, effect=effects.removing(ticket, found), due_at=situation.now, reason=reason)


def _ended(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[Resolution, str] | None:  # noqa: ARG001 - the course's signature
    reading = common.required(sight.user)
    if reading.user_id is None:
        return Resolution.USER_GONE, "the user does not exist any more"
    same = ticket.user_id in {None, reading.user_id}
    return dealt_with(reading) if same else None


def _learn(ticket: Ticket, sight: Sight, situation: Situation) -> Ticket:
    return learn(ticket, common.required(sight.user), situation)


def _forbidden(ticket: Ticket, sight: Sight, situation: Situation) -> tuple[str, str] | None:
    return hands_off(ticket, common.required(sight.user), situation)


def _propose(case: Case, ticket: Ticket, sight: Sight, situation: Situation) -> Decision:  # noqa: ARG001 - the course's signature
    reading, now = common.required(sight.user), situation.now
    if sight.rights is not None:
        looked = Enrolment(at=now, lacking=cannot_enrol(sight.rights))
        ticket = replace(ticket, progress=replace(ticket.progress, enrolment=looked))
    wanted = effects.wanted(ticket, situation.policy)
    if is_missing(reading, wanted):
        reason = f"the account has no policy {wanted.name} yet"
        return Decision(ticket=ticket, effect=effects.making(ticket, wanted), due_at=now, reason=reason)
    found = reading.managed.get(wanted.name)
    wanted = wanted if found is None else replace(wanted, arn=found.arn)
    begun = replace(ticket.progress, mfa_policy=MfaPolicy(shape=wanted, since=now))
    return Decision(
        ticket=replace(ticket, progress=begun),
        effect=effects.putting(ticket, wanted),
        trigger=Trigger.ENFORCE,
        due_at=now,
        reason="the grace period is over",
    )


COURSE = Course(
    notice=NoticeKind.MFA_REQUIRED,
    first_step="policy was put on the user",
    ended=_ended,
    learn=_learn,
    forbidden=_forbidden,
    propose=_propose,
)
