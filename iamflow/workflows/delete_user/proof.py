"""Which event of CloudTrail proves that a ticket ended as it says."""

from iamflow.domain.evidence import TrailEvent
from iamflow.domain.quarantine import policy_name
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket


def proves(event: TrailEvent, ticket: Ticket) -> bool:
    """Return whether the event is the successful call that ended the ticket.

    By the call and the user that it was about; whose call it was is for ``shared.proof`` to tell.
    """
    expected = "DeleteUser" if ticket.state is State.DELETED else "DeleteUserPolicy"
    if event.name != expected or event.error_code is not None or event.target_user != ticket.username:
        return False
    return expected == "DeleteUser" or event.target_policy == policy_name(ticket.id)
