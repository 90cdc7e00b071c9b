"""``iamflow finding push``: Security Hub is told how tickets stand, by hand."""

from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, opened
from iamflow.cli.render.out import Output, complain, note, say
from iamflow.domain.encoding import for_terminal

if TYPE_CHECKING:
    from iamflow.engine.hub import Tellings

PUSH_FIELDS = ("sent", "archived", "said", "unchanged", "postponed", "failures", "accounts")
_FAILURE_FIELDS = ("account_id", "ticket_id", "finding_id", "error")


def register(noun: typer.Typer) -> None:
    """Add ``push`` to a noun."""
    noun.command("push")(push)


def push(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Tell of every open ticket again, changed or not.")] = False,
    output: AsOutput = Output.TABLE,
) -> None:
    """Tell AWS Security Hub how tickets stand, in the account of each; exits 1 if it took not all. In mode observe, too."""
    from iamflow.domain.states import Mode

    with opened(ctx) as app_:
        teller = app_.teller()
        app_.aws.require_credentials()
        if everything:
            app_.store.tell_again()
        if app_.policy.mode is Mode.OBSERVE:
            note("mode is observe: Security Hub is told by this command alone, never by the daemon")
        told = teller.tell(by_hand=True)
        _tell(told, output)
        if told.postponed:
            complain(
                f"Security Hub took not all: {told.postponed} to be told again (by this command, or by the daemon)"
            )
            raise typer.Exit(1)


def _tell(told: "Tellings", output: Output) -> None:
    from iamflow.cli.render.data import emit_csv, emit_json

    failures = [{name: getattr(one, name) for name in _FAILURE_FIELDS} for one in told.failures]
    accounts = [{"account_id": account, "error": reason} for account, reason in told.accounts.items()]
    match output:
        case Output.JSON:
            counted = {name: getattr(told, name) for name in PUSH_FIELDS[:-2]}
            emit_json(counted | {"failures": failures, "accounts": accounts})
        case Output.CSV:
            whole = [{"account_id": one["account_id"], "error": one["error"]} for one in accounts]
            emit_csv([*failures, *whole], _FAILURE_FIELDS)
        case Output.TABLE:
            say(
                f"{told.sent} findings told to Security Hub ({told.archived} archived), "
                f"{told.said} workflow statuses set, {told.unchanged} unchanged"
            )
            for one in accounts:
                say(for_terminal(str(one["error"])))
            for one in failures:
                say(for_terminal(f"ticket {one['ticket_id']} in {one['account_id']} was refused: {one['error']}"))
