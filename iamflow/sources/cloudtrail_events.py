"""The audit's CloudTrail events: who made which call, when. Their use is small, and the command says so.

Such a file is a sample of management events: it does not say with which credentials a call was made, and who is not in it may be
busy all the same. So it opens no ticket and ends none. What it does say is that a user was seen alive at some time; that is put
on the tickets about the user and his keys, beside what else is known.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from operator import itemgetter

from iamflow.domain.facts import Finding, Sighting
from iamflow.domain.ids import AccountId
from iamflow.domain.lead import Lead
from iamflow.domain.rules import ReportedUser
from iamflow.engine.ports import ReportedKey, ScanInfo, SeenUser
from iamflow.sources import cells
from iamflow.sources.csv_file import CsvFile, Progress
from iamflow.sources.formats import CLOUDTRAIL_EVENTS, COLUMNS

_USERS_LIMIT = 200_000
"""Users of one file, of each of whom the latest call is in memory."""
_NOBODY = frozenset({"", "-", "n/a", "none"})


class CloudTrailEvents:
    """A validated file of events (an ``iamflow.engine.ports.FileReport``)."""

    users_by_keys = False

    def __init__(self, file: CsvFile, header: Sequence[str], progress: Progress, now: datetime | None) -> None:
        """Validate the whole file. Raises ``InputError`` with the row and the reason."""
        self._file = file
        self._width = len(header)
        self._cells = itemgetter(*(header.index(column) for column in COLUMNS[CLOUDTRAIL_EVENTS]))
        self._latest: dict[tuple[str, str], tuple[datetime, str]] = {}
        self.rows = 0
        digest = self._validate(progress)
        newest = max((at for at, _ in self._latest.values()), default=None)
        as_of = file.date_in_name() or newest or datetime.fromtimestamp(file.modified(), UTC)
        self._source = file.source(CLOUDTRAIL_EVENTS)
        self.info = ScanInfo(source=self._source, as_of=as_of, sha256=digest, started_at=now or as_of)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What events are good for."""
        return ("events open no tickets and end none: they say when a user was last seen, on the tickets that stand",)

    def keys(self) -> Iterator[ReportedKey]:
        """Yield nothing: an event is no finding."""
        return iter(())

    def users(self) -> Iterator[ReportedUser]:
        """Yield nothing: an event is no finding."""
        return iter(())

    def leads(self) -> Iterator[Lead]:
        """Yield nothing: that somebody makes calls leads nowhere."""
        return iter(())

    def roots(self) -> Iterator[Finding]:
        """Yield nothing: an event is no finding."""
        return iter(())

    def sightings(self) -> Iterator[SeenUser]:
        """Yield the latest call of every user."""
        for (account, username), (at, event) in self._latest.items():
            sighting = Sighting(at=at, event=event, source=self._source)
            yield SeenUser(account_id=AccountId(account), username=username, sighting=sighting)

    def _validate(self, progress: Progress) -> str:
        size, digest = self._file.size(), b""
        for block in self._file.blocks():
            for number, row in enumerate(block.rows, start=block.first):
                if row and number > 1:
                    self._take(row, number)
            digest = block.digest
            progress(block.bytes_read, size)
        return digest.hex()

    def _take(self, row: Sequence[str], number: int) -> None:
        if len(row) != self._width:
            reason = f"it has {len(row)} cells where the first row has {self._width}"
            raise self._file.fault(reason, number)
        time, event, username, account, name, _ = self._cells(row)
        try:
            at = cells.date(time)
            cells.account_id(account)
            cells.account_name(name)
            event = cells.event_name(event)
            nobody = username.strip().lower() in _NOBODY
            whose = (account, username if nobody else cells.username(username))
        except ValueError as error:
            raise self._file.fault(str(error), number) from error
        self.rows += 1
        known = self._latest.get(whose)
        if not nobody and (known is None or known[0] < at):
            self._latest[whose] = at, event
        if len(self._latest) > _USERS_LIMIT:
            reason = f"it tells of more than {_USERS_LIMIT} users: import it in parts"
            raise self._file.fault(reason)
