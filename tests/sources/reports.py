"""Reports as iam-audit writes them, with what differs from the usual."""

from collections.abc import Iterator
from pathlib import Path

from iamflow.domain.facts import Finding
from iamflow.engine.ports import Report

COLUMNS = (
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
)
NAME = "iam_audit_report_20261124_001111.csv"
DATA = Path(__file__).parent.parent / "data"


def row(**cells: str) -> dict[str, str]:
    """Return the cells of one row."""
    usual = {
        "account_id": "012345678901",
        "account_name": "prod-payments",
        "username": "svc-billing",
        "password_status": "No configurada",
        "password_last_used": "Nunca",
        "access_key_id": "AKIAYF5JKDJQS3LDLOIV",
        "status": "Active",
        "created_date": "2025-11-24 00:06:02.341905+00:00",
        "last_used_date": "2026-10-01 08:30:00+00:00",
        "service_name": "s3",
        "mfa_status": "None",
    }
    return usual | cells


def text(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    """Return a file's text, every cell as it is."""
    lines = [",".join(columns), *(",".join(cells[column] for column in columns) for cells in rows)]
    return "\r\n".join(lines) + "\r\n"


def write(folder: Path, content: str | bytes, name: str = NAME) -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def findings(report: Report) -> Iterator[Finding]:
    """Yield all that a report says."""
    return (key.finding() for key in report.keys())  # noqa: SIM118 - a report is no dictionary
