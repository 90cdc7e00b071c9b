"""The organisation that an iam-audit report describes, laid out in the simulated AWS.

The report has one row for each key; its columns are account_id, account_name, username, password_status,
password_last_used, access_key_id, status, created_date, last_used_date, service_name and mfa_status. Cells are in
Spanish or English. What cannot be read is left at its default: the sandbox is no judge of reports.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from iamflow.sandbox.seed import PastCall
from iamflow.sandbox.server import Sandbox

_SET = frozenset({"configurada", "configured", "set", "enabled", "true", "yes", "sí", "si"})
_KEPT = timedelta(days=90)
# What an application that last used a service may have called; the report only knows the service.
_TYPICAL = {
    "s3": "ListBuckets",
    "ec2": "DescribeInstances",
    "sts": "GetCallerIdentity",
    "dynamodb": "ListTables",
    "sqs": "ListQueues",
    "iam": "ListUsers",
    "lambda": "ListFunctions",
}


def read_audit(path: Path) -> list[dict[str, str]]:
    """Return the rows of an iam-audit CSV file, cell by column name, with or without a byte order mark."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            {str(column): (cell or "").strip() for column, cell in row.items() if column is not None}
            for row in csv.DictReader(file)
        ]


def seed_from_audit(sandbox: Sandbox, rows: Iterable[Mapping[str, str]]) -> None:
    """Seed accounts, users and keys exactly as the rows say.

    The keys keep their ids, the users get new UserIds and were created a day before their oldest key. A use within
    the last 90 days is also an event in CloudTrail.
    """
    listed = [row for row in rows if row.get("account_id") and row.get("username")]
    accounts = {row["account_id"]: row.get("account_name", "") for row in listed}
    for account_id, name in accounts.items():
        if account_id != sandbox.settings.home_account:
            sandbox.seed.account(account_id, name)
    for (account_id, username), theirs in _by_user(listed).items():
        _seed_user(sandbox, account_id, username, theirs)


def _by_user(rows: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], dict[str, Mapping[str, str]]]:
    """Group rows by user, then key: a key that is listed twice is one key."""
    users: dict[tuple[str, str], dict[str, Mapping[str, str]]] = {}
    for row in rows:
        users.setdefault((row["account_id"], row["username"]), {})[row.get("access_key_id", "")] = row
    return users


def _seed_user(sandbox: Sandbox, account_id: str, username: str, keys: Mapping[str, Mapping[str, str]]) -> None:
    now = sandbox.clock.now()
    first = next(iter(keys.values()))
    made = [date for row in keys.values() if (date := _date(row.get("created_date"))) is not None]
    sandbox.seed.user(
        account_id,
        username,
        created=min(made, default=now) - timedelta(days=1),
        password=first.get("password_status", "").lower() in _SET,
        password_last_used=_date(first.get("password_last_used")),
        mfa=first.get("mfa_status", "None"),
    )
    for key_id, row in keys.items():
        if key_id:
            _seed_key(sandbox, (account_id, username, key_id), row)


def _seed_key(sandbox: Sandbox, key: tuple[str, str, str], row: Mapping[str, str]) -> None:
    account_id, username, key_id = key
    used, service = _date(row.get("last_used_date")), row.get("service_name", "")
    service = "sts" if service in {"", "N/A"} else service
    sandbox.seed.key(
        account_id,
        username,
        key_id,
        status="Inactive" if row.get("status", "").lower() == "inactive" else "Active",
        created=_date(row.get("created_date")),
        last_used=used,
        service=service,
    )
    if used is not None and sandbox.clock.now() - used < _KEPT:
        name = _TYPICAL.get(service, "DescribeAccount")
        sandbox.seed.trail_event(PastCall(access_key_id=key_id, at=used, source=f"{service}.amazonaws.com", name=name))


def _date(cell: str | None) -> datetime | None:
    """Read a date; words such as ``Nunca``, ``Never`` and ``N/A`` are none."""
    try:
        date = datetime.fromisoformat(cell or "")
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
