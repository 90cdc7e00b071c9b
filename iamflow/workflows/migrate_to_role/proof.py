"""Which event of CloudTrail proves that a ticket ended as it says."""

from iamflow.domain.evidence import TrailEvent
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket


def proves(event: TrailEvent, ticket: Ticket) -> bool:
    """Return whether the event is the successful call that ended the ticket.

    By request id where AWS's answer was received; after a lost answer, by the call, among the events that name the key or
    the role. A rollback ends with the deletion of the role.
    """
    if event.error_code is not None:
        return False
    if ticket.state is State.ROLLED_BACK:
        named = event.name == "DeleteRole"
    else:
        named = event.name == "DeleteAccessKey" and event.target_key_id == ticket.access_key_id
    last_request = ticket.progress.end_request
    return named and (last_request is None or event.request_id == last_request)
