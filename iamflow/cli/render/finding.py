"""What a finding, and a lead that waits to be one, look like in each form. The names of the fields are a promise."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from iamflow.cli.render.words import when
from iamflow.domain.facts import Finding, LastUse, RootFacts, created_of, last_use_of
from iamflow.domain.lead import StoredLead

if TYPE_CHECKING:
    from iamflow.cli.render.tables import Listing
    from iamflow.domain.exemption import Exemption
    from iamflow.engine.ports import StoredFinding

    Exempt = Callable[[StoredFinding], Exemption | None]

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
    "status",
    "reason",
)

FOUND = "found"
"""The status of what is a finding; a lead's is ``waiting``."""


def finding_record(finding: Finding, now: datetime) -> dict[str, object]:
    """Return a finding for a program, without its rule and its ticket."""
    use = last_use_of(finding.facts) or LastUse()
    return {
        "account_id": finding.account_id,
        "account_name": finding.account_name,
        "username": finding.username,
        "access_key_id": finding.key_id,
        "created_at": created_of(finding.facts),
        "age_days": _age(created_of(finding.facts), now),
        "last_used_at": use.at,
        "service": use.service,
    }


def age_in_words(finding: Finding, now: datetime) -> str:
    """Return how old the key or the user is."""
    return _days(created_of(finding.facts), now)


def last_use_in_words(finding: Finding, now: datetime) -> str:
    """Return when the key, a key of the user, or the root user was last used."""
    if isinstance(finding.facts, RootFacts):
        return when(finding.facts.last_login, now) or "never, or no data"
    use = last_use_of(finding.facts) or LastUse()
    return f"{when(use.at, now)} {use.service or ''}".strip() if use.at is not None else "never, or no data"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """One line of the list."""

    cells: tuple[str, ...]
    record: dict[str, object]


def rows(
    found: "Iterable[StoredFinding]", waiting: Iterable[StoredLead], exempt: "Exempt", now: datetime
) -> list[_Row]:
    """Return findings, and after them the leads that wait, as the list has them."""
    return [*(_found(one, exempt(one), now) for one in found), *(_waits(one, now) for one in waiting)]


def listing() -> "Listing[_Row]":
    """Return how the list of who is affected looks."""
    from iamflow.cli.render.tables import Column, Listing

    def cell(place: int) -> Callable[[_Row], str]:
        return lambda row: row.cells[place]

    titles = ("KEY", "USER", "ACCOUNT", "AGE", "LAST USED", "RULE", "TICKET")
    whole = frozenset({"KEY", "AGE", "RULE", "TICKET"})
    return Listing(
        columns=[Column(title=title, cell=cell(place), whole=title in whole) for place, title in enumerate(titles)],
        fields=FIELDS,
        record=lambda row: row.record,
        empty="no findings (iamflow import FILE)",
    )


def _found(stored: "StoredFinding", exempt: "Exemption | None", now: datetime) -> _Row:
    finding = stored.finding
    spared = exempt is not None and stored.ticket_id is None
    return _Row(
        cells=(
            finding.key_id or "-",
            finding.username,
            finding.account_name or finding.account_id,
            age_in_words(finding, now),
            last_use_in_words(finding, now),
            stored.rule,
            f"exempt ({exempt.id})" if exempt is not None and spared else str(stored.ticket_id or "-"),
        ),
        record=finding_record(finding, now)
        | {
            "rule": stored.rule,
            "ticket": stored.ticket_id,
            "exempt": exempt.id if exempt is not None else None,
            "status": FOUND,
            "reason": None,
        },
    )


def _waits(stored: StoredLead, now: datetime) -> _Row:
    lead = stored.lead
    return _Row(
        cells=(
            lead.key_id or "-",
            lead.username,
            lead.account_name or lead.account_id,
            _days(lead.created_at, now),
            f"waits for AWS: {stored.reason}",
            lead.rule.value,
            "-",
        ),
        record={
            "account_id": lead.account_id,
            "account_name": lead.account_name,
            "username": lead.username,
            "access_key_id": lead.key_id,
            "created_at": lead.created_at,
            "age_days": _age(lead.created_at, now),
            "last_used_at": None,
            "service": None,
            "rule": lead.rule.value,
            "ticket": None,
            "exempt": None,
            "status": stored.state.value,
            "reason": stored.reason,
        },
    )


def _age(created_at: datetime | None, now: datetime) -> int | None:
    return (now - created_at).days if created_at is not None else None


def _days(created_at: datetime | None, now: datetime) -> str:
    days = _age(created_at, now)
    return f"{days} d" if days is not None else "-"
