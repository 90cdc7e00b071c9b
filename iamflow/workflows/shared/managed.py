"""What is different about a user whom infrastructure as code manages (``protect.managed``)."""

from dataclasses import replace

from iamflow.domain.decision import Decision
from iamflow.domain.facts import UserReading
from iamflow.domain.managed import managed_by
from iamflow.domain.policy import Managed
from iamflow.domain.states import Trigger
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared import common
from iamflow.workflows.workflow import Situation


def flagged(ticket: Ticket, reading: UserReading | None, situation: Situation) -> Ticket:
    """Return the ticket with what manages its user, as the tags say now."""
    if reading is None or reading.user_id is None:
        return ticket
    managed = managed_by(reading.tags, situation.policy.protection)
    return ticket if managed == ticket.progress.managed else _with(ticket, managed)


def refused(ticket: Ticket, situation: Situation) -> tuple[str, str] | None:
    """Return why a managed user is passed over, as (code, sentence), where the settings say so."""
    if ticket.progress.managed is None or situation.policy.protection.managed is not Managed.SKIP:
        return None
    return "managed", f"managed by {ticket.progress.managed} (protect.managed: skip): change it there"


def only_told(ticket: Ticket, situation: Situation) -> bool:
    """Return whether the owner is told and nothing else is done."""
    return ticket.progress.managed is not None and situation.policy.protection.managed is Managed.NOTICE


def waiting(ticket: Ticket, situation: Situation, *, renewed: Ticket) -> Decision | None:
    """Return the decision about a ticket whose owner was told, or None where it goes the way of every other.

    An owner who was told that nothing will be done is told anew before anything is, and one who was told of a step is told
    that it will not come.
    """
    only = only_told(ticket, situation)
    if only is not ticket.progress.told_as_managed:
        managed = ticket.progress.managed
        reason = (
            f"managed by {managed}: it is changed there"
            if only
            else "what manages the user, or the setting, has changed"
        )
        return Decision(ticket=renewed, trigger=Trigger.RENOTIFY, due_at=situation.now, reason=reason)
    if not only:
        return None
    due_at = situation.now + situation.policy.timing.recheck
    return common.stay(
        ticket, due_at=due_at, reason=f"managed by {ticket.progress.managed}: changed there, not by iamflow"
    )


def _with(ticket: Ticket, managed: str | None) -> Ticket:
    return replace(ticket, progress=replace(ticket.progress, managed=managed))
