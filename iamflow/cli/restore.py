"""``iamflow ticket restore``: bring back a deleted user, at once where that is possible."""

from typing import TYPE_CHECKING

import typer

from iamflow.cli.context import TicketRef, Yes, confirm, opened
from iamflow.cli.render.out import note, say

if TYPE_CHECKING:
    from iamflow.bootstrap import Application
    from iamflow.domain.ticket import Ticket


def restore(ctx: typer.Context, ref: TicketRef, yes: Yes = False) -> None:
    """Make a deleted user again from its snapshot, as far as AWS allows, and say what cannot come back."""
    from iamflow.cli.render.words import account
    from iamflow.engine import restoring
    from iamflow.workflows.restore_user import cannot_come_back

    with opened(ctx) as app:
        deleted = app.store.ticket(ref)
        confirm(f"restore user {deleted.username} in {account(deleted.account_name, deleted.account_id)}?", yes=yes)
        ticket = restoring.restore(app.desk(), ref)
        say(f"ticket {ticket.id}: user {ticket.username} is to be restored from ticket {deleted.id}")
        after = _carry_out(app, ticket)
        say(f"ticket {after.id}: it is {after.state.value}{_waiting(after)}")
        say("what cannot come back:")
        for what in cannot_come_back(after):
            say(f"  {what}")


def _carry_out(app: "Application", ticket: "Ticket") -> "Ticket":
    from iamflow.domain.errors import IamflowError
    from iamflow.engine import restoring
    from iamflow.engine.outbox import deliver

    with app.engine_lock() as held:
        if not held:
            note("another iamflow process is the engine of this database: it will do it at its next pass")
            return ticket
        engine = app.engine()
        after = restoring.carry_out(engine, ticket)
        try:
            deliver(engine, app.channels)
        except IamflowError as error:
            note(f"the notices wait for the next pass: {error}")
    return after


def _waiting(ticket: "Ticket") -> str:
    reason = ticket.blocked_reason or "; ".join(ticket.progress.waiting_for)
    return f": {reason}" if reason and not ticket.ended else ""
