"""What ``enforce-mfa`` must read before it decides."""

from datetime import timedelta

from iamflow.domain.decision import Case, Look, Sight
from iamflow.domain.facts import UserReading
from iamflow.domain.states import Confirmation, State
from iamflow.workflows.shared.course import ready
from iamflow.workflows.workflow import Situation

_NOTHING: frozenset[Look] = frozenset()
_RIGHTS_LAST = timedelta(hours=1)
"""How long what the user's policies say is good enough: reading them all takes many calls."""


def wants(case: Case, sight: Sight, situation: Situation) -> frozenset[Look]:
    """Return what must still be read; asked again until it wants nothing more."""
    ticket = case.ticket
    if ticket.ended:
        pending = ticket.confirmation is Confirmation.PENDING and sight.proof is None
        return frozenset({Look.PROOF}) if pending else _NOTHING
    if ticket.state is State.EXEMPT:
        return _NOTHING
    if sight.user is None:
        return frozenset({Look.USER})
    about_to_act = not ticket.is_denied and ready(case, situation.now) and situation.policy.acts_in(ticket.account_id)
    if about_to_act and sight.rights is None and _holds(sight.user) and _is_stale(case, situation):
        return frozenset({Look.RIGHTS})
    return _NOTHING


def _holds(reading: UserReading) -> bool:
    return reading.user_id is not None and bool(reading.console) and not reading.mfa


def _is_stale(case: Case, situation: Situation) -> bool:
    enrolment = case.ticket.progress.enrolment
    return enrolment is None or not situation.now - _RIGHTS_LAST < enrolment.at <= situation.now
