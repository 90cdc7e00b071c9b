"""The root-audit report: one row for each account, with what the audit saw of its root user.

It is validated whole, like iam-audit's, and is short: an organisation has a few thousand accounts at most.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from operator import itemgetter

from iamflow.domain.facts import Finding, RootFacts
from iamflow.domain.ids import AccountId
from iamflow.domain.lead import Lead
from iamflow.domain.root import ROOT_USER
from iamflow.domain.rules import ReportedUser
from iamflow.engine.ports import ReportedKey, ScanInfo, SeenUser
from iamflow.sources import cells
from iamflow.sources.csv_file import CsvFile, Progress
from iamflow.sources.formats import COLUMNS, ROOT_AUDIT


class RootAuditReport:
    """A validated root-audit file (an ``iamflow.engine.ports.Report``)."""

    users_by_keys = False
    remarks = ()

    def __init__(self, file: CsvFile, header: Sequence[str], progress: Progress, now: datetime | None) -> None:
        """Validate the whole file. Raises ``InputError`` with the row and the reason."""
        self._file = file
        self._width = len(header)
        self._cells = itemgetter(*(header.index(column) for column in COLUMNS[ROOT_AUDIT]))
        digest, said = self._validate(progress)
        logins = [login for _, _, _, _, login, _ in said if login is not None]
        as_of = file.date_in_name() or max(logins, default=datetime.fromtimestamp(file.modified(), UTC))
        source = file.source(ROOT_AUDIT)
        self.info = ScanInfo(source=source, as_of=as_of, sha256=digest, started_at=now or as_of)
        self.rows = len(said)
        self._findings = tuple(
            Finding(
                account_id=account,
                account_name=name,
                username=ROOT_USER,
                facts=RootFacts(mfa=mfa, access_key=key, last_login=login, as_of=as_of, source=source),
                row=number,
            )
            for account, name, mfa, key, login, number in said
        )

    def keys(self) -> Iterator[ReportedKey]:
        """Yield nothing: the report tells of no key by its id."""
        return iter(())

    def users(self) -> Iterator[ReportedUser]:
        """Yield nothing: the report tells of no IAM user."""
        return iter(())

    def leads(self) -> Iterator[Lead]:
        """Yield nothing: each row says enough."""
        return iter(())

    def roots(self) -> Iterator[Finding]:
        """Yield the root user of every account in the file, in its order."""
        return iter(self._findings)

    def sightings(self) -> Iterator[SeenUser]:
        """Yield nothing: the report tells of no calls."""
        return iter(())

    def _validate(self, progress: Progress) -> tuple[str, "list[_Row]"]:
        """Return the file's hash, and what its rows say, each account once."""
        size, digest = self._file.size(), b""
        said: dict[AccountId, _Row] = {}
        for block in self._file.blocks():
            for number, row in enumerate(block.rows, start=block.first):
                if not row or number == 1:
                    continue
                checked = self._checked(row, number)
                earlier = said.setdefault(checked[0], checked)
                if earlier[2:5] != checked[2:5]:
                    reason = f"it says something else of account {checked[0]} than row {earlier[5]} does"
                    raise self._file.fault(reason, number)
            digest = block.digest
            progress(block.bytes_read, size)
        return digest.hex(), list(said.values())

    def _checked(self, row: Sequence[str], number: int) -> "_Row":
        if len(row) != self._width:
            reason = f"it has {len(row)} cells where the first row has {self._width}"
            raise self._file.fault(reason, number)
        account, name, mfa, key, login = self._cells(row)
        try:
            return (
                AccountId(cells.account_id(account)),
                cells.account_name(name),
                cells.yes_or_no(mfa, "mfa_enabled"),
                cells.yes_or_no(key, "access_key_present"),
                cells.date_or_never(login),
                number,
            )
        except ValueError as error:
            raise self._file.fault(str(error), number) from error


_Row = tuple[AccountId, str, bool, bool, datetime | None, int]
"""Account, its name, whether the root user has MFA, whether it has access keys, its last sign-in, the row's number."""
