"""``iamflow ticket plan``: what would be made so that an application needs no key, and what a person says to it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, TicketRef, opened
from iamflow.cli.dates import day_or_time
from iamflow.cli.render.out import Output, say
from iamflow.domain.blueprint import Scenario

if TYPE_CHECKING:
    from iamflow.bootstrap import Application
    from iamflow.domain.ticket import Ticket
    from iamflow.engine.migrate import Said


def plan(
    ctx: typer.Context,
    ref: TicketRef,
    *,
    scenario: Annotated[
        Scenario | None, typer.Option("--scenario", help="Where the application runs. The plan is then made anew.")
    ] = None,
    resource: Annotated[
        list[str] | None,
        typer.Option(
            "--resource",
            metavar="R",
            help="What is to take the role: an ARN, or the name or id of what was found; may be given several times.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source", metavar="ARN", help="cross-account: the role that the application has in its own account."
        ),
    ] = None,
    issuer: Annotated[
        str | None, typer.Option("--issuer", metavar="I", help="ci-oidc: github, gitlab, or the issuer's https URL.")
    ] = None,
    audience: Annotated[
        str | None, typer.Option("--audience", metavar="A", help="ci-oidc: the audience of the pipeline's tokens.")
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(
            "--subject", metavar="S", help="ci-oidc: which pipelines, such as repo:ORG/REPO:ref:refs/heads/main."
        ),
    ] = None,
    narrow: Annotated[
        bool | None,
        typer.Option("--narrow/--no-narrow", help="Whether the role may do only what CloudTrail showed of the key."),
    ] = None,
    not_before: Annotated[
        datetime | None,
        typer.Option(
            "--not-before", metavar="DATE", parser=day_or_time, help="Make nothing before this day (UTC) or ISO time."
        ),
    ] = None,
    terraform: Annotated[bool, typer.Option("--terraform", help="Write the plan as Terraform.")] = False,
    output: AsOutput = Output.TABLE,
) -> None:
    """Show the plan of a ticket that leads to a role; with --scenario, say how the application runs."""
    from iamflow.engine import migrate

    details = (resource, source, issuer, audience, subject, narrow)
    if scenario is None and any(value is not None for value in details):
        message = "say --scenario too: what it takes depends on it"
        raise typer.BadParameter(message)
    with opened(ctx) as app:
        ticket = app.store.ticket(ref)
        if not_before is not None:
            ticket = migrate.postpone(app.desk(), ref, not_before)
        if scenario is not None:
            said = migrate.Said(
                scenario=scenario,
                resources=tuple(resource or ()),
                source=source,
                issuer=issuer,
                audience=audience,
                subject=subject,
                narrow=narrow,
            )
            _choose(app, ticket, said)
        elif not_before is not None:
            say(f"ticket {ticket.id}: nothing is made before {not_before:%Y-%m-%d %H:%M} UTC")
        else:
            _show(app, ticket, output, terraform=terraform)


def _choose(app: "Application", ticket: "Ticket", said: "Said") -> None:
    from iamflow.engine import migrate

    desk = app.desk()
    chosen = migrate.choose(desk, str(ticket.id), migrate.understood(desk, ticket, said))
    then = f"the plan is made at the next look (iamflow ticket plan {chosen.id})"
    say(f"ticket {chosen.id}: {said.scenario.value} is recorded; {then}")


def _show(app: "Application", ticket: "Ticket", output: Output, *, terraform: bool) -> None:
    from iamflow.cli.render.data import emit_csv, emit_json
    from iamflow.cli.render.migration import PLAN_FIELDS, plan_record, plan_sections, plan_title
    from iamflow.cli.render.out import emit
    from iamflow.cli.render.record import show_record
    from iamflow.domain.errors import RefusedError
    from iamflow.workflows.migrate_to_role.terraform import text

    migration = ticket.migration
    if ticket.workflow != "migrate-to-role":
        message = f"ticket {ticket.id} ({ticket.workflow}) leads to no role: there is no plan (iamflow ticket show {ticket.id})"
        raise RefusedError(message)
    if terraform:
        if migration is None or migration.blueprint is None:
            message = f"ticket {ticket.id} has no plan yet: iamflow ticket plan {ticket.id} says why"
            raise RefusedError(message)
        emit(text(migration.blueprint).rstrip("\n"))
        return
    match output:
        case Output.JSON:
            emit_json(plan_record(ticket))
        case Output.CSV:
            emit_csv([plan_record(ticket)], PLAN_FIELDS)
        case Output.TABLE:
            show_record(plan_title(ticket), plan_sections(ticket, app.clock.now()))
