"""``iamflow ticket``: what people do to tickets."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import (
    Comment,
    TicketRef,
    TicketRefs,
    Yes,
    checked_account,
    checked_key,
    checked_user,
    confirm,
    opened,
)
from iamflow.cli.dates import day_or_time, moment
from iamflow.cli.plan import plan
from iamflow.cli.render.out import complain, say
from iamflow.cli.restore import restore
from iamflow.domain.errors import IamflowError

if TYPE_CHECKING:
    from iamflow.bootstrap import Application
    from iamflow.domain.ticket import Ticket
    from iamflow.engine.steer import Reply

_LONGEST_EXTENSION = 3650
_DIGEST = re.compile(r"[0-9a-fA-F]{12,64}")


def register(app: typer.Typer) -> None:
    """Add these commands to ``iamflow ticket``."""
    for name, command in (
        ("approve", approve),
        ("reject", reject),
        ("hold", hold),
        ("resume", resume),
        ("extend", extend),
        ("exempt", exempt),
        ("rollback", rollback),
        ("restore", restore),
        ("cancel", cancel),
        ("retry", retry),
        ("comment", comment_on),
        ("reply", reply),
        ("open", open_ticket),
        ("plan", plan),
    ):
        app.command(name)(command)


def _digest(text: str | None) -> str | None:
    if text is not None and _DIGEST.fullmatch(text) is None:
        message = "a digest takes at least the 12 characters that iamflow ticket show gives"
        raise typer.BadParameter(message)
    return text


def approve(
    ctx: typer.Context,
    refs: TicketRefs,
    comment: Comment = None,
    digest: Annotated[
        str | None,
        typer.Option(
            "--digest", metavar="DIGEST", callback=_digest, help="The plan that you have seen, as ticket show gives it."
        ),
    ] = None,
    accept_damage: Annotated[
        bool,
        typer.Option("--accept-damage", help="Accept that a guardrail denies what its preview shows; with --comment."),
    ] = False,
    yes: Yes = False,
) -> None:
    """Approve the plans of tickets, as they are shown; a plan that has changed since voids the approval."""
    from iamflow.engine import steer

    if digest is not None and len(refs) != 1:
        message = "--digest stands for the plan of one ticket"
        raise typer.BadParameter(message)
    with opened(ctx) as app:
        tickets = [app.store.ticket(ref) for ref in refs]
        open_ones = [ticket for ticket in tickets if not ticket.ended]
        for ticket in open_ones:
            say(_plan(app, ticket))
        if open_ones:
            confirm(f"approve {'this' if len(open_ones) == 1 else f'these {len(open_ones)}'}?", yes=yes)
        desk = app.desk()

        def one(ticket: "Ticket") -> None:
            # What was shown is what is approved: a plan that changed in between is refused, not approved unseen.
            seen = digest or ticket.plan_digest
            steer.approve(desk, str(ticket.id), comment=comment, digest=seen, accept_damage=accept_damage)
            say(f"ticket {ticket.id}: approved by {desk.person}")

        _each(tickets, one)


def _each(tickets: "list[Ticket]", action: "Callable[[Ticket], None]") -> None:
    """Do it to each; one that is refused does not stop the others, and the first refusal decides the exit code."""
    failed: IamflowError | None = None
    for ticket in tickets:
        try:
            action(ticket)
        except IamflowError as error:
            complain(str(error))
            failed = failed or error
    if failed is not None:
        raise typer.Exit(failed.exit_code)


def _plan(app: "Application", ticket: "Ticket") -> str:
    """Return in one line what an approval of this ticket would allow."""
    from iamflow.domain.plan import remaining_effects
    from iamflow.engine.queries import planned

    effects = planned(ticket, app.settings.policy())
    if ticket.access_key_id is not None:
        effects = ", then ".join(f"{effect.value} ({effect.call})" for effect in remaining_effects(ticket))
    reasons = "; ".join(ticket.progress.approval_reasons)
    digest = f", plan {ticket.plan_digest[:12]}" if ticket.plan_digest else ""
    return f"ticket {ticket.id}: {effects}: {_subject(ticket)}{digest}{f' ({reasons})' if reasons else ''}"


def _subject(ticket: "Ticket") -> str:
    from iamflow.cli.render.words import account

    key = f"{ticket.access_key_id} of " if ticket.access_key_id is not None else ""
    return f"{key}{ticket.username} in {account(ticket.account_name, ticket.account_id)}"


def _told(ticket: "Ticket", what: str) -> None:
    """Say what was done, and where the ticket stands now."""
    say(f"ticket {ticket.id}: {what}; it is {ticket.state.value} ({_subject(ticket)})")


def reject(ctx: typer.Context, ref: TicketRef, comment: Comment = None, yes: Yes = False) -> None:
    """Say no: ends a ticket, or, once something was taken, puts it on hold as it is."""
    from iamflow.engine import steer

    with opened(ctx) as app:
        confirm(f"reject: {_plan(app, app.store.ticket(ref))}?", yes=yes)
        _told(steer.reject(app.desk(), ref, comment=comment), "rejected")


def hold(ctx: typer.Context, ref: TicketRef, comment: Comment = None) -> None:
    """Stop a ticket's clock; what was taken is still watched."""
    from iamflow.engine import steer

    with opened(ctx) as app:
        _told(steer.hold(app.desk(), ref, comment=comment), "held")


def resume(ctx: typer.Context, ref: TicketRef, comment: Comment = None) -> None:
    """Go on with a ticket that is on hold, with at least a day of grace left."""
    from iamflow.engine import steer

    with opened(ctx) as app:
        _told(steer.resume(app.desk(), ref, comment=comment), "resumed")


def extend(
    ctx: typer.Context,
    ref: TicketRef,
    days: Annotated[
        int, typer.Option("--days", metavar="NUMBER", min=1, max=_LONGEST_EXTENSION, help="How many days more.")
    ],
    comment: Comment = None,
) -> None:
    """Add days to the grace period, or to the time that is watched after something was taken."""
    from iamflow.cli.render.words import utc
    from iamflow.engine import steer

    with opened(ctx) as app:
        ticket = steer.extend(app.desk(), ref, days=days, comment=comment)
        until = f" until {utc(ticket.deadline)}" if ticket.deadline is not None else ""
        _told(ticket, f"extended by {days} day{'s' if days > 1 else ''}{until}")


def exempt(
    ctx: typer.Context,
    ref: TicketRef,
    until: Annotated[
        datetime, typer.Option("--until", metavar="DATE", parser=moment, help="The last day (UTC), or an ISO time.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")],
) -> None:
    """Leave a key, user or account alone until a date; the ticket then opens again with a new notice and a whole grace period."""
    from iamflow.cli.render.words import utc
    from iamflow.engine import steer

    with opened(ctx) as app:
        _told(steer.exempt(app.desk(), ref, until=until, reason=reason), f"exempt until {utc(until)}")


def rollback(ctx: typer.Context, ref: TicketRef, comment: Comment = None) -> None:
    """Give back what was taken: at once where that is possible, else it is said who will and how to do it by hand."""
    from iamflow.cli.rollback import act
    from iamflow.engine import steer

    with opened(ctx) as app:
        ticket = steer.rollback(app.desk(), ref, text=comment)
        say(f"ticket {ticket.id}: the rollback is recorded ({_subject(ticket)})")
        act(app, ticket)


def cancel(ctx: typer.Context, ref: TicketRef, comment: Comment = None, yes: Yes = False) -> None:
    """End a ticket before anything was done."""
    from iamflow.engine import steer

    with opened(ctx) as app:
        confirm(f"cancel ticket {ref}: {_subject(app.store.ticket(ref))}?", yes=yes)
        _told(steer.cancel(app.desk(), ref, comment=comment), "cancelled")


def retry(ctx: typer.Context, ref: TicketRef, comment: Comment = None) -> None:
    """Try a blocked ticket again, after what blocked it was dealt with."""
    from iamflow.engine import steer

    with opened(ctx) as app:
        _told(steer.retry(app.desk(), ref, comment=comment), "tried again")


def comment_on(
    ctx: typer.Context,
    ref: TicketRef,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The remark.")],
) -> None:
    """Put a remark on a ticket's record."""
    from iamflow.engine import steer

    with opened(ctx) as app:
        _told(steer.comment(app.desk(), ref, text), "commented")


def reply(
    ctx: typer.Context,
    ref: TicketRef,
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="The owner needs the key: hold the ticket, or give the key back.")
    ] = False,
    migrated: Annotated[
        bool, typer.Option("--migrated", help="The owner has replaced the key; shortens nothing.")
    ] = False,
    go_ahead: Annotated[
        bool, typer.Option("--go-ahead", help="The owner waives the rest of the grace period, and nothing else.")
    ] = False,
    on_behalf_of: Annotated[
        str | None, typer.Option("--on-behalf-of", metavar="ADDRESS", help="Whose answer this is.")
    ] = None,
    comment: Comment = None,
) -> None:
    """Record an owner's answer to a notice; exactly one of --keep, --migrated and --go-ahead."""
    from iamflow.engine.steer import Reply

    given = [
        answer for answer, said in ((Reply.KEEP, keep), (Reply.MIGRATED, migrated), (Reply.GO_AHEAD, go_ahead)) if said
    ]
    if len(given) != 1:
        message = "say exactly one of --keep, --migrated and --go-ahead"
        raise typer.BadParameter(message)
    with opened(ctx) as app:
        _reply(app, ref, given[0], on_behalf_of, comment)


def _reply(app: "Application", ref: str, answer: "Reply", on_behalf_of: str | None, comment: str | None) -> None:
    from iamflow.cli.rollback import act
    from iamflow.domain.states import Wanted
    from iamflow.engine import steer

    ticket = steer.reply(app.desk(), ref, answer, on_behalf_of=on_behalf_of, text=comment)
    _told(ticket, f"the answer '{answer.value}' is recorded")
    if answer is steer.Reply.KEEP and ticket.wanted is Wanted.ROLLBACK:
        act(app, ticket)


def open_ticket(
    ctx: typer.Context,
    *,
    workflow: Annotated[
        str | None, typer.Option("--workflow", metavar="W", help="The workflow, such as disable-key.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="A", callback=checked_account, help="The account's id.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="U", callback=checked_user, help="The IAM user's name.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key", metavar="K", callback=checked_key, help="The whole access key id, where the workflow is about one."
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="T",
            help="The organisational unit (ou-…) or member account, where the workflow is about one.",
        ),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="ID", help="A key's ticket that was rolled back: what used it is to take a role instead."
        ),
    ] = None,
    not_before: Annotated[
        datetime | None,
        typer.Option(
            "--not-before",
            metavar="DATE",
            parser=day_or_time,
            help="With --from: make nothing before this day (UTC) or ISO time.",
        ),
    ] = None,
) -> None:
    """Open a ticket by hand; whoever opens it cannot approve it. By --workflow and --account, or --from another ticket."""
    from iamflow.domain.ids import AccountId, KeyId
    from iamflow.engine.opening import Named, open_by_hand, open_from

    by_name = (workflow, account, user, key, target)
    if (before is not None) is any(value is not None for value in by_name) or (
        before is None and not_before is not None
    ):
        message = "say what the ticket is about (--workflow, --account …), or --from ID, with --not-before if wanted"
        raise typer.BadParameter(message)
    if before is None and (workflow is None or account is None):
        message = "a ticket needs --workflow and --account, or --from ID"
        raise typer.BadParameter(message)
    with opened(ctx) as app:
        if before is not None:
            _told(open_from(app.intake_desk(), before, not_before=not_before), f"opened, to follow ticket {before}")
            return
        named = Named(username=user, key_id=KeyId(key) if key is not None else None, target=target)
        _told(open_by_hand(app.intake_desk(), str(workflow), AccountId(str(account)), named), "opened")
