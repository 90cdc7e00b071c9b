"""Which event of CloudTrail proves that a ticket ended as it says."""

from iamflow.domain.evidence import TrailEvent
from iamflow.domain.require_mfa import How
from iamflow.domain.ticket import Ticket


def proves(event: TrailEvent, ticket: Ticket) -> bool:
    """Return whether the event is the successful call that took the policy from the user.

    By the call, the user and the policy; whose call it was is for ``shared.proof`` to tell.
    """
    policy = ticket.progress.mfa_policy
    if policy is None or event.error_code is not None or event.target_user != ticket.username:
        return False
    wanted = policy.shape
    expected = ("DeleteUserPolicy", wanted.name) if wanted.how is How.INLINE else ("DetachUserPolicy", wanted.arn)
    return (event.name, event.target_policy) == expected
