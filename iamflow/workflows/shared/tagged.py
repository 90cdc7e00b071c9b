"""What a user's tags change, once they have been read: a ticket that the rules would not have opened for them waits."""

from dataclasses import replace
from datetime import datetime

from iamflow.domain.decision import Decision
from iamflow.domain.facts import UserReading
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.people import RULES
from iamflow.domain.rule_settings import RuleName
from iamflow.domain.states import State, Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import common
from iamflow.workflows.workflow import Situation

_BEFORE = frozenset({State.OPEN, State.NOTIFIED, State.AWAITING_APPROVAL})
_OF_USERS = {"delete-user": RuleName.USER_UNUSED, "enforce-mfa": RuleName.CONSOLE_WITHOUT_MFA}


def spared(ticket: Ticket, reading: UserReading | None, situation: Situation, *, renewed: Ticket) -> Decision | None:
    """Return the decision to wait where an override by tags spares the user, or None.

    Nobody is told meanwhile. A ticket whose owner had been told already begins anew (``renewed``) once its time comes. A
    person who opened a ticket by hand knows better than a rule.
    """
    if ticket.requester != RULES or ticket.state not in _BEFORE or reading is None:
        return None
    found = _sentence(ticket, reading, situation)
    if found is None:
        return None
    sentence, until = found
    if ticket.state is not State.OPEN:
        return Decision(ticket=renewed, trigger=Trigger.RENOTIFY, due_at=situation.now, reason=sentence)
    later = situation.now + situation.policy.timing.recheck
    due_at = later if until is None else min(later, until)
    told = (sentence,)
    event = NewEvent(kind=EventKind.RULE, actor=common.DAEMON, at=situation.now, detail={"sentence": sentence})
    return Decision(
        ticket=replace(ticket, progress=replace(ticket.progress, waiting_for=told)),
        due_at=due_at,
        events=() if ticket.progress.waiting_for == told else (event,),
        reason=sentence,
    )


def _sentence(ticket: Ticket, reading: UserReading, situation: Situation) -> tuple[str, datetime | None] | None:
    """Return why the user is spared, and until when at least; None for a user who is not."""
    rules = situation.policy.rules
    override = rules.override_for(ticket.account_id, ticket.account_name, reading.tags)
    rule = _rule(ticket, reading, situation)
    if override is None or not override.tags or rule is None:
        return None
    own = rules.of(ticket.account_id, ticket.account_name, reading.tags)
    if own.opened_by(rule) is None:
        return f"{rule.value} is not applied to {override.where} (rules.overrides)", None
    key = reading.key(ticket.access_key_id)
    if key is not None:
        until, setting = key.created_at + own.max_key_age, "max_key_age"
    elif rule is RuleName.USER_UNUSED and (since := last_sign_of_life(reading)) is not None:
        until, setting = since + own.unused_after, "unused_after"
    else:
        return None
    if situation.now > until:
        return None
    return f"{rule.value} applies to {override.where} from {until:%Y-%m-%d} on (rules.overrides: {setting})", until


def _rule(ticket: Ticket, reading: UserReading, situation: Situation) -> RuleName | None:
    """Return the rule under which the settings deal with the ticket's subject now."""
    if ticket.access_key_id is None:
        return _OF_USERS.get(ticket.workflow)
    used = reading.last_use.at if reading.last_use is not None else None
    recently = used is not None and used > situation.now - situation.policy.rules.recent_use
    return RuleName.KEY_IN_USE if recently else RuleName.KEY_TOO_OLD


def last_sign_of_life(reading: UserReading) -> datetime | None:
    """Return the latest of: sign-in, use of a key, making of a key, making of the user."""
    uses = [use.at for use in (reading.uses or {}).values()]
    made = [key.created_at for key in reading.keys]
    times = (reading.created_at, reading.password_last_used, *uses, *made)
    return max((at for at in times if at is not None), default=None)
