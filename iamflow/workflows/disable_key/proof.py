"""Which event of CloudTrail proves that a ticket ended as it says."""

from iamflow.domain.evidence import TrailEvent
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket


def proves(event: TrailEvent, ticket: Ticket) -> bool:
    """Return whether the event is the successful call that ended the ticket.

    By the call and the key that it was about; whose call it was is for ``shared.proof`` to tell.
    """
    if not ticket.key_was_deactivated:
        return _proves_lift(event, ticket)
    expected = "DeleteAccessKey" if ticket.state is State.DELETED else "UpdateAccessKey"
    if event.name != expected or event.error_code is not None or event.target_key_id != ticket.access_key_id:
        return False
    return ticket.state is not State.ROLLED_BACK or event.new_status in {None, "Active"}


def _proves_lift(event: TrailEvent, ticket: Ticket) -> bool:
    """Return whether the event is the call that removed the brown-out's deny, with which a ticket that never got further ends."""
    brownout = ticket.progress.brownout
    if brownout is None or event.name != "DeleteUserPolicy" or event.error_code is not None:
        return False
    return (event.target_user, event.target_policy) == (ticket.username, brownout.policy)
