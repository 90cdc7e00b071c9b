"""AWS's credential report as a file: one row for each user of an account, and one for its root user.

It tells users and root users whole, and keys without their ids: what it says of a key is a lead (``iamflow.domain.lead``).
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from iamflow.domain.credential_report import CredentialRow, read_rows
from iamflow.domain.encoding import for_log
from iamflow.domain.facts import Finding, RootFacts, UserFacts
from iamflow.domain.lead import Lead
from iamflow.domain.root import ROOT_USER
from iamflow.domain.rule_settings import RuleName
from iamflow.domain.rules import ReportedUser
from iamflow.engine.ports import ReportedKey, ScanInfo, SeenUser
from iamflow.sources import cells
from iamflow.sources.csv_file import CsvFile, Progress
from iamflow.sources.formats import CREDENTIAL_REPORT

_ROWS_LIMIT = 200_000
"""Rows of one file, all of which are in memory. IAM allows 5,000 users an account."""
_LINE_LIMIT = 8 * 1024


class CredentialReport:
    """A validated credential report (an ``iamflow.engine.ports.FileReport``)."""

    users_by_keys = False

    def __init__(self, file: CsvFile, progress: Progress, now: datetime | None) -> None:
        """Validate the whole file. Raises ``InputError`` with the row and the reason."""
        self._file = file
        self._digest = hashlib.sha256()
        self._rows = self._validate(progress)
        as_of = file.date_in_name() or self._newest() or datetime.fromtimestamp(file.modified(), UTC)
        self._source = file.source(CREDENTIAL_REPORT)
        self.rows = len(self._rows)
        self.info = ScanInfo(source=self._source, as_of=as_of, sha256=self._digest.hexdigest(), started_at=now or as_of)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the report cannot say."""
        keys = sum(len(row.keys) for row in self._rows)
        return ("a credential report names no key ids: AWS is read before a key is a finding",) if keys else ()

    def keys(self) -> Iterator[ReportedKey]:
        """Yield nothing: the report tells of no key by its id."""
        return iter(())

    def users(self) -> Iterator[ReportedUser]:
        """Yield every user, in the file's order."""
        return (self._user(row) for row in self._rows if not row.is_root)

    def leads(self) -> Iterator[Lead]:
        """Yield every Active key, by the second in which it was made; whether it is too old is the rules' affair."""
        for row in self._rows:
            for slot in row.keys:
                if slot.active:
                    yield Lead(
                        account_id=row.account_id,
                        account_name="",
                        username=row.username,
                        rule=RuleName.KEY_TOO_OLD,
                        created_at=slot.created_at,
                        as_of=self.info.as_of,
                        source=self._source,
                        row=row.number,
                    )

    def roots(self) -> Iterator[Finding]:
        """Yield every root user, in the file's order."""
        return (self._root(row) for row in self._rows if row.is_root)

    def sightings(self) -> Iterator[SeenUser]:
        """Yield nothing: the report tells of no calls."""
        return iter(())

    def _user(self, row: CredentialRow) -> ReportedUser:
        facts = UserFacts(
            console=bool(row.console),
            mfa=row.mfa,
            password_last_used=row.password_last_used,
            key_last_used=row.key_last_used,
            created_at=row.counts_from,
            as_of=self.info.as_of,
            source=self._source,
        )
        return ReportedUser(
            account_id=row.account_id, account_name="", username=row.username, facts=facts, row=row.number
        )

    def _root(self, row: CredentialRow) -> Finding:
        facts = RootFacts(
            mfa=row.mfa,
            access_key=row.root_keys,
            last_login=row.password_last_used,
            as_of=self.info.as_of,
            source=self._source,
        )
        return Finding(account_id=row.account_id, account_name="", username=ROOT_USER, facts=facts, row=row.number)

    def _validate(self, progress: Progress) -> list[CredentialRow]:
        rows: dict[tuple[str, str], CredentialRow] = {}
        try:
            for row in read_rows(self._lines(progress)):
                self._take(row, rows)
        except ValueError as error:
            raise self._file.fault(for_log(str(error), limit=300)) from None
        return list(rows.values())

    def _take(self, row: CredentialRow, rows: dict[tuple[str, str], CredentialRow]) -> None:
        reason = None
        if not row.is_root:
            if row.console is None:
                reason = "it does not say whether the user has a console password"
            cells.username(row.username)
        whose = (row.account_id, row.username)
        if whose in rows:
            reason = f"it tells of {cells.shown(row.username)} again, as row {rows[whose].number} does"
        if len(rows) >= _ROWS_LIMIT:
            reason = f"it has more than {_ROWS_LIMIT} rows"
        if reason is not None:
            message = f"row {row.number}: {reason}"
            raise ValueError(message)
        rows[whose] = row

    def _lines(self, progress: Progress) -> Iterator[str]:
        """Yield the file's lines. Raises ``ValueError`` for one that is none of such a report."""
        size, read, rest = self._file.size(), 0, b""
        for data in self._file.chunks():
            self._digest.update(data)
            read += len(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield _text(line + b"\n")
            if len(rest) > _LINE_LIMIT:
                _text(rest)
            progress(read, size)
        if rest:
            yield _text(rest)

    def _newest(self) -> datetime | None:
        times = [
            at
            for row in self._rows
            for at in (row.created_at, row.password_last_used, row.key_last_used, *(k.created_at for k in row.keys))
            if at is not None
        ]
        return max(times, default=None)


def _text(line: bytes) -> str:
    if len(line) > _LINE_LIMIT:
        message = f"the row is longer than {_LINE_LIMIT // 1024} KiB"
        raise ValueError(message)
    try:
        return line.decode()
    except UnicodeDecodeError:
        message = "it is not UTF-8: save it as CSV in UTF-8"
        raise ValueError(message) from None
