"""Bringing a deleted user back: a ticket of its own, with its own intents and journal, from the snapshot of the first."""

from iamflow.domain.errors import RefusedError
from iamflow.domain.facts import UserFacts
from iamflow.domain.states import State
from iamflow.domain.ticket import NewTicket, Ticket
from iamflow.engine.admission import actor_of
from iamflow.engine.deps import Engine
from iamflow.engine.runner import act_at_once
from iamflow.engine.steer import Desk, require_authority
from iamflow.workflows import registry

_LOOKS = 100
"""How often a restoration is looked at in one command at most, a handful of looks each time."""


def restore(desk: Desk, ref: str) -> Ticket:
    """Open the ticket that restores the user whom this ticket deleted.

    Raises ``RefusedError`` where no user was deleted, the snapshot was removed by retention, or the user has an open
    ticket; ``NotAuthorisedError`` where this person may not approve what the ticket did.
    """
    deleted = desk.store.ticket(ref)
    if deleted.state is not State.DELETED or deleted.access_key_id is not None:
        message = (
            f"ticket {deleted.id} ({deleted.workflow}, {deleted.state.value}) has deleted no user: nothing to restore"
        )
        raise RefusedError(message)
    if deleted.snapshot is None:
        message = (
            f"the snapshot of ticket {deleted.id} was removed by retention: what the user had is not known any more"
        )
        raise RefusedError(message)
    require_authority(desk, deleted)
    current, now, before = registry.current("restore-user"), desk.clock.now(), deleted.snapshot
    new = NewTicket(
        workflow=current.name,
        workflow_version=current.table.version,
        account_id=deleted.account_id,
        account_name=deleted.account_name,
        username=deleted.username,
        requester=desk.person,
        facts=UserFacts(
            console=before.login_profile,
            mfa=bool(before.mfa),
            password_last_used=None,
            key_last_used=None,
            created_at=before.created_at,
            as_of=now,
            source=f"ticket {deleted.id}",
        ),
        opened_at=now,
        due_at=now,
        parent_id=deleted.id,
        snapshot=before,
    )
    opened = desk.store.open_new([new], actor_of(desk.person))
    if not opened:
        message = (
            f"the user {deleted.username} has an open ticket already (iamflow ticket list --user {deleted.username})"
        )
        raise RefusedError(message)
    return opened[0]


def carry_out(engine: Engine, ticket: Ticket) -> Ticket:
    """Restore as far as it goes now, and return the ticket as it is then: ended, or waiting for something."""
    for _ in range(_LOOKS):
        after = act_at_once(engine, ticket.id)
        if after.ended or after.due_at is None or after.due_at > engine.now():
            return after
    return after
