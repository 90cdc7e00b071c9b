"""``iamflow import`` and ``iamflow finding``: from reports to tickets, and who is affected."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, Format, noun, opened
from iamflow.cli.render.out import Output, note
from iamflow.cli.render.progress import Progress, progress_bar

if TYPE_CHECKING:
    from iamflow.bootstrap import Application
    from iamflow.domain.exemption import Exemption
    from iamflow.engine.follow_up import Followed
    from iamflow.engine.ports import FileReport, StoredFinding

app = noun("What the audits found.")

LEADS_AT_ONCE = 2000
"""How many leads an import looks into before it leaves the rest to the daemon."""

_S3 = "s3://"


def register(top: typer.Typer) -> None:
    """Add ``iamflow import``."""
    top.command("import")(import_files)


def import_files(
    ctx: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="Reports that an audit wrote; s3://bucket/prefix is the newest one there."),
    ],
    format_name: Annotated[
        Format, typer.Option("--format", help="What the files are; auto tells it by their content.")
    ] = Format.AUTO,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing; show what would open.")] = False,
    output: AsOutput = Output.TABLE,
) -> None:
    """Take findings from files and open tickets for them; every file is checked whole before anything is stored."""
    from iamflow.cli.render.imported import Imported, tell
    from iamflow.engine.intake import import_report

    with opened(ctx) as app_:
        reports = [_checked(app_, file, format_name) for file in files]
        desk = app_.intake_desk()
        results: list[Imported] = []
        for report, file in zip(reports, files, strict=True):
            with progress_bar(f"importing {_short(file)}") as told:
                result = import_report(desk, report, dry_run=dry_run, progress=_of(told, report.rows))
            results.append(Imported(file=file, name=_short(file), result=result, remarks=tuple(report.remarks)))
        leads = sum(imported.result.leads for imported in results)
        followed = _follow(app_, leads) if leads and not dry_run else None
        tell(results, followed, desk, dry_run=dry_run, output=output)


def _checked(app_: "Application", file: str, format_name: Format) -> "FileReport":
    path, label = Path(file), None
    if file.startswith(_S3):
        with progress_bar(f"copying {file}") as told:
            copied = app_.copy_report(file, told)
        for newer in copied.passed_over:
            note(f"{newer} is newer, and passed over: it is no report that iamflow can read")
        path, label = copied.path, copied.label
    with progress_bar(f"checking {_short(file)}") as told:
        return app_.open_report(path, format_name.value, told, label=label)


def _follow(app_: "Application", leads: int) -> "Followed":
    with progress_bar("reading AWS") as told:
        return app_.follow_leads(lambda done: told(min(done, leads), leads), limit=LEADS_AT_ONCE)


def _short(file: str) -> str:
    return file if file.startswith(_S3) else Path(file).name


def _of(told: Progress, rows: int) -> Callable[[int], None]:
    return lambda done: told(done, rows)


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
    """List who is affected by what the newest reports say, with the ticket that deals with it, and what waits for AWS."""
    from iamflow.cli.render.finding import listing, rows
    from iamflow.cli.render.tables import show
    from iamflow.domain.encoding import for_log
    from iamflow.domain.rule_settings import RuleName

    if rule is not None and rule not in set(RuleName):
        message = f"there is no rule {for_log(rule)}: use one of {', '.join(RuleName)}"
        raise typer.BadParameter(message)
    with opened(ctx) as app_:
        found = app_.store.findings(rule=rule, account=account)
        waiting = app_.store.waiting_leads(rule=rule, account=account)
        show(listing(), rows(found, waiting, _exempt(app_), app_.clock.now()), output)


def _exempt(app_: "Application") -> "Callable[[StoredFinding], Exemption | None]":
    """Return what tells which standing exemption covers a finding, as far as that is known without its user's tags."""
    from iamflow.engine.exemptions import of_finding

    now, policy = app_.clock.now(), app_.policy
    running = app_.store.exemptions(running_at=now)
    return lambda stored: of_finding(stored, running, policy, now)
