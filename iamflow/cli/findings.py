"""``iamflow import`` and ``iamflow finding``: from reports to tickets, and who is affected."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, Format, noun, opened
from iamflow.cli.render.out import Output, say
from iamflow.cli.render.progress import Progress, progress_bar
from iamflow.domain.facts import LastUse, RootFacts, created_of, last_use_of

if TYPE_CHECKING:
    from iamflow.bootstrap import Application
    from iamflow.cli.render.tables import Listing
    from iamflow.domain.exemption import Exemption
    from iamflow.domain.facts import Finding
    from iamflow.engine.intake import Intake
    from iamflow.engine.ports import Report, StoredFinding
    from iamflow.engine.steer import Desk

app = noun("What the audits found.")

_COUNTS = ("rows", "findings", "opened", "existing", "rejected", "exempt", "suppressed")

FIELDS = (
    "account_id",
    "account_name",
    "username",
    "access_key_id",
    "created_at",
    "age_days",
    "last_used_at",
    "service",
    "rule",
    "ticket",
    "exempt",
)


def register(top: typer.Typer) -> None:
    """Add ``iamflow import``."""
    top.command("import")(import_files)


def import_files(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Reports that an audit wrote.")],
    format_name: Annotated[
        Format, typer.Option("--format", help="What the files are; auto tells it by their columns.")
    ] = Format.AUTO,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing; show what would open.")] = False,
    output: AsOutput = Output.TABLE,
) -> None:
    """Take findings from files and open tickets for them; every file is checked whole before anything is stored."""
    from iamflow.engine.intake import import_report

    with opened(ctx) as app_:
        reports = [_checked(app_, path, format_name) for path in files]
        results: list[tuple[Path, Intake]] = []
        desk = app_.intake_desk()
        for path, report in zip(files, reports, strict=True):
            with progress_bar(f"importing {path.name}") as told:
                results.append((path, import_report(desk, report, dry_run=dry_run, progress=_of(told, report.rows))))
        _tell(results, desk, dry_run=dry_run, output=output)


def _checked(app_: "Application", path: Path, format_name: Format) -> "Report":
    with progress_bar(f"checking {path.name}") as told:
        return app_.open_report(path, format_name.value, told)


def _of(told: Progress, rows: int) -> Callable[[int], None]:
    return lambda done: told(done, rows)


def _tell(results: "Sequence[tuple[Path, Intake]]", desk: "Desk", *, dry_run: bool, output: Output) -> None:
    from iamflow.cli.render.data import emit_csv, emit_json

    totals = {name: sum(getattr(result, name) for _, result in results) for name in _COUNTS}
    files = [{"file": str(path)} | {name: getattr(result, name) for name in _COUNTS} for path, result in results]
    match output:
        case Output.JSON:
            document: dict[str, object] = {**totals, "dry_run": dry_run, "files": files}
            if dry_run:
                now = desk.clock.now()
                document["would_open"] = [
                    _finding_record(finding, now) | {"workflow": workflow}
                    for _, r in results
                    for workflow, finding in r.would_open
                ]
            emit_json(document)
        case Output.CSV:
            emit_csv(files, ("file", *_COUNTS))
        case Output.TABLE:
            _tell_people(results, desk, dry_run=dry_run)


def _tell_people(results: "Sequence[tuple[Path, Intake]]", desk: "Desk", *, dry_run: bool) -> None:
    from iamflow.cli.render.tables import Column, Listing, show
    from iamflow.cli.render.words import account

    for path, result in results:
        opened_ = "would open" if dry_run else "opened"
        say(
            f"{path.name}: {result.rows} rows, {result.findings} findings: {result.opened} {opened_}, "
            f"{result.existing} already under way, {result.rejected} refused by rule, {result.exempt} exempt, "
            f"{result.suppressed} closed recently"
        )
        for finding, reason in result.refusals:
            what = f"{finding.key_id} of {finding.username}" if finding.key_id is not None else finding.username
            say(f"  refused: {what} in {finding.account_name}: {reason}")
    if not dry_run:
        return
    now = desk.clock.now()
    columns: Sequence[Column[tuple[str, Finding]]] = (
        Column(title="WORKFLOW", cell=lambda pair: pair[0], whole=True),
        Column(title="KEY", cell=lambda pair: pair[1].key_id or "-", whole=True),
        Column(title="USER", cell=lambda pair: pair[1].username),
        Column(title="ACCOUNT", cell=lambda pair: account(pair[1].account_name, pair[1].account_id)),
        Column(title="AGE", cell=lambda pair: _age_in_words(pair[1], now), whole=True),
        Column(title="LAST USED", cell=lambda pair: _last_use(pair[1], now)),
    )
    listing: Listing[tuple[str, Finding]] = Listing(
        columns=columns, fields=(), record=lambda _: {}, empty="no ticket would open"
    )
    show(listing, [pair for _, result in results for pair in result.would_open], Output.TABLE)


@app.command("list")
def list_findings(
    ctx: typer.Context,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="R", help="Only this rule, such as key-too-old.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="A", help="Only this account (id or name).")
    ] = None,
    output: AsOutput = Output.TABLE,
) -> None:
    """List who is affected by what the newest reports say, with the ticket that deals with it."""
    from iamflow.cli.render.tables import show

    with opened(ctx) as app_:
        exempt = _exempt(app_)
        show(_listing(app_.clock.now(), exempt), app_.store.findings(rule=rule, account=account), output)


def _exempt(app_: "Application") -> "Callable[[StoredFinding], Exemption | None]":
    """Return what tells which standing exemption covers a finding, as far as that is known without its user's tags."""
    from iamflow.engine.exemptions import of_finding

    now, policy = app_.clock.now(), app_.policy
    running = app_.store.exemptions(running_at=now)
    return lambda stored: of_finding(stored, running, policy, now)


def _listing(now: datetime, exempt: "Callable[[StoredFinding], Exemption | None]") -> "Listing[StoredFinding]":
    def standing(stored: "StoredFinding") -> str:
        found = exempt(stored) if stored.ticket_id is None else None
        return f"exempt ({found.id})" if found is not None else str(stored.ticket_id or "-")

    def number(stored: "StoredFinding") -> int | None:
        found = exempt(stored)
        return found.id if found is not None else None

    from iamflow.cli.render.tables import Column, Listing

    return Listing(
        columns=(
            Column(title="KEY", cell=lambda stored: stored.finding.key_id or "-", whole=True),
            Column(title="USER", cell=lambda stored: stored.finding.username),
            Column(title="ACCOUNT", cell=lambda stored: stored.finding.account_name or stored.finding.account_id),
            Column(title="AGE", cell=lambda stored: _age_in_words(stored.finding, now), whole=True),
            Column(title="LAST USED", cell=lambda stored: _last_use(stored.finding, now)),
            Column(title="RULE", cell=lambda stored: stored.rule, whole=True),
            Column(title="TICKET", cell=standing, whole=True),
        ),
        fields=FIELDS,
        record=lambda stored: (
            _finding_record(stored.finding, now)
            | {"rule": stored.rule, "ticket": stored.ticket_id, "exempt": number(stored)}
        ),
        empty="no findings (iamflow import FILE)",
    )


def _finding_record(finding: "Finding", now: datetime) -> dict[str, object]:
    use = last_use_of(finding.facts) or LastUse()
    return {
        "account_id": finding.account_id,
        "account_name": finding.account_name,
        "username": finding.username,
        "access_key_id": finding.key_id,
        "created_at": created_of(finding.facts),
        "age_days": _age(finding, now),
        "last_used_at": use.at,
        "service": use.service,
    }


def _age(finding: "Finding", now: datetime) -> int | None:
    created_at = created_of(finding.facts)
    return (now - created_at).days if created_at is not None else None


def _age_in_words(finding: "Finding", now: datetime) -> str:
    days = _age(finding, now)
    return f"{days} d" if days is not None else "-"


def _last_use(finding: "Finding", now: datetime) -> str:
    from iamflow.cli.render.words import when

    if isinstance(finding.facts, RootFacts):
        return when(finding.facts.last_login, now) or "never, or no data"
    use = last_use_of(finding.facts) or LastUse()
    return f"{when(use.at, now)} {use.service or ''}".strip() if use.at is not None else "never, or no data"
