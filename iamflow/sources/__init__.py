"""What findings come from: report files, told apart by their content and validated whole."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from iamflow.domain.errors import InputError
from iamflow.engine.ports import FileReport
from iamflow.sources.cloudtrail_events import CloudTrailEvents
from iamflow.sources.credential_report import CredentialReport
from iamflow.sources.csv_file import CsvFile, Progress
from iamflow.sources.formats import (
    CLOUDTRAIL_EVENTS,
    COLUMNS,
    CREDENTIAL_REPORT,
    IAM_AUDIT,
    PROWLER,
    ROOT_AUDIT,
    SECURITY_HUB,
    closest,
    complaint,
    prowler_columns,
    recognised,
)
from iamflow.sources.iam_audit import IamAuditReport
from iamflow.sources.prowler_csv import read_csv
from iamflow.sources.root_audit import RootAuditReport
from iamflow.sources.tool_json import format_of, read_json

__all__ = ["FORMATS", "Progress", "format_in", "open_report"]

FORMATS = ("auto", *COLUMNS, PROWLER, SECURITY_HUB)
"""What may be asked for."""

_READERS: Mapping[str, Callable[[CsvFile, Sequence[str], Progress, datetime | None], FileReport]] = {
    IAM_AUDIT: IamAuditReport,
    ROOT_AUDIT: RootAuditReport,
    CLOUDTRAIL_EVENTS: CloudTrailEvents,
    CREDENTIAL_REPORT: lambda file, _header, progress, now: CredentialReport(file, progress, now),
}
"""The readers of comma-separated files, by their formats."""


def open_report(
    path: Path,
    format_name: str = "auto",
    progress: Progress | None = None,
    *,
    now: datetime | None = None,
    label: str | None = None,
) -> FileReport:
    """Validate a file of findings whole, and return it ready to be read.

    ``progress`` is told the bytes read and the file's size. ``now`` is when the import began (UTC; where it is not told, the
    report's own date stands for it). The report's date is the one in a name such as ``…_20261124_001111.csv`` (UTC), else the
    newest date in the file, else the file's own. ``label`` is what messages and findings call a copy. Raises ``InputError``, one
    line with file, row and reason, for a file that is not what it says.
    """
    if format_name not in FORMATS:
        message = f"there is no format {format_name!r}: use one of {', '.join(FORMATS)}"
        raise InputError(message)
    file = CsvFile(path=path, label=label)
    start = file.start()
    told = progress or (lambda _read, _size: None)
    if _is_json(start):
        return _from_json(file, format_name, told, now)
    if prowler_columns(start)[0]:
        if format_name not in {"auto", PROWLER}:
            reason = f"it is a report of prowler, and not of {format_name}"
            raise file.fault(reason)
        return read_csv(file, told, now)
    return _from_csv(file, format_name, told, now)


def format_in(path: Path) -> str | None:
    """Return the format that a file's beginning is in, None for one that is not known. The rest of it may still be refused.

    JSON that is broken counts as findings: whoever looks for the newest report is to hear of it, and not to get an older one.
    """
    file = CsvFile(path=path)
    try:
        start = file.start()
        if _is_json(start):
            return _json_format(file)
        return PROWLER if prowler_columns(start)[0] else recognised([cell.strip() for cell in file.header()])
    except InputError:
        return None


def _json_format(file: CsvFile) -> str | None:
    try:
        return format_of(file)
    except InputError:
        return SECURITY_HUB


def _is_json(start: bytes) -> bool:
    return start.lstrip()[:1] in {b"[", b"{"}


def _from_json(file: CsvFile, format_name: str, progress: Progress, now: datetime | None) -> FileReport:
    found = format_of(file)
    if found is None:
        reason = "its first finding is neither in ASFF nor in OCSF: Security Hub and Prowler write those"
        raise file.fault(reason)
    if format_name not in {"auto", found}:
        reason = f"it holds findings of {found}, and is not {format_name}"
        raise file.fault(reason)
    return read_json(file, found, progress, now)


def _from_csv(file: CsvFile, format_name: str, progress: Progress, now: datetime | None) -> FileReport:
    header = [cell.strip() for cell in file.header()]
    found = recognised(header)
    wanted = format_name if format_name != "auto" else found or closest(header)
    if wanted not in _READERS:
        reason = f"it is no report of {wanted}"
        raise file.fault(reason)
    if found != wanted or any(header.count(column) > 1 for column in COLUMNS[wanted]):
        raise file.fault(complaint(header, wanted), 1)
    return _READERS[wanted](file, header, progress, now)
