"""What ``disable-key`` must read before it decides. CloudTrail is asked as rarely as is still right.

One baseline before the deactivation and one final sweep after the window; in between, polls read only IAM, and CloudTrail
is asked who and where from once IAM shows that something happened (DESIGN 8.4).
"""

from iamflow.domain.brownout import Brownout, Deny, Lack, deny_in, lack
from iamflow.domain.decision import Case, Look, Sight
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.signals import from_brownout
from iamflow.domain.states import PAUSED, Confirmation, State
from iamflow.domain.ticket import Ticket
from iamflow.domain.waits import DAY
from iamflow.workflows.disable_key.brownout import names_nobody_until
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
    if ticket.progress.brownout is not None:
        missing = _browned_out(ticket, ticket.progress.brownout, sight, situation)
        if missing or ticket.is_denied:
            return missing
    return _before(case, sight.user, sight, situation)


def _before(case: Case, reading: UserReading, sight: Sight, situation: Situation) -> frozenset[Look]:
    ticket = case.ticket
    key = reading.key(ticket.access_key_id)
    if key is None or key.status is not KeyStatus.ACTIVE or not situation.policy.acts_in(ticket.account_id):
        return _NOTHING
    about_to_act = ready(case, situation.now)
    stale = ticket.baseline is None or situation.now - ticket.baseline.taken_at > DAY
    return frozenset({Look.BASELINE}) if about_to_act and stale and sight.baseline is None else _NOTHING


def _browned_out(ticket: Ticket, brownout: Brownout, sight: Sight, situation: Situation) -> frozenset[Look]:
    """Ask CloudTrail who and where from once IAM shows a use or a missing deny, and for everything once it is over."""
    reading, policy = sight.user, situation.policy
    if reading is None or reading.user_id is None:
        return _NOTHING
    used = bool(from_brownout((), reading, ticket, policy.timing.propagation))
    gone = brownout.lifted_at is None and deny_in(reading.policies, ticket.id) is Deny.ABSENT
    if (used or gone) and sight.reactions is None:
        return frozenset({Look.REACTIONS})
    lacks = lack(brownout, policy.of(ticket.workflow).brownout, policy.excused)
    delivered = brownout.lifted_at is not None and (
        situation.now >= brownout.lifted_at + policy.of(ticket.workflow).delivery_lag
    )
    unnamed = names_nobody_until(ticket, brownout, situation) is not None
    unsearched = not used and lacks in {Lack.NOT_SWEPT, Lack.OTHER_REGIONS} and ticket.state not in PAUSED
    due = delivered and (unsearched or unnamed)
    return frozenset({Look.BROWNOUT}) if due and sight.brownout is None else _NOTHING
