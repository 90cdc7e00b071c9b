"""What findings come from: report files, told apart by their columns and validated whole."""

from datetime import datetime
from pathlib import Path

from iamflow.domain.errors import InputError
from iamflow.engine.ports import Report
from iamflow.sources.csv_file import CsvFile, Progress
from iamflow.sources.formats import COLUMNS, IAM_AUDIT, complaint, recognised
from iamflow.sources.iam_audit import IamAuditReport

__all__ = ["FORMATS", "Progress", "open_report"]

FORMATS = ("auto", *COLUMNS)
"""What may be asked for. Formats other than iam-audit are recognised, and refused by name."""


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
    if found is not None and found != IAM_AUDIT and format_name in {"auto", found}:
        reason = f"recognised as {found}; this version imports {IAM_AUDIT} only"
        raise file.fault(reason)
    if format_name not in {"auto", IAM_AUDIT}:
        reason = f"it is not {format_name}, and this version imports {IAM_AUDIT} only"
        raise file.fault(reason)
    if found != IAM_AUDIT or any(header.count(column) > 1 for column in COLUMNS[IAM_AUDIT]):
        raise file.fault(complaint(header, IAM_AUDIT), 1)
    return IamAuditReport(file, header, progress or (lambda _read, _size: None), now)
