"""``iamflow scan``: every account looked through live, and tickets for what is found."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, opened
from iamflow.cli.render.out import Output, complain, note, say
from iamflow.cli.render.progress import progress_bar
from iamflow.domain.ids import AccountId

if TYPE_CHECKING:
    from datetime import datetime

    from iamflow.cli.render.tables import Listing
    from iamflow.domain.facts import Finding
    from iamflow.engine.scan import AccountScan

_COUNTS = ("findings", "opened", "existing", "rejected", "exempt", "suppressed")

SCAN_FIELDS = (
    "account_id",
    "account_name",
    "result",
    "reason",
    "report_generated_at",
    "report_age_seconds",
    "users",
    "flagged",
    *_COUNTS,
)

_ACCOUNT = re.compile(r"[0-9]{12}")


def register(top: typer.Typer) -> None:
    """Add the command."""
    top.command("scan")(scan)


def _accounts(texts: list[str] | None) -> list[str] | None:
    wrong = next((text for text in texts or () if _ACCOUNT.fullmatch(text) is None), None)
    if wrong is not None:
        message = f"{wrong[:80]!r} is no account id: it takes 12 digits"
        raise typer.BadParameter(message)
    return texts


def scan(
    ctx: typer.Context,
    account: Annotated[
        list[str] | None,
        typer.Option(
            "--account",
            metavar="ID",
            callback=_accounts,
            help="Only this account; may be given several times. All that the settings choose, otherwise.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing; show what would open.")] = False,
    write_report: Annotated[
        str | None,
        typer.Option(
            "--write-report",
            metavar="DIR",
            help="Also leave what was seen as the audit tool's own files, in a folder or under s3://bucket/prefix.",
        ),
    ] = None,
    output: AsOutput = Output.TABLE,
) -> None:
    """Look through the accounts live and open tickets for what is found; exits 1 when an account could not be looked through."""
    with opened(ctx) as app_:
        selection = app_.select_accounts([AccountId(one) for one in account or ()])
        if selection.remark is not None:
            note(f"iamflow: {selection.remark}")
        with progress_bar("scanning accounts") as told:
            done = app_.scan(selection, dry_run=dry_run, report=write_report, progress=told)
        found = done.accounts
        _tell(found, done.files, app_.clock.now(), dry_run=dry_run, output=output)
    if done.problem is not None:
        raise done.problem
    failed = [one for one in found if one.result == "failed"]
    if failed:
        complain(f"{len(failed)} of {len(found)} accounts could not be scanned: nothing of them was taken for clean")
        raise typer.Exit(1)


def _tell(
    found: "Sequence[AccountScan]", files: Sequence[str], now: "datetime", *, dry_run: bool, output: Output
) -> None:
    from iamflow.cli.render.data import emit_csv, emit_json

    records = [_record(one, now) for one in found]
    match output:
        case Output.JSON:
            document: dict[str, object] = {name: sum(getattr(one.intake, name) for one in found) for name in _COUNTS}
            document |= {"dry_run": dry_run, "accounts": records, "files": list(files)}
            if dry_run:
                document["would_open"] = [_would_open(*pair) for one in found for pair in one.intake.would_open]
            emit_json(document)
        case Output.CSV:
            emit_csv(records, SCAN_FIELDS)
        case Output.TABLE:
            _tell_people(found, files, now, dry_run=dry_run)


def _record(one: "AccountScan", now: "datetime") -> dict[str, object]:
    made, known = one.generated_at, one.generated_at is not None
    return {
        "account_id": one.account.account_id,
        "account_name": one.account.name,
        "result": one.result,
        "reason": one.reason,
        "report_generated_at": made,
        "report_age_seconds": max(round((now - made).total_seconds()), 0) if made is not None else None,
        "users": one.users if known else None,
        "flagged": one.flagged if known else None,
    } | {name: getattr(one.intake, name) if known else None for name in _COUNTS}


def _would_open(workflow: str, finding: "Finding") -> dict[str, object]:
    return {
        "workflow": workflow,
        "account_id": finding.account_id,
        "account_name": finding.account_name,
        "username": finding.username,
        "access_key_id": finding.key_id,
    }


def _tell_people(found: "Sequence[AccountScan]", files: Sequence[str], now: "datetime", *, dry_run: bool) -> None:
    from iamflow.cli.render.tables import show

    show(_summary(now, dry_run=dry_run), found, Output.TABLE)
    for one in found:
        if one.reason is not None:
            say(f"{one.result} {_named(one)}: {one.reason}")
        for finding, reason in one.intake.refusals:
            what = f"{finding.key_id} of {finding.username}" if finding.key_id is not None else finding.username
            say(f"refused: {what} in {finding.account_name}: {reason}")
    if dry_run:
        show(_planned(), [pair for one in found for pair in one.intake.would_open], Output.TABLE)
    for file in files:
        say(f"written: {file}")


def _summary(now: "datetime", *, dry_run: bool) -> "Listing[AccountScan]":
    from iamflow.cli.render.tables import Column, Listing

    return Listing(
        columns=(
            Column(title="ACCOUNT", cell=_named),
            Column(title="RESULT", cell=lambda one: one.result.value, whole=True),
            Column(title="REPORT AGE", cell=lambda one: _age(one, now), whole=True),
            Column(title="USERS", cell=lambda one: _count(one, one.users), whole=True),
            Column(title="FLAGGED", cell=lambda one: _count(one, one.flagged), whole=True),
            Column(
                title="WOULD OPEN" if dry_run else "OPENED", cell=lambda one: _count(one, one.intake.opened), whole=True
            ),
            Column(title="UNDER WAY", cell=lambda one: _count(one, one.intake.existing), whole=True),
            Column(title="REFUSED", cell=lambda one: _count(one, one.intake.rejected), whole=True),
            Column(title="EXEMPT", cell=lambda one: _count(one, one.intake.exempt), whole=True),
            Column(title="CLOSED LATELY", cell=lambda one: _count(one, one.intake.suppressed), whole=True),
        ),
        fields=(),
        record=lambda _: {},
    )


def _planned() -> "Listing[tuple[str, Finding]]":
    from iamflow.cli.render.tables import Column, Listing

    return Listing(
        columns=(
            Column(title="WORKFLOW", cell=lambda pair: pair[0], whole=True),
            Column(title="KEY", cell=lambda pair: pair[1].key_id or "-", whole=True),
            Column(title="USER", cell=lambda pair: pair[1].username),
            Column(title="ACCOUNT", cell=lambda pair: f"{pair[1].account_name} ({pair[1].account_id})"),
        ),
        fields=(),
        record=lambda _: {},
        empty="no ticket would open",
    )


def _named(one: "AccountScan") -> str:
    account = one.account
    return account.account_id if account.name in {"", account.account_id} else f"{account.name} ({account.account_id})"


def _count(one: "AccountScan", number: int) -> str:
    """Return a number of an account that was looked through; of any other, nothing is known."""
    return str(number) if one.generated_at is not None else "-"


def _age(one: "AccountScan", now: "datetime") -> str:
    from iamflow.cli.render.words import duration

    return duration(now - one.generated_at) if one.generated_at is not None else "-"
