"""What an import did, told to people and to programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iamflow.cli.render.finding import age_in_words, finding_record, last_use_in_words
from iamflow.cli.render.out import Output, say
from iamflow.domain.facts import Finding
from iamflow.domain.lead import LeadState

if TYPE_CHECKING:
    from iamflow.engine.follow_up import Followed
    from iamflow.engine.intake import Intake
    from iamflow.engine.steer import Desk

_COUNTS = ("rows", "findings", "opened", "existing", "rejected", "exempt", "suppressed", "leads", "seen")
_TAKEN = ("findings", "opened", "existing", "rejected", "exempt", "suppressed")
_REASONS = 5
"""How many of the reasons why leads wait are told; often one account has a hundred."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """One file, as it was named, and what became of it."""

    file: str
    name: str
    """How people are told of it."""
    result: "Intake"
    remarks: tuple[str, ...] = ()


def tell(
    imported: Sequence[Imported], followed: "Followed | None", desk: "Desk", *, dry_run: bool, output: Output
) -> None:
    """Tell what an import did; ``followed`` is what came of the leads that AWS was read for."""
    from iamflow.cli.render.data import emit_csv, emit_json

    files = [_counts(one) for one in imported]
    match output:
        case Output.JSON:
            document: dict[str, object] = {name: sum(int(str(file[name])) for file in files) for name in _COUNTS}
            document |= {"dry_run": dry_run, "files": files, "followed_up": _followed_record(followed)}
            for file, one in zip(files, imported, strict=True):
                file["remarks"] = list(one.remarks)
            if dry_run:
                document["would_open"] = _would_open(imported, desk)
            emit_json(document)
        case Output.CSV:
            emit_csv(files, ("file", *_COUNTS))
        case Output.TABLE:
            _tell_people(imported, followed, desk, dry_run=dry_run)


def _counts(one: Imported) -> dict[str, object]:
    return {"file": one.file} | {name: getattr(one.result, name) for name in _COUNTS}


def _would_open(imported: Sequence[Imported], desk: "Desk") -> list[dict[str, object]]:
    now = desk.clock.now()
    return [
        finding_record(finding, now) | {"workflow": workflow}
        for one in imported
        for workflow, finding in one.result.would_open
    ]


def _followed_record(followed: "Followed | None") -> dict[str, object] | None:
    if followed is None:
        return None
    record: dict[str, object] = {"leads": followed.leads}
    record |= {state.value: followed.states[state] for state in LeadState}
    return record | {name: followed.count(name) for name in _TAKEN}


def _tell_people(imported: Sequence[Imported], followed: "Followed | None", desk: "Desk", *, dry_run: bool) -> None:
    for one in imported:
        _tell_file(one, dry_run=dry_run)
    if followed is not None:
        _tell_followed(followed)
    if dry_run:
        _show_would_open(imported, desk)


def _tell_file(one: Imported, *, dry_run: bool) -> None:
    result = one.result
    opened = "would open" if dry_run else "opened"
    say(
        f"{one.name}: {result.rows} rows, {result.findings} findings: {result.opened} {opened}, "
        f"{result.existing} already under way, {result.rejected} refused by rule, {result.exempt} exempt, "
        f"{result.suppressed} closed recently"
    )
    if result.leads:
        say(f"  {result.leads} leads, for which AWS is to be read" + (" (not in a dry run)" if dry_run else ""))
    if result.seen:
        say(f"  {result.seen} tickets: their user was seen later than was known")
    for remark in one.remarks:
        say(f"  {remark}")
    for about, reason in result.refusals:
        what = f"{about.key_id} of {about.username}" if about.key_id is not None else about.username
        say(f"  refused: {what} in {about.account_name or about.account_id}: {reason}")


def _tell_followed(followed: "Followed") -> None:
    states = followed.states
    say(
        f"AWS: {followed.leads} leads: {states[LeadState.CONFIRMED]} hold "
        f"({followed.count('opened')} tickets opened, {followed.count('existing')} already under way), "
        f"{states[LeadState.UNFOUNDED]} do not hold, {states[LeadState.REFUSED]} refused by rule, "
        f"{states[LeadState.WAITING]} wait"
    )
    for reason, count in followed.reasons.most_common(_REASONS):
        say(f"  {count} wait: {reason}")
    if len(followed.reasons) > _REASONS:
        say(f"  and {len(followed.reasons) - _REASONS} more reasons (iamflow finding list)")


def _show_would_open(imported: Sequence[Imported], desk: "Desk") -> None:
    from iamflow.cli.render.tables import Column, Listing, show
    from iamflow.cli.render.words import account

    now = desk.clock.now()
    columns: Sequence[Column[tuple[str, Finding]]] = (
        Column(title="WORKFLOW", cell=lambda pair: pair[0], whole=True),
        Column(title="KEY", cell=lambda pair: pair[1].key_id or "-", whole=True),
        Column(title="USER", cell=lambda pair: pair[1].username),
        Column(title="ACCOUNT", cell=lambda pair: account(pair[1].account_name, pair[1].account_id)),
        Column(title="AGE", cell=lambda pair: age_in_words(pair[1], now), whole=True),
        Column(title="LAST USED", cell=lambda pair: last_use_in_words(pair[1], now)),
    )
    listing: Listing[tuple[str, Finding]] = Listing(
        columns=columns, fields=(), record=lambda _: {}, empty="no ticket would open"
    )
    show(listing, [pair for one in imported for pair in one.result.would_open], Output.TABLE)
