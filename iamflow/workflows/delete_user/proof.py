"""Which event of CloudTrail proves that a ticket ended as it says."""

from iamflow.domain.evidence import TrailEvent
from iamflow.domain.quarantine import policy_name
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket


def proves(event: TrailEvent, ticket: Ticket) -> bool:
    """Return whether the event is the successful call that ended the ticket.

    By request id where AWS's answer was received; after a lost answer, by the call and the user that it was about.
    """
    expected = "DeleteUser" if ticket.state is State.DELETED else "DeleteUserPolicy"
    if event.name != expected or event.error_code is not None or event.target_user != ticket.username:
        return False
    if expected == "DeleteUserPolicy" and event.target_policy != policy_name(ticket.id):
        return False
    last_request = ticket.progress.end_request
    return last_request is None or event.request_id == last_request
