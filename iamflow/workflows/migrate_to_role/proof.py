"""Which event of CloudTrail proves that a ticket ended as it says."""

from iamflow.domain.evidence import TrailEvent
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket


def proves(event: TrailEvent, ticket: Ticket) -> bool:
    """Return whether the event is the successful call that ended the ticket.

    By the call, among the events that name the key or the role; whose call it was is for ``shared.proof`` to tell. A rollback
    ends with the deletion of the role.
    """
    if event.error_code is not None:
        return False
    if ticket.state is State.ROLLED_BACK:
        return event.name == "DeleteRole"
    return event.name == "DeleteAccessKey" and event.target_key_id == ticket.access_key_id
