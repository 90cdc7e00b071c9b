"""From findings to tickets. A report opens tickets and informs them; it never justifies a change to AWS.

The whole file has been validated before the first row is written. Rows are written in chunks into a staged scan that is
published at the end, so that a rollback never waits for an import. A row that is absent proves nothing, and an older report
updates nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.facts import Finding, KeyFacts, KeyStatus, LastUse
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.people import RULES, Identity
from iamflow.domain.policy import Policy
from iamflow.domain.protection import protected_by_name
from iamflow.domain.ticket import NewTicket, Progress, Ticket
from iamflow.engine.ports import Change, IntakeStore, Report, ReportedKey
from iamflow.engine.steer import Desk
from iamflow.workflows import registry

CHUNK = 1000
"""Rows a transaction."""

OLD_KEY = "key-too-old"
"""The rule that opens ``disable-key``: Active, and created more than ``rules.max_key_age`` ago."""

_SHOWN = 10_000
"""How many would-be tickets a dry run keeps for showing."""


@dataclass(kw_only=True, slots=True)
class Intake:
    """What an import did, or in a dry run would do."""

    rows: int = 0
    findings: int = 0
    opened: int = 0
    existing: int = 0
    rejected: int = 0
    suppressed: int = 0
    """Findings about keys that were rolled back, rejected or cancelled within ``rules.reopen_after``."""
    would_open: list[Finding] = field(default_factory=list)
    refusals: list[tuple[Finding, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judged:
    """A row of the report, and whether a rule applies to it."""

    finding: Finding
    applies: bool
    retires: bool
    """Whether it would be a finding if the key were Active: an earlier one, if there was one, no longer holds."""
    refusal: str | None


def import_report(
    desk: Desk, report: Report, *, dry_run: bool = False, progress: Callable[[int], None] = lambda _: None
) -> Intake:
    """Open and update tickets from a validated report; ``progress`` is told how many rows are done."""
    result = Intake(rows=report.rows)
    store = desk.store
    scan = None if dry_run else store.begin_scan(report.info)
    done = 0
    for chunk in _chunks(report.keys(), CHUNK):
        standing = store.open_tickets([row.key_id for row in chunk])
        now = desk.clock.now()
        # Most rows are about young keys without a ticket, about which there is nothing to do.
        judged = [
            _judge(row.finding(), desk.policy, now)
            for row in chunk
            if now - row.created_at > desk.policy.rules.max_key_age or row.key_id in standing
        ]
        _take_in(desk, judged, standing, report, result, dry_run=dry_run)
        if scan is not None:
            store.stage_findings(scan, [(OLD_KEY, _staged(item)) for item in judged if item.applies or item.retires])
        done += len(chunk)
        progress(done)
    if scan is not None:
        store.publish_scan(scan, desk.clock.now())
        _clear_away(store, scan)
    return result


def _clear_away(store: IntakeStore, scan: int) -> None:
    """Remove the findings that nothing shows any more: what this scan has replaced, and what dead imports have left."""
    last = store.clear_superseded(scan, after=None, limit=CHUNK)
    while last is not None:
        last = store.clear_superseded(scan, after=last, limit=CHUNK)
    left = CHUNK
    while left > 0:
        left = store.clear_unpublished(CHUNK)


def open_by_hand(desk: Desk, workflow: str, account_id: AccountId, username: str, key_id: KeyId) -> Ticket:
    """Open one ticket for one key that a person names; that person is its requester and cannot approve it.

    Raises ``RefusedError`` where the account or the user is not iamflow's to touch, or the key has an open ticket.
    """
    if not desk.person.known:
        message = "nobody can be told to have opened this ticket: neither a login user nor an AWS principal is known"
        raise NotAuthorisedError(message)
    current = registry.current(workflow)
    refusal = _refusal(account_id, username, desk.policy)
    if refusal is not None:
        raise RefusedError(refusal)
    now = desk.clock.now()
    unknown = KeyFacts(status=KeyStatus.ACTIVE, created_at=now, last_use=LastUse(), as_of=now, source="by hand")
    new = NewTicket(
        workflow=current.name,
        workflow_version=current.table.version,
        account_id=account_id,
        account_name=desk.store.accounts().get(account_id, account_id),
        username=UserName(username),
        access_key_id=key_id,
        requester=desk.person,
        facts=unknown,
        progress=Progress(once_rolled_back=key_id in desk.store.ever_rolled_back([key_id])),
        opened_at=now,
        due_at=now,
    )
    opened = desk.store.open_new([new], str(desk.person))
    if not opened:
        standing = desk.store.open_tickets([key_id]).get(key_id)
        message = f"{key_id} has an open ticket already" + (f": {standing.id}" if standing is not None else "")
        raise RefusedError(message)
    return opened[0]


def _judge(finding: Finding, policy: Policy, now: datetime) -> _Judged:
    facts = finding.facts
    if facts.as_of > now:
        # A report cannot know more than now: dated ahead, it would make every later one look old.
        facts = replace(facts, as_of=now)
        finding = replace(finding, facts=facts)
    old = now - facts.created_at > policy.rules.max_key_age
    applies = old and facts.status is KeyStatus.ACTIVE
    refusal = _refusal(finding.account_id, finding.username, policy) if applies else None
    return _Judged(finding=finding, applies=applies, retires=old and not applies, refusal=refusal)


def _staged(item: _Judged) -> Finding:
    """Return the finding as it is to be listed, or as it takes an earlier one off the list."""
    return item.finding if item.applies else replace(item.finding, facts=replace(item.finding.facts, holds=False))


def _refusal(account_id: AccountId, username: str, policy: Policy) -> str | None:
    """Return why a subject is refused by rule, or None."""
    if not policy.scope.selected(account_id):
        return f"account {account_id} is excluded by the settings (accounts.include, accounts.exclude)"
    return protected_by_name(account_id, username, policy.protection)


def _take_in(
    desk: Desk,
    judged: Sequence[_Judged],
    standing: Mapping[KeyId, Ticket],
    report: Report,
    result: Intake,
    *,
    dry_run: bool,
) -> None:
    store, now = desk.store, desk.clock.now()
    applying = [item for item in judged if item.applies]
    unticketed = [item for item in applying if item.finding.key_id not in standing]
    refused = [(item.finding, item.refusal) for item in unticketed if item.refusal is not None]
    fresh = [item.finding for item in unticketed if item.refusal is None]
    suppressed = store.recently_closed([found.key_id for found in fresh], now - desk.policy.rules.reopen_after)
    new = _first_of_each([found for found in fresh if found.key_id not in suppressed])
    result.findings += len(applying)
    result.existing += len(applying) - len(unticketed)
    result.rejected += len(refused)
    result.refusals += refused[: max(0, _SHOWN - len(result.refusals))]
    result.suppressed += sum(found.key_id in suppressed for found in fresh)
    if dry_run:
        result.opened += len(new)
        result.would_open += new[: max(0, _SHOWN - len(result.would_open))]
        return
    updates = [change for item in judged if (change := _update(item, standing, report, now)) is not None]
    if updates:
        store.commit(updates)
    result.opened += _open(store, new, now) if new else 0


def _open(store: IntakeStore, findings: Sequence[Finding], now: datetime) -> int:
    workflow = registry.current("disable-key")
    struck = store.ever_rolled_back([finding.key_id for finding in findings])
    tickets = [
        NewTicket(
            workflow=workflow.name,
            workflow_version=workflow.table.version,
            account_id=finding.account_id,
            account_name=finding.account_name,
            username=UserName(finding.username),
            access_key_id=finding.key_id,
            requester=RULES,
            facts=finding.facts,
            progress=Progress(once_rolled_back=finding.key_id in struck),
            opened_at=now,
            due_at=now,
        )
        for finding in findings
    ]
    return len(store.open_new(tickets, _actor(RULES)))


def _update(item: _Judged, standing: Mapping[KeyId, Ticket], report: Report, now: datetime) -> Change | None:
    """Return the change that a newer report means for the ticket that stands, or None."""
    ticket = standing.get(item.finding.key_id)
    if ticket is None or item.finding.facts.as_of <= ticket.facts.as_of:
        return None
    facts = replace(item.finding.facts, holds=item.applies)
    if ticket.user_id is not None:
        # AWS itself has said which key this is: a report must not move the date that the guards compare.
        facts = replace(facts, created_at=ticket.key_facts.created_at)
    ended_now = ticket.facts.holds and not item.applies
    kind = EventKind.FINDING_GONE if ended_now else EventKind.FACTS_UPDATED
    detail = {
        "source": report.info.source,
        "as_of": facts.as_of.isoformat(),
        "status": facts.status.value,
        "last_used_at": facts.last_use.at.isoformat() if facts.last_use.at is not None else None,
        "holds": item.applies,
    }
    event = NewEvent(kind=kind, actor=_actor(RULES), at=now, detail=detail)
    due_at = now if ended_now and ticket.due_at is not None else ticket.due_at
    return Change(
        before=replace(ticket, lease=None), after=replace(ticket, facts=facts, due_at=due_at), events=(event,)
    )


def _actor(person: Identity) -> str:
    return "rules" if person == RULES else str(person)


def _first_of_each(findings: Iterable[Finding]) -> list[Finding]:
    return list({finding.key_id: finding for finding in reversed(list(findings))}.values())[::-1]


def _chunks(rows: Iterator[ReportedKey], size: int) -> Iterator[list[ReportedKey]]:
    while chunk := list(islice(rows, size)):
        yield chunk
