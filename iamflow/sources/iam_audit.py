"""The iam-audit report: one row for each access key, with the facts of its user repeated on each.

Columns in any order, cells in Spanish or English. "Nunca" and "Never" mean that AWS named no use, which is also what it says
when it does not know. The whole file is validated before anything is handed out; then it is read again, row by row.

A row whose ``access_key_id`` and ``status`` are empty tells of a user without keys, as ``iamflow scan --write-report`` writes it;
its ``created_date`` is when the user was made.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter

from iamflow.domain.facts import Finding, KeyFacts, KeyStatus, LastUse, UserFacts
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.lead import Lead
from iamflow.domain.rules import ReportedUser
from iamflow.engine.ports import ScanInfo, SeenUser
from iamflow.sources import cells
from iamflow.sources.csv_file import Block, CsvFile, Progress
from iamflow.sources.duplicates import Duplicates
from iamflow.sources.formats import COLUMNS, IAM_AUDIT

_OLDEST = datetime.min.replace(tzinfo=UTC)

_KEY = 5
"""Where the key id stands in ``COLUMNS[IAM_AUDIT]``."""
_STATUS = 6
"""Where its status stands there."""
_CREATED = 7
"""Where the date of its creation stands there."""
_WORDS = itemgetter(0, 1, 3, 6, 9, 10)
"""The cells that are the same in many rows: account, its name, password status, key status, service, MFA."""
_IDENTITY = itemgetter(0, 2, 6, 7, 8)
"""The cells that two rows about one key must agree on: account, user, status, creation, last use."""


class IamAuditReport:
    """A validated iam-audit file (an ``iamflow.engine.ports.Report``)."""

    users_by_keys = True
    remarks = ()

    def __init__(self, file: CsvFile, header: Sequence[str], progress: Progress, now: datetime | None) -> None:
        """Validate the whole file. Raises ``InputError`` with the row and the reason."""
        self._file = file
        self._width = len(header)
        self._cells = itemgetter(*(header.index(column) for column in COLUMNS[IAM_AUDIT]))
        self._digests: list[bytes] = []
        self._keyless = 0
        self.rows = 0
        newest = self._validate(progress)
        as_of = file.date_in_name() or newest or datetime.fromtimestamp(file.modified(), UTC)
        source = file.source(IAM_AUDIT)
        self.info = ScanInfo(source=source, as_of=as_of, sha256=self._digests[-1].hex(), started_at=now or as_of)

    def keys(self) -> Iterator["IamAuditKey"]:
        """Yield every key in the file, in its order. Raises ``InputError`` once the file is no longer what was validated."""
        return (IamAuditKey(self.info, cells_, number) for number, cells_ in self._read_again() if cells_[_KEY])

    def users(self) -> Iterator[ReportedUser]:
        """Yield the users without keys; the others are put together from the rows about their keys."""
        if not self._keyless:
            return iter(())
        return (_user(self.info, cells_, number) for number, cells_ in self._read_again() if not cells_[_KEY])

    def _read_again(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield each row's number, and its cells in the order of ``COLUMNS[IAM_AUDIT]``. Raises ``InputError`` as ``keys`` does."""
        count = 0
        for count, block in enumerate(self._file.blocks(), start=1):
            if count > len(self._digests) or block.digest != self._digests[count - 1]:
                raise self._changed()
            for number, row in _rows(block):
                yield number, self._cells(row)
        if count != len(self._digests):
            raise self._changed()

    def leads(self) -> Iterator[Lead]:
        """Yield nothing: each row says enough."""
        return iter(())

    def roots(self) -> Iterator[Finding]:
        """Yield nothing: the report tells of no root user."""
        return iter(())

    def sightings(self) -> Iterator[SeenUser]:
        """Yield nothing: the report tells of no calls."""
        return iter(())

    def _changed(self) -> Exception:
        return self._file.fault("it has changed since it was validated: import it again")

    def _validate(self, progress: Progress) -> datetime | None:
        """Check every row, and return the newest date in the file."""
        size = self._file.size()
        keys = Duplicates()
        newest = _OLDEST
        for block in self._file.blocks():
            checked = []
            for number, row in _rows(block):
                chosen, latest = self._checked(row, number)
                checked.append(chosen)
                newest = max(newest, latest)
            keys.note(map(_subject, checked), map(_IDENTITY, checked))
            self.rows += len(checked)
            self._digests.append(block.digest)
            progress(block.bytes_read, size)
        self._refuse_contradictions(keys)
        return newest if newest > _OLDEST else None

    def _checked(self, row: Sequence[str], number: int) -> tuple[tuple[str, ...], datetime]:
        """Return a row's cells in the order of ``COLUMNS[IAM_AUDIT]``, each known to be good, and the latest time in them."""
        if len(row) != self._width:
            reason = f"it has {len(row)} cells where the first row has {self._width}"
            raise self._file.fault(reason, number)
        chosen: tuple[str, ...] = self._cells(row)
        try:
            _check_words(_WORDS(chosen if chosen[_KEY] else _as_if_active(chosen)))
            cells.username(chosen[2])
            if chosen[_KEY]:
                cells.key_id(chosen[_KEY])
            else:
                self._keyless += 1
            created = cells.date(chosen[_CREATED]) if chosen[_KEY] or chosen[_CREATED] else _OLDEST
            signed_in = cells.date_or_never(chosen[4])
            used = cells.date_or_never(chosen[8])
        except ValueError as error:
            raise self._file.fault(str(error), number) from error
        return chosen, max(created, signed_in or created, used or created)

    def _refuse_contradictions(self, keys: Duplicates) -> None:
        """Refuse a file that says two different things of one key."""
        suspects = keys.contradicted()
        if not suspects:
            return
        first: dict[str, tuple[int, tuple[str, ...]]] = {}
        for block in self._file.blocks():
            for number, row in _rows(block):
                chosen = self._cells(row)
                key, identity = _subject(chosen), _IDENTITY(chosen)
                if hash(key) not in suspects:
                    continue
                earlier, said = first.setdefault(key, (number, identity))
                if said != identity:
                    reason = f"it says something else of {key} than row {earlier} does"
                    raise self._file.fault(reason, number)


class IamAuditKey:
    """A row of a validated file (an ``iamflow.engine.ports.ReportedKey``)."""

    __slots__ = ("_chosen", "_info", "_number", "account_id", "console", "created_at", "key_id", "mfa", "username")

    def __init__(self, info: ScanInfo, chosen: Sequence[str], number: int) -> None:
        """Take the cells, in the order of ``COLUMNS[IAM_AUDIT]``, and the number of the row."""
        self._info = info
        self._chosen = chosen
        self._number = number
        self.key_id = KeyId(chosen[_KEY])
        self.created_at = cells.known_date(chosen[_CREATED])
        self.account_id = AccountId(chosen[0])
        self.username = UserName(chosen[2])
        self.console = cells.configured(chosen[3])
        self.mfa = cells.has_mfa(chosen[10])

    def password_last_used(self) -> datetime | None:
        """Return when the user last signed in to the console; None for never and for not known alike."""
        return cells.known_date_or_never(self._chosen[4])

    def last_used(self) -> datetime | None:
        """Return when the key was last used; None for never and for not known alike."""
        return cells.known_date_or_never(self._chosen[8])

    def finding(self) -> Finding:
        """Return all that the row says of the key."""
        account, account_name, user, password, password_used, _, status, _, used, service, mfa = self._chosen
        return Finding(
            account_id=AccountId(account),
            account_name=account_name,
            username=UserName(user),
            key_id=self.key_id,
            facts=KeyFacts(
                status=cells.status(status),
                created_at=self.created_at,
                last_use=LastUse(at=cells.known_date_or_never(used), service=cells.service(service)),
                as_of=self._info.as_of,
                source=self._info.source,
            ),
            console=cells.configured(password),
            password_last_used=cells.known_date_or_never(password_used),
            mfa=mfa,
            row=self._number,
        )


def _subject(chosen: Sequence[str]) -> str:
    """Return what a row is about: a key, or a user without any."""
    return chosen[_KEY] or f"{chosen[0]}/{chosen[2]}"


def _as_if_active(chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cells of a user without keys as the check of words takes them. Raises ``ValueError`` where there is a status."""
    if chosen[_STATUS]:
        message = "it names no access key id, and yet has a status"
        raise ValueError(message)
    return (*chosen[:_STATUS], KeyStatus.ACTIVE.value, *chosen[_STATUS + 1 :])


def _user(info: ScanInfo, chosen: Sequence[str], number: int) -> ReportedUser:
    """Return what the row of a user without keys says."""
    account, account_name, user, password, password_used, _, _, created, _, _, mfa = chosen
    facts = UserFacts(
        console=cells.configured(password),
        mfa=cells.has_mfa(mfa),
        password_last_used=cells.known_date_or_never(password_used),
        key_last_used=None,
        created_at=cells.known_date(created) if created else None,
        as_of=info.as_of,
        source=info.source,
    )
    return ReportedUser(
        account_id=AccountId(account), account_name=account_name, username=user, facts=facts, row=number
    )


@lru_cache(maxsize=16384)
def _check_words(words: tuple[str, ...]) -> None:
    account, name, password, status, service, mfa = words
    cells.account_id(account)
    cells.account_name(name)
    cells.configured(password)
    cells.status(status)
    cells.service(service)
    cells.mfa(mfa)


def _rows(block: Block) -> Iterator[tuple[int, list[str]]]:
    """Yield the block's rows with their numbers, without the header and without empty lines."""
    return ((number, row) for number, row in enumerate(block.rows, start=block.first) if row and number > 1)
