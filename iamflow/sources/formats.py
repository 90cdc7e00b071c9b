"""Which report a file is, told by the columns in its first row. Their order does not matter, and others may be among them."""

from collections.abc import Mapping, Sequence

from iamflow.domain.encoding import for_log

IAM_AUDIT = "iam-audit"
ROOT_AUDIT = "root-audit"

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
    "cloudtrail-events": ("eventTime", "eventName", "username", "account_id", "account_name", "resources"),
    "credential-report": ("user", "arn", "user_creation_time", "password_enabled", "mfa_active", "access_key_1_active"),
}
"""The columns that each format must have."""


def recognised(header: Sequence[str]) -> str | None:
    """Return the format whose columns are all there, or None."""
    present = set(header)
    return next((name for name, columns in COLUMNS.items() if present.issuperset(columns)), None)


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
