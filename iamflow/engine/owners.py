"""Who is told about whom: the owners of the users with open tickets, and the users without one."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from iamflow.domain.ids import AccountId, TicketId
from iamflow.domain.subject import About
from iamflow.domain.ticket import Owner, Ticket
from iamflow.engine.ports import QueryStore, TicketFilter
from iamflow.workflows import registry

_PAGE = 500


class Ownership(StrEnum):
    """What is known of who owns a user."""

    KNOWN = "known"
    DEFAULT = "default"
    """Only an address that stands for everybody is told, which is nobody in particular."""
    MISSING = "missing"
    """Nobody can be told."""
    UNREAD = "unread"
    """AWS has not been read yet: the daemon must look at the ticket first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owned:
    """A user, or an account's root user, with an open ticket, and who is told about it."""

    account_id: AccountId
    account_name: str
    username: str
    owner: Owner | None
    status: Ownership
    ticket_id: TicketId
    """The first of the open tickets."""


def owners(store: QueryStore, account: str | None = None) -> Iterator[Owned]:
    """Yield every user with an open ticket, once each, in the order of their tickets; ``account`` is an id or a name."""
    seen: set[tuple[AccountId, str]] = set()
    which, after = TicketFilter(account=account), None
    while page := store.tickets(which, limit=_PAGE, after=after):
        after = page[-1].id
        for ticket in page:
            user = (ticket.account_id, str(ticket.username))
            if user not in seen and not _about_a_target(ticket):
                seen.add(user)
                yield _owned(ticket)


def _about_a_target(ticket: Ticket) -> bool:
    workflow = registry.of_version(ticket.workflow, ticket.workflow_version)
    return workflow is not None and workflow.about is About.TARGET


def _owned(ticket: Ticket) -> Owned:
    return Owned(
        account_id=ticket.account_id,
        account_name=ticket.account_name,
        username=ticket.username,
        owner=ticket.owner,
        status=_status(ticket),
        ticket_id=ticket.id,
    )


def _status(ticket: Ticket) -> Ownership:
    if ticket.owner is not None:
        return Ownership.DEFAULT if ticket.owner.source == "default" else Ownership.KNOWN
    return Ownership.MISSING if ticket.facts.source == "live" else Ownership.UNREAD
