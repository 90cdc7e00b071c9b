"""Scans and their findings: staged in chunks, shown all at once, and cleared away in chunks when nothing shows them any more.

A finding is shown when its scan is published and no published finding about the same subject and rule is newer (of two that are
equally new, the one of the earlier scan counts). Publishing is thus one row, however many findings there are, and nobody
waits for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, FromClause, and_, delete, exists, insert, or_, select, tuple_, update
from sqlalchemy.engine import Connection

from iamflow.domain.errors import ChangedError
from iamflow.domain.facts import Finding
from iamflow.domain.ids import SubjectId
from iamflow.engine.ports import ScanInfo
from iamflow.store import documents
from iamflow.store.bulk import Plain, write_rows
from iamflow.store.part import Part, among, take_turns
from iamflow.store.schema import FINDINGS, SCANS
from iamflow.store.types import clean, utc_text

STAGING = timedelta(minutes=5)
"""How long after its last chunk an unpublished scan counts as alive: a chunk takes a fraction of a second."""

_COLUMNS = (
    "scan_id", "subject", "rule", "account_id", "account_name", "username", "as_of", "holds", "finding"
)  # fmt: skip


class ScanPart(Part):
    """What of ``IntakeStore`` is about scans."""

    def begin_scan(self, info: ScanInfo) -> int:
        """Open a staged scan and return its number."""
        values = {
            "source": info.source,
            "as_of": info.as_of,
            "sha256": info.sha256,
            "started_at": info.started_at,
            "staged_until": self.clock.now() + STAGING,
        }
        with self.database.writing() as connection:
            scan_id: int = connection.execute(insert(SCANS).values(values).returning(SCANS.c.id)).scalar_one()
            return scan_id

    def stage_findings(self, scan_id: int, findings: Sequence[tuple[str, Finding]]) -> None:
        """Add a chunk to a staged scan. Of a subject that is in it twice under one rule, the first row counts."""
        with self.database.writing() as connection:
            self._touch(connection, scan_id, staged_until=self.clock.now() + STAGING)
            known = _staged_already(connection, scan_id, findings)
            new = {
                (finding.subject, rule): (rule, finding)
                for rule, finding in reversed(findings)
                if (finding.subject, rule) not in known
            }
            write_rows(connection, FINDINGS, _COLUMNS, [_row(scan_id, *item) for item in reversed(new.values())])

    def publish_scan(self, scan_id: int, at: datetime) -> None:
        """Show the scan's findings where they are newer than what is known; see ``IntakeStore.publish_scan``.

        A finding that no longer holds (``facts.holds``) takes the place of an older one, and is then not shown.
        """
        with self.database.writing() as connection:
            self._touch(connection, scan_id, staged_until=None, published_at=at)

    def _touch(self, connection: Connection, scan_id: int, **values: object) -> None:
        """Write to a scan that is still being staged. Raises ``ChangedError`` where it has been given up."""
        alive = and_(SCANS.c.id == scan_id, SCANS.c.staged_until.is_not(None))
        if connection.execute(update(SCANS).where(alive).values(values)).rowcount != 1:
            message = "the import stood still for so long that another one gave it up: import the file again"
            raise ChangedError(message)

    def listed(self, subjects: Sequence[SubjectId]) -> frozenset[tuple[SubjectId, str]]:
        """Return which of these subjects a published scan holds a finding about; see ``IntakeStore.listed``."""
        f = FINDINGS.c
        query = (
            select(f.subject, f.rule)
            .join(SCANS, SCANS.c.id == f.scan_id)
            .where(SCANS.c.published_at.is_not(None), f.holds.is_(True))
        )
        with self.database.reading() as connection:
            found = connection.execute(query.where(among(connection, f.subject, subjects)))
            return frozenset((SubjectId(row.subject), row.rule) for row in found)

    def clear_superseded(self, scan_id: int, *, after: SubjectId | None, limit: int) -> SubjectId | None:
        """Remove findings that a published scan has replaced; see ``IntakeStore.clear_superseded``."""
        f = FINDINGS.c
        page = select(f.subject).where(f.scan_id == scan_id).order_by(f.subject).limit(limit)
        if after is not None:
            page = page.where(f.subject > after)
        with self.database.writing() as connection:
            take_turns(connection, "clearing")
            subjects = list(connection.execute(page).scalars())
            connection.execute(delete(FINDINGS).where(among(connection, f.subject, subjects), superseded(FINDINGS)))
        return SubjectId(subjects[-1]) if subjects else None

    def clear_unpublished(self, limit: int) -> int:
        """Remove findings of scans that will never be published; see ``IntakeStore.clear_unpublished``."""
        s, f = SCANS.c, FINDINGS.c
        unpublished = s.published_at.is_(None)
        dead = select(s.id).where(unpublished, s.staged_until.is_(None))
        some = select(f.scan_id, f.subject, f.rule).where(f.scan_id.in_(dead)).limit(limit)
        with self.database.writing() as connection:
            take_turns(connection, "clearing")
            silent = and_(unpublished, s.staged_until < self.clock.now())
            connection.execute(update(SCANS).where(silent).values(staged_until=None))
            return connection.execute(delete(FINDINGS).where(tuple_(f.scan_id, f.subject, f.rule).in_(some))).rowcount


def superseded(findings: FromClause) -> ColumnElement[bool]:
    """Return the condition that another published finding stands in the place of one of these."""
    this, other, scan = findings.c, FINDINGS.alias("other"), SCANS.alias("other_scan")
    newer = or_(
        other.c.as_of > this.as_of,
        and_(other.c.as_of == this.as_of, other.c.scan_id < this.scan_id),
    )
    same = and_(other.c.subject == this.subject, other.c.rule == this.rule)
    return exists().where(same, newer, scan.c.id == other.c.scan_id, scan.c.published_at.is_not(None))


def _staged_already(
    connection: Connection, scan_id: int, findings: Sequence[tuple[str, Finding]]
) -> set[tuple[str, str]]:
    f = FINDINGS.c
    subjects = [finding.subject for _, finding in findings]
    query = select(f.subject, f.rule).where(f.scan_id == scan_id, among(connection, f.subject, subjects))
    return {(row.subject, row.rule) for row in connection.execute(query)}


def _row(scan_id: int, rule: str, finding: Finding) -> tuple[Plain, ...]:
    """Return the values of ``_COLUMNS``."""
    return (
        scan_id,
        clean(finding.subject),
        rule,
        finding.account_id,
        clean(finding.account_name),
        clean(finding.username),
        utc_text(finding.facts.as_of),
        finding.facts.holds,
        documents.FINDING.write(finding),
    )
