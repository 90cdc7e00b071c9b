"""The iam-audit report: one row for each access key, with the facts of its user repeated on each.

Columns in any order, cells in Spanish or English. "Nunca" and "Never" mean that AWS named no use, which is also what it says
when it does not know. The whole file is validated before anything is handed out; then it is read again, row by row.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from operator import itemgetter

from iamflow.domain.facts import Finding, KeyFacts, LastUse
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.engine.ports import ScanInfo
from iamflow.sources import cells
from iamflow.sources.csv_file import Block, CsvFile, Progress
from iamflow.sources.duplicates import Duplicates
from iamflow.sources.formats import COLUMNS, IAM_AUDIT

_NAMED_DATE = re.compile(r"_([0-9]{8})_([0-9]{6})\.csv", re.IGNORECASE)
_OLDEST = datetime.min.replace(tzinfo=UTC)

_CHECKS: Sequence[Callable[[str], object]] = (
    cells.account_id,
    cells.account_name,
    cells.username,
    cells.configured,
    cells.date_or_never,
    cells.key_id,
    cells.status,
    cells.date,
    cells.date_or_never,
    cells.service,
    cells.mfa,
)
"""How each cell is read, in the order of ``COLUMNS[IAM_AUDIT]``."""
_IDENTITY = itemgetter(0, 2, 6, 7, 8)
"""The cells that two rows about one key must agree on: account, user, status, creation, last use."""


class IamAuditReport:
    """A validated iam-audit file (an ``iamflow.engine.ports.Report``)."""

    def __init__(self, file: CsvFile, header: Sequence[str], progress: Progress) -> None:
        """Validate the whole file. Raises ``InputError`` with the row and the reason."""
        self._file = file
        self._width = len(header)
        self._cells = itemgetter(*(header.index(column) for column in COLUMNS[IAM_AUDIT]))
        self._digests: list[bytes] = []
        self.rows = 0
        newest = self._validate(progress)
        as_of = _date_in_name(file.path.name) or newest or datetime.fromtimestamp(file.modified(), UTC)
        self.info = ScanInfo(
            source=f"{IAM_AUDIT}:{file.path.name}", as_of=as_of, sha256=self._digests[-1].hex(), started_at=as_of
        )

    def findings(self) -> Iterator[Finding]:
        """Yield every key in the file, in its order. Raises ``InputError`` once the file is no longer what was validated."""
        count = 0
        for count, block in enumerate(self._file.blocks(), start=1):
            if count > len(self._digests) or block.digest != self._digests[count - 1]:
                raise self._changed()
            for number, row in _rows(block):
                yield self._finding(self._cells(row), number)
        if count != len(self._digests):
            raise self._changed()

    def _changed(self) -> Exception:
        return self._file.fault("it has changed since it was validated: import it again")

    def _validate(self, progress: Progress) -> datetime | None:
        """Check every row, and return the newest date in the file."""
        size = self._file.size()
        keys = Duplicates()
        newest = _OLDEST
        for block in self._file.blocks():
            rows = list(_rows(block))
            newest = max(newest, self._check(rows))
            for _, row in rows:
                chosen = self._cells(row)
                keys.note(chosen[5], _IDENTITY(chosen))
            self.rows += len(rows)
            self._digests.append(block.digest)
            progress(block.bytes_read, size)
        self._refuse_contradictions(keys)
        return newest if newest > _OLDEST else None

    def _check(self, rows: Sequence[tuple[int, list[str]]]) -> datetime:
        newest = _OLDEST
        for number, row in rows:
            if len(row) != self._width:
                reason = f"it has {len(row)} cells where the first row has {self._width}"
                raise self._file.fault(reason, number)
            try:
                values = [check(cell) for check, cell in zip(_CHECKS, self._cells(row), strict=True)]
            except ValueError as error:
                raise self._file.fault(str(error), number) from error
            newest = max(newest, *(value for value in values if isinstance(value, datetime)))
        return newest

    def _refuse_contradictions(self, keys: Duplicates) -> None:
        """Refuse a file that says two different things of one key."""
        suspects = keys.contradicted()
        if not suspects:
            return
        first: dict[str, tuple[int, tuple[str, ...]]] = {}
        for block in self._file.blocks():
            for number, row in _rows(block):
                chosen = self._cells(row)
                key, identity = chosen[5], _IDENTITY(chosen)
                if hash(key) not in suspects:
                    continue
                earlier, said = first.setdefault(key, (number, identity))
                if said != identity:
                    reason = f"it says something else of {key} than row {earlier} does"
                    raise self._file.fault(reason, number)

    def _finding(self, chosen: Sequence[str], number: int) -> Finding:
        account, account_name, user, password, password_used, key, status, created, used, service, mfa = chosen
        return Finding(
            account_id=AccountId(cells.account_id(account)),
            account_name=account_name,
            username=UserName(user),
            key_id=KeyId(key),
            facts=KeyFacts(
                status=cells.status(status),
                created_at=cells.date(created),
                last_use=LastUse(at=cells.date_or_never(used), service=cells.service(service)),
                as_of=self.info.as_of,
                source=self.info.source,
            ),
            console=cells.configured(password),
            password_last_used=cells.date_or_never(password_used),
            mfa=mfa,
            row=number,
        )


def _rows(block: Block) -> Iterator[tuple[int, list[str]]]:
    """Yield the block's rows with their numbers, without the header and without empty lines."""
    return ((number, row) for number, row in enumerate(block.rows, start=block.first) if row and number > 1)


def _date_in_name(name: str) -> datetime | None:
    """Return the time in a file name such as ``iam_audit_report_20261124_001111.csv``, which iam-audit writes in UTC."""
    found = _NAMED_DATE.search(name)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
