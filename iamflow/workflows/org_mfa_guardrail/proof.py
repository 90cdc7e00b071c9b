"""Which event of CloudTrail proves that a ticket ended as it says."""

from iamflow.domain.evidence import TrailEvent
from iamflow.domain.ticket import Ticket
from iamflow.workflows.org_mfa_guardrail import effects

_SOURCE = "organizations.amazonaws.com"


def proves(event: TrailEvent, ticket: Ticket) -> bool:
    """Return whether the event is the successful call by which the policy that was kept came, or the other one went.

    By the call and the policy's id; whose call it was is for ``shared.proof`` to tell.
    """
    policy = effects.of(ticket).policy
    if policy is None or event.error_code is not None or event.source != _SOURCE:
        return False
    if event.name != ("AttachPolicy" if policy.removed_at is None else "DeletePolicy"):
        return False
    # An event whose request is known, and that leaves out the policy, is told apart by its request.
    unnamed = event.target_policy is None and event.request_id == ticket.progress.end_request is not None
    return unnamed or (event.target_policy is not None and event.target_policy == policy.policy_id)
