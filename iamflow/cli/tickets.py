"""``iamflow ticket``: what people read. What they do to tickets is in ``steer``."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, TicketRef, noun, opened
from iamflow.cli.render.out import Output, note
from iamflow.domain.states import State

if TYPE_CHECKING:
    from datetime import datetime

    from iamflow.cli.render.tables import Listing
    from iamflow.domain.ids import TicketId
    from iamflow.domain.journal import Event
    from iamflow.domain.ticket import Ticket
    from iamflow.engine.ports import Store, TicketFilter
    from iamflow.engine.queries import Why

app = noun("Remediations under way: read them, and steer them.")

_PAGE = 500
_ON_A_SCREEN = 100


@app.command("list")
def list_tickets(
    ctx: typer.Context,
    *,
    state: Annotated[
        list[State] | None, typer.Option("--state", help="Only tickets in this state; may be given several times.")
    ] = None,
    workflow: Annotated[str | None, typer.Option("--workflow", metavar="W", help="Only this workflow.")] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="A", help="Only this account (id or name).")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="U", help="Only this user's tickets.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="ADDRESS", help="Only this owner's tickets.")] = None,
    ended: Annotated[bool, typer.Option("--all", help="Ended tickets too.")] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="NUMBER", min=1, help="At most so many; 100 for a table, otherwise all."),
    ] = None,
    after: Annotated[
        int | None,
        typer.Option("--after", metavar="NUMBER", min=0, help="Only tickets after this number: the next page."),
    ] = None,
    output: AsOutput = Output.TABLE,
) -> None:
    """List tickets, by number."""
    from iamflow.cli.render.tables import show
    from iamflow.domain.ids import TicketId
    from iamflow.engine.ports import TicketFilter

    if workflow is not None:
        from iamflow.workflows.registry import current

        current(workflow)  # a name that there is not would look like a workflow without tickets
    which = TicketFilter(
        states=frozenset(item.value for item in state or ()),
        workflow=workflow,
        account=account,
        user=user,
        owner=owner,
        include_ended=ended,
    )
    most = limit if limit is not None else _ON_A_SCREEN if output is Output.TABLE else None
    with opened(ctx) as app_:
        page = _Page(_pages(app_.store, which, TicketId(after) if after is not None else None), most)
        show(_listing(app_.clock.now()), page, output)
        if page.has_more():
            note(f"there are more: add --after {page.last}" + ("" if limit is not None else ", or --limit NUMBER"))


class _Page:
    """At most so many of a stream of tickets, which knows afterwards whether there would have been more."""

    def __init__(self, tickets: "Iterator[Ticket]", most: int | None) -> None:
        self._tickets = tickets
        self._most = most
        self.last: TicketId | None = None

    def __iter__(self) -> "Iterator[Ticket]":
        for ticket in islice(self._tickets, self._most):
            self.last = ticket.id
            yield ticket

    def has_more(self) -> bool:
        return next(self._tickets, None) is not None


def _pages(store: "Store", which: "TicketFilter", after: "TicketId | None") -> "Iterator[Ticket]":
    """Yield all tickets, page by page, so that no transaction stays open while they are shown."""
    while page := store.tickets(which, limit=_PAGE, after=after):
        yield from page
        after = page[-1].id


def _listing(now: "datetime") -> "Listing[Ticket]":
    from iamflow.cli.render.tables import Column, Listing
    from iamflow.cli.render.ticket import FIELDS, ticket_record

    return Listing(
        columns=(
            Column(title="ID", cell=lambda ticket: str(ticket.id), whole=True),
            Column(title="STATE", cell=lambda ticket: ticket.state.value, style=_style, whole=True),
            Column(title="WORKFLOW", cell=lambda ticket: ticket.workflow, whole=True),
            Column(title="ACCOUNT", cell=lambda ticket: ticket.account_name or ticket.account_id),
            Column(title="USER", cell=lambda ticket: ticket.username),
            Column(title="KEY", cell=lambda ticket: ticket.access_key_id or "-", whole=True),
            Column(title="DUE", cell=lambda ticket: _due(ticket, now), whole=True),
            Column(title="NOTE", cell=_remark, drawn_most=_REMARK),
        ),
        fields=FIELDS,
        record=ticket_record,
        empty="no such tickets (--all shows ended ones too)",
    )


_STYLES = {
    State.AWAITING_APPROVAL: "yellow",
    State.ON_HOLD: "yellow",
    State.BLOCKED: "red",
    State.BROWNOUT: "magenta",
    State.DEACTIVATED: "magenta",
    State.MONITORING: "magenta",
    State.EXEMPT: "blue",
    State.DELETED: "green",
    State.RESOLVED: "green",
    State.ROLLED_BACK: "bold red",
}


def _style(ticket: "Ticket") -> str:
    return _STYLES.get(ticket.state, "")


def _due(ticket: "Ticket", now: "datetime") -> str:
    """Return in how long something happens by itself: the deadline that runs, else the next look."""
    from iamflow.cli.render.words import relative

    running = ticket.deadline if ticket.state in {State.NOTIFIED, State.MONITORING} else None
    at = running or ticket.due_at
    return relative(at, now) if at is not None else "-"


_REMARK = 90
"""Characters of a remark where a list is drawn; the whole of it: ``iamflow ticket why``."""


def _remark(ticket: "Ticket") -> str:
    """Return the one thing about a ticket that a person should know first."""
    progress = ticket.progress
    if ticket.ended:
        return _ending(ticket)
    if ticket.wanted is not None:
        return "rollback wanted"
    if ticket.state is State.EXEMPT:
        return progress.exempt_reason or ""
    if ticket.state is State.AWAITING_APPROVAL and progress.approval_reasons:
        return "; ".join(progress.approval_reasons)
    return ticket.blocked_reason or "; ".join(progress.waiting_for)


def _ending(ticket: "Ticket") -> str:
    """Return how a ticket ended and whether CloudTrail has confirmed it; for a rollback, what it was for."""
    parts = [
        ticket.resolution.value if ticket.resolution else "",
        ticket.confirmation.value if ticket.confirmation else "",
    ]
    told = ", ".join(part for part in parts if part)
    if ticket.state is not State.ROLLED_BACK:
        return told
    asked = ticket.wanted_by
    reasons = [signal.sentence for signal in ticket.progress.signals] or [
        asked.comment or f"asked by {asked.by}" if asked else ""
    ]
    return f"{told}: {reasons[0]}" if reasons[0] else told


@app.command("show")
def show_ticket(ctx: typer.Context, ref: TicketRef, output: AsOutput = Output.TABLE) -> None:
    """Show one ticket as a change record: finding, owner, impact, plan, what comes next and when."""
    from iamflow.cli.render.change_record import sections, title
    from iamflow.cli.render.data import emit_csv, emit_json
    from iamflow.cli.render.record import show_record
    from iamflow.cli.render.ticket import SHOW_FIELDS, Shown, shown_record

    with opened(ctx) as app_:
        ticket = app_.store.ticket(ref)
        case = app_.store.case(ticket.id)
        shown = Shown(
            ticket=ticket,
            approvals=case.approvals,
            policy=app_.settings.policy(),
            now=app_.clock.now(),
            enforced=case.enforced_since is not None,
        )
        match output:
            case Output.JSON:
                emit_json(shown_record(shown))
            case Output.CSV:
                emit_csv([shown_record(shown)], SHOW_FIELDS)
            case Output.TABLE:
                show_record(title(shown), sections(shown))


@app.command("history")
def history(ctx: typer.Context, ref: TicketRef, output: AsOutput = Output.TABLE) -> None:
    """Show everything that happened to a ticket, from its journal."""
    from iamflow.cli.render.history import told
    from iamflow.cli.render.tables import Column, Listing, show
    from iamflow.cli.render.ticket import EVENT_FIELDS, event_record
    from iamflow.cli.render.words import utc

    listing: Listing[Event] = Listing(
        columns=(
            Column(title="SEQ", cell=lambda event: str(event.seq), whole=True),
            Column(title="AT", cell=lambda event: utc(event.at), whole=True),
            Column(title="ACTOR", cell=lambda event: event.actor),
            Column(title="KIND", cell=lambda event: event.kind, whole=True),
            Column(title="WHAT", cell=told),
        ),
        fields=EVENT_FIELDS,
        record=event_record,
    )
    with opened(ctx) as app_:
        show(listing, app_.store.history(app_.store.ticket(ref).id), output)


@app.command("why")
def why(ctx: typer.Context, ref: TicketRef, output: AsOutput = Output.TABLE) -> None:
    """Tell every reason why a ticket's next step is not taken now, from a fresh reading of AWS."""
    from iamflow.cli.render.data import emit_csv, emit_json
    from iamflow.cli.render.reasons import REFUSAL_FIELDS, headline, reasons, refusal_records, why_record
    from iamflow.cli.render.record import show_record
    from iamflow.engine import queries

    with opened(ctx) as app_:
        answer: Why = queries.why(app_.engine(), ref)
        match output:
            case Output.JSON:
                emit_json(why_record(answer))
            case Output.CSV:
                emit_csv(refusal_records(answer), REFUSAL_FIELDS)
            case Output.TABLE:
                show_record(headline(answer), reasons(answer, app_.clock.now()))
