"""What ``rotate-key`` must read before it decides. CloudTrail is asked as rarely as is still right."""

from iamflow.domain.decision import Case, Look, Sight
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.rotation import Rotation, strangers
from iamflow.domain.states import Confirmation, State
from iamflow.domain.waits import DAY
from iamflow.workflows.rotate_key import issued
from iamflow.workflows.rotate_key.strays import of_others
from iamflow.workflows.shared import watch
from iamflow.workflows.shared.course import ready
from iamflow.workflows.workflow import Situation

_NOTHING: frozenset[Look] = frozenset()


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
    if ticket.key_was_deactivated:
        return watch.wants(ticket, sight.user, sight, situation)
    return _old_key_works(case, sight.user, sight, situation)


def _old_key_works(case: Case, reading: UserReading, sight: Sight, situation: Situation) -> frozenset[Look]:
    rotation = case.ticket.progress.rotation
    if rotation is not None and sight.origin is None and _whose(case, rotation, reading, situation):
        return frozenset({Look.ORIGIN})
    if rotation is not None and rotation.new_key is not None:
        return _both_work(case, reading, sight, situation)
    about_to_issue = ready(case, situation.now) and situation.policy.acts_in(case.ticket.account_id)
    return frozenset({Look.QUOTA}) if about_to_issue and sight.quota is None else _NOTHING


def _whose(case: Case, rotation: Rotation, reading: UserReading, situation: Situation) -> bool:
    """Return whether it matters who made a key that appeared: before another one is made, and before a rollback ends."""
    undoes = case.ticket.wanted is not None or rotation.given_back
    before = rotation.new_key is None and ready(case, situation.now)
    found = strangers(rotation, reading, case.ticket.progress.acknowledged, of_others(case))
    return rotation.made and bool(found) and (undoes or before)


def _both_work(case: Case, reading: UserReading, sight: Sight, situation: Situation) -> frozenset[Look]:
    ticket = case.ticket
    key = reading.key(ticket.access_key_id)
    if key is None or key.status is not KeyStatus.ACTIVE or not situation.policy.acts_in(ticket.account_id):
        return _NOTHING
    stale = ticket.baseline is None or situation.now - ticket.baseline.taken_at > DAY
    about_to_act = issued.waits_for_adoption(case) and issued.adopted(ticket, reading, situation)
    return frozenset({Look.BASELINE}) if about_to_act and stale and sight.baseline is None else _NOTHING
