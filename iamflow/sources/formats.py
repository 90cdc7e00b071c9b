"""Which report a file is, told by the columns in its first row. Their order does not matter, and others may be among them."""

from collections.abc import Mapping, Sequence

from iamflow.domain.credential_report import COLUMNS as CREDENTIAL_COLUMNS
from iamflow.domain.encoding import for_log

IAM_AUDIT = "iam-audit"
ROOT_AUDIT = "root-audit"
CLOUDTRAIL_EVENTS = "cloudtrail-events"
CREDENTIAL_REPORT = "credential-report"
PROWLER = "prowler"
SECURITY_HUB = "security-hub"

COLUMNS: Mapping[str, tuple[str, ...]] = {
    IAM_AUDIT: (
        "account_id",
        "account_name",
        "username",
        "password_status",
        "password_last_used",
        "access_key_id",
        "status",
        "created_date",
        "last_used_date",
        "service_name",
        "mfa_status",
    ),
    ROOT_AUDIT: ("account_id", "account_name", "mfa_enabled", "access_key_present", "root_last_login"),
    CLOUDTRAIL_EVENTS: ("eventTime", "eventName", "username", "account_id", "account_name", "resources"),
    CREDENTIAL_REPORT: CREDENTIAL_COLUMNS,
}
"""The columns that each format of comma-separated files must have."""

_PROWLER = ("CHECK_ID", "STATUS", "TIMESTAMP", "ACCOUNT_UID", "RESOURCE_UID")
"""The columns of Prowler's reports that are read; those of version 3 are renamed first."""
_PROWLER_3 = {
    "ACCOUNT_ID": "ACCOUNT_UID",
    "RESOURCE_ARN": "RESOURCE_UID",
    "ASSESSMENT_START_TIME": "TIMESTAMP",
}


def prowler_columns(start: bytes) -> tuple[list[str], str]:
    """Return the columns of a Prowler report, as versions 4 and 5 call them, and what stands between them; none for another."""
    line = start.partition(b"\n")[0].decode("utf-8", "replace").strip("\r")
    for delimiter in ";,":
        named = [cell.strip().strip('"').upper() for cell in line.split(delimiter)]
        columns = [_PROWLER_3.get(name, name) for name in named]
        if all(columns.count(name) == 1 for name in _PROWLER):
            return columns, delimiter
    return [], ""


def recognised(header: Sequence[str]) -> str | None:
    """Return the format whose columns are all there, or None."""
    present = set(header)
    return next((name for name, columns in COLUMNS.items() if present.issuperset(columns)), None)


def closest(header: Sequence[str]) -> str:
    """Return the format that a first row which is none comes closest to: the one that is named in the refusal."""
    present = set(header)
    return max(COLUMNS, key=lambda name: len(present.intersection(COLUMNS[name])))


def complaint(header: Sequence[str], wanted: str) -> str:
    """Return why a first row is not that of the wanted format."""
    if len(header) == 1 and ";" in header[0]:
        return "its cells are separated by semicolons: use the file as it was written, with commas"
    missing = [column for column in COLUMNS[wanted] if column not in header]
    if len(missing) == len(COLUMNS[wanted]):
        return f"its first row does not name the columns of a report; {wanted} has {', '.join(COLUMNS[wanted])}"
    twice = sorted({column for column in header if header.count(column) > 1 and column in COLUMNS[wanted]})
    if twice:
        return f"the column {for_log(twice[0])} stands twice in its first row"
    return f"its first row lacks {', '.join(missing)}, which {wanted} has"
