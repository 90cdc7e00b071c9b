"""Prowler's CSV report: cells between semicolons (commas in early versions), some of them many lines long.

Versions 4 and 5 have the columns of ``docs/tutorials/reporting.md`` in Prowler's repository; that page names what version 3 called
them. Of a report only the few columns are read that say which check failed, and for whom.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime

from iamflow.domain.encoding import for_log
from iamflow.sources.checks import PROWLER
from iamflow.sources.csv_file import CsvFile, Progress
from iamflow.sources.findings import Left, Said, ToolFindings, moment
from iamflow.sources.formats import PROWLER as FORMAT
from iamflow.sources.formats import prowler_columns

_RECORD_LIMIT = 1024 * 1024
"""Characters of one row, over all its lines; Prowler's rows have about 5,000."""
_MUTED = frozenset({"true", "1", "yes"})


def read_csv(file: CsvFile, progress: Progress, now: datetime | None) -> ToolFindings:
    """Validate the whole file. Raises ``InputError`` with the row and the reason."""
    report = ToolFindings(file=file, format_name=FORMAT)
    lines = _Lines(file, progress)
    header, delimiter = prowler_columns(file.start())
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 1
    try:
        next(reader)
        for number, row in enumerate(reader, start=2):
            lines.next_record()
            if row:
                report.take(_said(_cells(row, header), now), number)
    except (csv.Error, ValueError) as error:
        raise file.fault(for_log(str(error), limit=300), number) from None
    return report.finish(lines.digest.hexdigest(), now)


def _cells(row: list[str], header: list[str]) -> Mapping[str, str]:
    if len(row) != len(header):
        message = f"it has {len(row)} cells where the first row has {len(header)}"
        raise ValueError(message)
    return dict(zip(header, row, strict=True))


def _said(cells: Mapping[str, str], now: datetime | None) -> Said | Left:
    rules = PROWLER.get(cells["CHECK_ID"]) if cells.get("PROVIDER", "aws") == "aws" else None
    if rules is None:
        return Left.OTHER
    if cells["STATUS"] != "FAIL":
        return Left.PASSED
    if cells.get("MUTED", "").strip().lower() in _MUTED:
        return Left.MUTED
    return Said(
        rules=rules,
        account_id=cells["ACCOUNT_UID"],
        account_name=cells.get("ACCOUNT_NAME", ""),
        resource=cells["RESOURCE_UID"],
        at=moment(cells["TIMESTAMP"], now),
    )


class _Lines:
    """Yields the file's lines, as the ``csv`` module wants them, and refuses a row that never ends."""

    def __init__(self, file: CsvFile, progress: Progress) -> None:
        self.digest = hashlib.sha256()
        self._file = file
        self._progress = progress
        self._record = 0

    def next_record(self) -> None:
        """Begin to count anew: a row is complete."""
        self._record = 0

    def __iter__(self) -> Iterator[str]:
        size, read, rest = self._file.size(), 0, b""
        for data in self._file.chunks():
            self.digest.update(data)
            read += len(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield self._text(line + b"\n")
            if len(rest) > _RECORD_LIMIT:
                raise ValueError(_TOO_LONG)
            self._progress(read, size)
        if rest:
            yield self._text(rest)

    def _text(self, line: bytes) -> str:
        self._record += len(line)
        if self._record > _RECORD_LIMIT:
            raise ValueError(_TOO_LONG)
        try:
            return line.decode()
        except UnicodeDecodeError:
            message = "it is not UTF-8: save it as CSV in UTF-8"
            raise ValueError(message) from None


_TOO_LONG = f"the row is longer than {_RECORD_LIMIT // 1024**2} MiB, or a quoted cell in it is not closed"
