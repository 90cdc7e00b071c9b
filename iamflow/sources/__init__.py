"""What findings come from: report files, told apart by their columns and validated whole."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from iamflow.domain.errors import InputError
from iamflow.engine.ports import Report
from iamflow.sources.csv_file import CsvFile, Progress
from iamflow.sources.formats import COLUMNS, IAM_AUDIT, ROOT_AUDIT, complaint, recognised
from iamflow.sources.iam_audit import IamAuditReport
from iamflow.sources.root_audit import RootAuditReport

__all__ = ["FORMATS", "Progress", "open_report"]

FORMATS = ("auto", *COLUMNS)
"""What may be asked for. Formats that are not among the readers are recognised, and refused by name."""

_READERS: Mapping[str, Callable[[CsvFile, Sequence[str], Progress, datetime | None], Report]] = {
    IAM_AUDIT: IamAuditReport,
    ROOT_AUDIT: RootAuditReport,
}
_IMPORTED = " and ".join(_READERS)


def open_report(
    path: Path, format_name: str = "auto", progress: Progress | None = None, *, now: datetime | None = None
) -> Report:
    """Validate a file of findings whole, and return it ready to be read.

    ``progress`` is told the bytes read and the file's size. ``now`` is when the import began (UTC; where it is not told, the
    report's own date stands for it). The report's date is the one in a name such as ``…_20261124_001111.csv`` (UTC), else the
    newest date in the file, else the file's own. Raises ``InputError``, one line with file, row and reason, for
    a file that is not what it says, or is of a format that this version does not import.
    """
    if format_name not in FORMATS:
        message = f"there is no format {format_name!r}: use one of {', '.join(FORMATS)}"
        raise InputError(message)
    file = CsvFile(path=path)
    header = [cell.strip() for cell in file.header()]
    found = recognised(header)
    if found is not None and found not in _READERS and format_name in {"auto", found}:
        reason = f"recognised as {found}; this version imports {_IMPORTED} only"
        raise file.fault(reason)
    if format_name != "auto" and format_name not in _READERS:
        reason = f"it is not {format_name}, and this version imports {_IMPORTED} only"
        raise file.fault(reason)
    wanted = format_name if format_name != "auto" else found or IAM_AUDIT
    if found != wanted or any(header.count(column) > 1 for column in COLUMNS[wanted]):
        raise file.fault(complaint(header, wanted), 1)
    return _READERS[wanted](file, header, progress or (lambda _read, _size: None), now)
