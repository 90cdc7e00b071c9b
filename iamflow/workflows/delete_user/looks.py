"""What ``delete-user`` must read before it decides. CloudTrail is asked as rarely as is still right."""

from iamflow.domain.decision import Case, Look, Sight
from iamflow.domain.facts import UserReading
from iamflow.domain.signals import DECISIVE
from iamflow.domain.states import PAUSED, Confirmation, State
from iamflow.domain.ticket import Ticket
from iamflow.domain.user_signals import from_reading
from iamflow.domain.waits import DAY
from iamflow.workflows.delete_user import giving_back
from iamflow.workflows.delete_user.effects import is_deleting
from iamflow.workflows.delete_user.subject import has_more
from iamflow.workflows.shared.course import ready
from iamflow.workflows.shared.watch import sweep_is_due
from iamflow.workflows.workflow import Situation

_NOTHING: frozenset[Look] = frozenset()


def wants(case: Case, sight: Sight, situation: Situation) -> frozenset[Look]:
    """Return what must still be read; asked again until it wants nothing more."""
    ticket = case.ticket
    if ticket.ended:
        return _once(Look.PROOF, sight) if ticket.confirmation is Confirmation.PENDING else _NOTHING
    if ticket.state is State.EXEMPT:
        return _NOTHING
    if sight.user is None:
        return frozenset({Look.USER})
    is_the_one = sight.user.user_id is not None and ticket.user_id in {None, sight.user.user_id}
    return _of_user(case, sight.user, sight, situation) if is_the_one else _NOTHING


def _of_user(case: Case, reading: UserReading, sight: Sight, situation: Situation) -> frozenset[Look]:
    ticket = case.ticket
    if not ticket.key_was_deactivated:
        return _before(case, sight, situation)
    if is_deleting(ticket):
        return _once(Look.SNAPSHOT, sight) if has_more(ticket, reading) else _NOTHING
    return _after(ticket, reading, sight, situation)


def _once(look: Look, sight: Sight) -> frozenset[Look]:
    return frozenset({look}) if getattr(sight, look.value) is None else _NOTHING


def _before(case: Case, sight: Sight, situation: Situation) -> frozenset[Look]:
    """Take the baseline and the snapshot right before the quarantine is proposed."""
    ticket = case.ticket
    if ticket.state in PAUSED or not situation.policy.acts_in(ticket.account_id) or not ready(case, situation.now):
        return _NOTHING
    stale = ticket.baseline is None or situation.now - ticket.baseline.taken_at > DAY
    return (_once(Look.BASELINE, sight) if stale else _NOTHING) or _once(Look.SNAPSHOT, sight)


def _after(ticket: Ticket, reading: UserReading, sight: Sight, situation: Situation) -> frozenset[Look]:
    seen = from_reading(reading, ticket, situation.policy.timing.propagation)
    decisive = any(signal.kind in DECISIVE for signal in seen)
    if giving_back.wanted(ticket) or decisive:
        named = giving_back.wanted(ticket) or sight.reactions is not None
        done = giving_back.is_done(ticket, reading)
        return (_NOTHING if named else _once(Look.REACTIONS, sight)) or (
            _once(Look.SNAPSHOT, sight) if done else _NOTHING
        )
    if seen and ticket.state not in PAUSED:
        return _once(Look.REACTIONS, sight)
    if sweep_is_due(ticket, situation):
        missing = _once(Look.FINAL_SWEEP, sight)
        if missing:
            return missing
    watched = ticket.state in {State.MONITORING, State.AWAITING_APPROVAL}
    return _once(Look.SNAPSHOT, sight) if watched and has_more(ticket, reading) else _NOTHING
