"""From findings to tickets. A report opens tickets and informs them; it never justifies a change to AWS.

The whole file has been validated before the first row is written. Rows are written in chunks into a staged scan that is
published at the end, so that a rollback never waits for an import. A row that is absent proves nothing, and an older report
updates nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TypeVar

from iamflow.domain.exemption import Exemption
from iamflow.domain.facts import Finding
from iamflow.domain.ids import SubjectId, UserName
from iamflow.domain.lead import Lead
from iamflow.domain.people import RULES
from iamflow.domain.policy import Policy
from iamflow.domain.rules import ReportedUser, RuleName, Verdict, dealt_with_by, judge_key, judge_root, judge_user
from iamflow.domain.subject import subject_id
from iamflow.domain.ticket import NewTicket, Progress, Ticket
from iamflow.engine.admission import actor_of, refusal
from iamflow.engine.exemptions import exempt
from iamflow.engine.informing import informed
from iamflow.engine.lead_intake import note_leads, sort_leads
from iamflow.engine.ports import FileReport, IntakeStore, Report, ReportedKey
from iamflow.engine.precedence import without_lesser
from iamflow.engine.reported import Users
from iamflow.engine.sightings import note_sightings
from iamflow.engine.steer import Desk
from iamflow.workflows import registry

_ABOUT_USERS = frozenset({RuleName.CONSOLE_WITHOUT_MFA, RuleName.USER_UNUSED})

CHUNK = 1000
"""Rows a transaction."""

T = TypeVar("T")
N = TypeVar("N", ReportedUser, Finding)

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
    exempt: int = 0
    """Findings about subjects that a standing exemption covers; one by tag is applied at a ticket's first look."""
    suppressed: int = 0
    """Findings about subjects that were rolled back, rejected or cancelled within ``rules.reopen_after``."""
    would_open: list[tuple[str, Finding]] = field(default_factory=list)
    """(workflow, finding) of every ticket that a dry run would open."""
    refusals: list[tuple[Finding | Lead, str]] = field(default_factory=list)
    leads: int = 0
    """What may be a finding, and is not told enough of: AWS is to be read first (``follow_up``)."""
    seen: int = 0
    """Tickets whose user a report of CloudTrail events names with a call later than any that was known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Import:
    """One import under way."""

    desk: Desk
    report: Report
    result: Intake
    scan: int | None
    """The staged scan; None in a dry run."""
    users: Users
    exemptions: Sequence[Exemption]
    """Those that run."""


def import_report(
    desk: Desk, report: Report, *, dry_run: bool = False, progress: Callable[[int], None] = lambda _: None
) -> Intake:
    """Open and update tickets from a validated report; ``progress`` is told how many rows are done."""
    scan = None if dry_run else desk.store.begin_scan(report.info)
    work = _Import(
        desk=desk,
        report=report,
        result=Intake(rows=report.rows),
        scan=scan,
        users=Users(info=report.info),
        exemptions=desk.store.exemptions(running_at=desk.clock.now()),
    )
    about_users = bool(_ABOUT_USERS & desk.policy.rules.applied)
    done = 0
    for chunk in _chunks(report.keys(), CHUNK):
        _keys(work, chunk)
        if about_users and report.users_by_keys:
            _users(work, work.users.take(chunk))
        done += len(chunk)
        progress(done)
    _users(work, work.users.last())
    for users in _chunks(report.users(), CHUNK):
        if about_users:
            _users(work, _with_names(work, users))
        done += len(users)
        progress(done)
    for roots in _chunks(report.roots(), CHUNK):
        _roots(work, _with_names(work, roots))
        done += len(roots)
        progress(done)
    for leads in _chunks(report.leads(), CHUNK):
        _leads(work, leads)
        done += len(leads)
        progress(min(done, report.rows))
    if isinstance(report, FileReport):
        for seen in _chunks(report.sightings(), CHUNK):
            work.result.seen += note_sightings(desk, seen, dry_run=dry_run)
    if scan is not None:
        desk.store.publish_scan(scan, desk.clock.now())
        _clear_away(desk.store, scan)
    return work.result


def _keys(work: _Import, chunk: Sequence[ReportedKey]) -> None:
    """Take in a chunk of keys. Most are young and without a ticket: there is nothing to do about them."""
    policy, now = work.desk.policy, work.desk.clock.now()
    standing = work.desk.store.open_tickets([subject_id(row.account_id, row.username, row.key_id) for row in chunk])
    known = {ticket.access_key_id for ticket in standing.values()}
    youngest = policy.rules.least_key_age
    verdicts = [
        verdict
        for row in chunk
        if now - row.created_at > youngest or row.key_id in known
        if dealt_with_by(verdict := judge_key(row.finding(), policy, now), policy) is not None or row.key_id in known
    ]
    _take_in(work, verdicts, standing)


def _users(work: _Import, users: Sequence[ReportedUser]) -> None:
    """Take in users that are complete. Only what is found, was found before or has a ticket is of any concern."""
    policy, now, store = work.desk.policy, work.desk.clock.now(), work.desk.store
    judged = [
        verdict
        for user in users
        for verdict in judge_user(user, policy, now)
        if dealt_with_by(verdict, policy) is not None
    ]
    quiet = [verdict.finding.subject for verdict in judged if not verdict.applies]
    standing = store.open_tickets([subject_id(user.account_id, user.username, None) for user in users])
    listed = store.listed(quiet)
    verdicts = [
        verdict
        for verdict in judged
        if verdict.applies
        or (verdict.finding.subject, verdict.rule.value) in listed
        or verdict.finding.subject in standing
    ]
    _take_in(work, verdicts, standing)


def _roots(work: _Import, chunk: Sequence[Finding]) -> None:
    """Take in a chunk of root users."""
    policy, now = work.desk.policy, work.desk.clock.now()
    verdicts = [
        verdict
        for finding in chunk
        for verdict in judge_root(finding, policy, now)
        if dealt_with_by(verdict, policy) is not None
    ]
    _take_in(work, verdicts, work.desk.store.open_tickets([finding.subject for finding in chunk]))


def _leads(work: _Import, leads: Sequence[Lead]) -> None:
    """Note what AWS must be asked about before anything is a finding."""
    result, now = work.result, work.desk.clock.now()
    found = sort_leads(leads, work.desk.policy, now)
    result.rejected += len(found.refused)
    result.refusals += found.refused[: max(0, _SHOWN - len(result.refusals))]
    result.leads += len(found.wanted)
    if work.scan is not None:
        note_leads(work.desk.store, found.wanted, now)


def _with_names(work: _Import, told: Sequence[N]) -> Sequence[N]:
    """Return the same with the names of accounts, where the report does not tell them."""
    if all(one.account_name for one in told):
        return told
    names = work.desk.store.accounts()
    return [
        one if one.account_name else replace(one, account_name=names.get(one.account_id, one.account_id))
        for one in told
    ]


def _take_in(work: _Import, verdicts: Sequence[Verdict], standing: Mapping[SubjectId, Ticket]) -> None:
    """Count, open, update and list what one chunk says."""
    store, result, now = work.desk.store, work.result, work.desk.clock.now()
    applying = [verdict for verdict in verdicts if verdict.applies]
    standing = without_lesser(work.desk, applying, standing, dry_run=work.scan is None)
    new = _to_open(work, applying, standing)
    result.findings += len(applying)
    if work.scan is None:
        result.opened += len(new)
        result.would_open += new[: max(0, _SHOWN - len(result.would_open))]
        return
    together = _for_each_ticket(verdicts, work.desk.policy)
    updates = [
        change for verdict in together if (change := informed(verdict, standing, work.desk.policy, now)) is not None
    ]
    if updates:
        store.commit(updates)
    result.opened += _open(store, new, now) if new else 0
    store.stage_findings(
        work.scan,
        [(verdict.rule.value, verdict.staged) for verdict in verdicts if verdict.applies or verdict.retires],
    )


def _for_each_ticket(verdicts: Sequence[Verdict], policy: Policy) -> list[Verdict]:
    """Return one verdict for each ticket: of several rules that it is opened by, one that applies keeps it open."""
    found: dict[tuple[SubjectId, str | None], Verdict] = {}
    for verdict in verdicts:
        of = (verdict.finding.subject, dealt_with_by(verdict, policy))
        if of not in found or verdict.applies:
            found[of] = verdict
    return list(found.values())


def _to_open(
    work: _Import, applying: Sequence[Verdict], standing: Mapping[SubjectId, Ticket]
) -> list[tuple[str, Finding]]:
    """Return the tickets to be opened, as (workflow, finding), and count why others are not.

    Of several rules about one subject the first one counts.
    """
    policy, result = work.desk.policy, work.result
    wanted = [
        (workflow, verdict.finding) for verdict in applying if (workflow := dealt_with_by(verdict, policy)) is not None
    ]
    unticketed = [(workflow, finding) for workflow, finding in wanted if finding.subject not in standing]
    refused = [
        (finding, reason)
        for _, finding in unticketed
        if (reason := refusal(finding.account_id, finding.username, policy)) is not None
    ]
    turned_away = {finding.subject for finding, _ in refused}
    wanted_still = [(workflow, finding) for workflow, finding in unticketed if finding.subject not in turned_away]
    now = work.desk.clock.now()
    fresh = [pair for pair in wanted_still if exempt(work.exemptions, *pair, now) is None]
    result.exempt += len(wanted_still) - len(fresh)
    since = now - policy.rules.reopen_after
    suppressed = work.desk.store.recently_closed([finding.subject for _, finding in fresh], since)
    result.existing += len(wanted) - len(unticketed)
    result.rejected += len(refused)
    result.refusals += refused[: max(0, _SHOWN - len(result.refusals))]
    result.suppressed += sum(finding.subject in suppressed for _, finding in fresh)
    left = [pair for pair in fresh if pair[1].subject not in suppressed]
    first = _first_of_each(left)
    # What another rule found about the same subject is dealt with by that ticket.
    result.existing += len({(workflow, finding.subject) for workflow, finding in left}) - len(first)
    return first


def _open(store: IntakeStore, found: Sequence[tuple[str, Finding]], now: datetime) -> int:
    struck = store.ever_rolled_back([finding.subject for _, finding in found])
    tickets = [_new_ticket(workflow, finding, now, struck) for workflow, finding in found]
    return len(store.open_new(tickets, actor_of(RULES)))


def _new_ticket(workflow: str, finding: Finding, now: datetime, struck: frozenset[SubjectId]) -> NewTicket:
    table = registry.current(workflow).table
    return NewTicket(
        workflow=table.workflow,
        workflow_version=table.version,
        account_id=finding.account_id,
        account_name=finding.account_name,
        username=UserName(finding.username),
        access_key_id=finding.key_id,
        requester=RULES,
        facts=finding.facts,
        progress=Progress(once_rolled_back=finding.subject in struck),
        opened_at=now,
        due_at=now,
    )


def _first_of_each(found: Iterable[tuple[str, Finding]]) -> list[tuple[str, Finding]]:
    return list({finding.subject: (workflow, finding) for workflow, finding in reversed(list(found))}.values())[::-1]


def _clear_away(store: IntakeStore, scan: int) -> None:
    """Remove the findings that nothing shows any more: what this scan has replaced, and what dead imports have left."""
    last = store.clear_superseded(scan, after=None, limit=CHUNK)
    while last is not None:
        last = store.clear_superseded(scan, after=last, limit=CHUNK)
    left = CHUNK
    while left > 0:
        left = store.clear_unpublished(CHUNK)


def _chunks(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    while chunk := list(islice(rows, size)):
        yield chunk
