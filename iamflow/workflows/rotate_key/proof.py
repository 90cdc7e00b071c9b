"""Which event of CloudTrail proves that a ticket ended as it says."""

from iamflow.domain.evidence import TrailEvent
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket


def proves(event: TrailEvent, ticket: Ticket) -> bool:
    """Return whether the event is the successful call that ended the ticket.

    By the call and the key that it was about; whose call it was is for ``shared.proof`` to tell. A rollback
    ended with the deletion of the unused new key, where there was one, else with the old one's reactivation.
    """
    rotation = ticket.progress.rotation
    withdrawn = rotation.withdrawn[-1] if rotation is not None and rotation.withdrawn else None
    name, key_id = "DeleteAccessKey", ticket.access_key_id
    if ticket.state is not State.DELETED:
        name, key_id = ("DeleteAccessKey", withdrawn) if withdrawn is not None else ("UpdateAccessKey", key_id)
    if event.name != name or event.error_code is not None or event.target_key_id != key_id:
        return False
    return name != "UpdateAccessKey" or event.new_status in {None, "Active"}
