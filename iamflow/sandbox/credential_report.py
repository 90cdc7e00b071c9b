"""IAM's credential report: 22 columns, a row for the root user first, and cached for four hours."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from moto.iam.models import AccessKey, User

from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.services import Exchange, Handler, Original
from iamflow.sandbox.world import Root

# "You can generate a credential report as often as once every four hours", says IAM's user guide.
_VALID = timedelta(hours=4)
_GONE, _NOT_YET = 410, 404
_COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active",
    "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date",
    "access_key_1_last_used_region", "access_key_1_last_used_service",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
    "access_key_2_last_used_region", "access_key_2_last_used_service",
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip


def _generate(exchange: Exchange, _: Original) -> object:
    account, now = exchange.principal.account_id, exchange.world.clock.now()
    kept = exchange.world.reports.get(account)
    if kept is not None and now < kept[0]:
        return {"State": "INPROGRESS"}
    if kept is not None and now - kept[0] < _VALID:
        return {"State": "COMPLETE"}
    # What it says is what is true when it begins; a change while it is being made may be in it, or not.
    exchange.world.reports[account] = now + exchange.world.report_takes, _written(exchange)
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


def _get(exchange: Exchange, _: Original) -> object:
    kept = exchange.world.reports.get(exchange.principal.account_id)
    if kept is None:
        raise AwsError(code="ReportNotPresent", message="No report is present.", status=_GONE)
    generated, content = kept
    if exchange.world.clock.now() < generated:
        message = "The report is being generated; ask for it again."
        raise AwsError(code="ReportInProgress", message=message, status=_NOT_YET)
    if exchange.world.clock.now() - generated >= _VALID:
        raise AwsError(code="ReportExpired", message="The report has expired; generate a new one.", status=_GONE)
    naive = generated.astimezone(UTC).replace(tzinfo=None)
    return {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": naive}


def _written(exchange: Exchange) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerow(_root(exchange))
    writer.writerows(_row(user) for user in exchange.iam.users.values())
    return file.getvalue().encode()


def _root(exchange: Exchange) -> Mapping[str, str]:
    account_id = exchange.principal.account_id
    root = exchange.world.roots.get(account_id, Root())
    row = dict.fromkeys(_COLUMNS, "N/A")
    never = {name: "false" for name in _COLUMNS if name.endswith("active")}
    told = {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{account_id}:root",
        "user_creation_time": "2015-01-01T00:00:00+00:00",
        "password_enabled": "not_supported",
        "password_last_used": "no_information",
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
        "mfa_active": _flag(root.mfa),
        "access_key_1_active": _flag(root.access_keys),
    }
    return {**row, **never, **told}


def _row(user: User) -> Mapping[str, str]:
    row = {
        **dict.fromkeys(_COLUMNS, "N/A"),
        "user": user.name,
        "arn": user.arn,
        "user_creation_time": _date(user.create_date),
        "password_enabled": _flag(user.password),
        "mfa_active": _flag(user.mfa_devices),
        "cert_1_active": _flag(user.signing_certificates),
        "cert_2_active": "false",
    }
    if user.password:
        used: datetime | None = vars(user)["password_last_used"]  # moto declares it as always None
        row["password_last_used"] = _date(used) if used else "no_information"
        row["password_last_changed"] = _date(user.create_date)
    slots: list[AccessKey | None] = [*user.access_keys[:2], None, None]
    for number, key in enumerate(slots[:2], start=1):
        row |= {f"access_key_{number}_{name}": cell for name, cell in _key_cells(key).items()}
    return row


def _key_cells(key: AccessKey | None) -> Mapping[str, str]:
    if key is None:
        return {"active": "false"}
    cells = {"active": _flag(key.status == "Active"), "last_rotated": _date(key.create_date)}
    if key.last_used is None:
        return cells
    used = {"last_used_date": _date(key.last_used.timestamp), "last_used_region": key.last_used.region}
    return {**cells, **used, "last_used_service": key.last_used.service}


def _flag(value: object) -> str:
    return "true" if value else "false"


def _date(moment: datetime) -> str:
    """Write one of moto's naive UTC times as the report does."""
    return moment.replace(microsecond=0, tzinfo=UTC).isoformat()


HANDLERS: Mapping[str, Handler] = {"generate_credential_report": _generate, "get_credential_report": _get}
