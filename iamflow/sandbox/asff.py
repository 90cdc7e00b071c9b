"""What Security Hub refuses of a finding, checked field by field against AWS's API reference (AwsSecurityFinding).

Written from that reference alone, and not from what iamflow sends: a mistake of the sender's is to be found here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d(:?\d\d)?)")
_TYPE = re.compile(
    r"(Software and Configuration Checks|TTPs|Effects|Unusual Behaviors|Sensitive Data Identifications)(/[^/]+){0,2}"
)
_RESOURCE_TYPE = re.compile(r"Aws[A-Za-z0-9]+|Container|Other")
_LABELS = {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}
_PARTITIONS = {"aws", "aws-cn", "aws-us-gov"}
_SIZE = 240_000
_RESOURCES, _FIELDS, _TYPES = 32, 50, 50

Fault = str | None


def faults(finding: Mapping[str, Any], account_id: str, region: str, partition: str = "aws") -> Iterator[str]:
    """Yield everything that is wrong with a finding which this account sends to Security Hub in this region."""
    product = f"arn:{partition}:securityhub:{region}:{account_id}:product/{account_id}/default"
    for name, check in _REQUIRED.items():
        if name not in finding:
            yield f"{name} is required"
        elif (fault := check(finding[name])) is not None:
            yield f"{name} {fault}"
    for name, check in _OPTIONAL.items():
        if name in finding and (fault := check(finding[name])) is not None:
            yield f"{name} {fault}"
    for name, wanted in (("AwsAccountId", account_id), ("ProductArn", product), ("Region", region)):
        if finding.get(name, wanted) != wanted:
            yield f"{name} must be {wanted}"
    for resource in finding.get("Resources") or []:
        yield from _resource(resource)
    if len(json.dumps(finding).encode()) > _SIZE:
        yield "the finding is larger than 240 KB"


def _text(most: int) -> Callable[[Any], Fault]:
    def check(value: Any) -> Fault:  # noqa: ANN401 - whatever was sent
        if not isinstance(value, str) or not value.strip():
            return "must be a text that is not blank"
        return None if len(value) <= most else f"is longer than {most} characters"

    return check


def _exactly(*wanted: str) -> Callable[[Any], Fault]:
    return lambda value: None if value in wanted else f"must be one of {', '.join(wanted)}"


def _time(value: Any) -> Fault:  # noqa: ANN401 - whatever was sent
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        return "must be a time as ISO 8601 writes it, with its zone"
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", value))
    except ValueError:
        return "is no time"
    return None


def _account(value: Any) -> Fault:  # noqa: ANN401 - whatever was sent
    return None if isinstance(value, str) and re.fullmatch(r"\d{12}", value) else "must have 12 digits"


def _resources(value: Any) -> Fault:  # noqa: ANN401 - whatever was sent
    return (
        None if isinstance(value, list) and 1 <= len(value) <= _RESOURCES else f"must hold 1 to {_RESOURCES} resources"
    )


def _types(value: Any) -> Fault:  # noqa: ANN401 - whatever was sent
    if not isinstance(value, list) or len(value) > _TYPES:
        return f"must be a list of at most {_TYPES} types"
    wrong = [item for item in value if not isinstance(item, str) or _TYPE.fullmatch(item) is None]
    return f"holds {wrong[0]!r}, which is no namespace/category/classifier" if wrong else None


def _severity(value: Any) -> Fault:  # noqa: ANN401 - whatever was sent
    if not isinstance(value, dict) or value.get("Label") not in _LABELS:
        return f"must have a Label of {', '.join(sorted(_LABELS))}"
    return _text(64)(value["Original"]) if "Original" in value else None


def _provider(value: Any) -> Fault:  # noqa: ANN401 - whatever was sent
    if not isinstance(value, dict):
        return "must be an object"
    parts = (("Severity", _severity), ("Types", _types))
    found = [f"{name} {fault}" for name, check in parts if name in value and (fault := check(value[name])) is not None]
    return found[0] if found else None


def _product_fields(value: Any) -> Fault:  # noqa: ANN401 - whatever was sent
    if not isinstance(value, dict) or len(value) > _FIELDS:
        return f"must be at most {_FIELDS} names with values"
    wrong = [name for name, item in value.items() if _text(128)(name) or _text(2048)(item)]
    return f"{wrong[0]!r} or its value is blank or too long" if wrong else None


def _remediation(value: Any) -> Fault:  # noqa: ANN401 - whatever was sent
    advice = value.get("Recommendation", {}) if isinstance(value, dict) else None
    if not isinstance(advice, dict):
        return "must be an object"
    return _text(512)(advice["Text"]) if "Text" in advice else None


def _resource(resource: Mapping[str, Any]) -> Iterator[str]:
    kind = resource.get("Type")
    if not isinstance(kind, str) or _RESOURCE_TYPE.fullmatch(kind) is None:
        yield f"Resources.Type {kind!r} is none"
    if (fault := _text(512)(resource.get("Id"))) is not None:
        yield f"Resources.Id {fault}"
    if resource.get("Partition", "aws") not in _PARTITIONS:
        yield "Resources.Partition is none"
    for name, details in (resource.get("Details") or {}).items():
        if name != kind:
            yield f"Resources.Details.{name} does not go with Type {kind}"
        yield from _details(name, details)


def _details(kind: str, details: Mapping[str, Any]) -> Iterator[str]:
    known: Sequence[str] = _DETAILS.get(kind, ())
    for name, value in details.items():
        if known and name not in known:
            yield f"Resources.Details.{kind}.{name} is unknown"
        if isinstance(value, str) and not value.strip():
            yield f"Resources.Details.{kind}.{name} is blank"
        if name in {"CreatedAt", "CreateDate"} and (fault := _time(value)) is not None:
            yield f"Resources.Details.{kind}.{name} {fault}"
    if kind == "AwsIamAccessKey" and details.get("Status", "Active") not in {"Active", "Inactive"}:
        yield "Resources.Details.AwsIamAccessKey.Status is none"


_DETAILS = {
    "AwsIamAccessKey": (
        "UserName", "Status", "CreatedAt", "PrincipalId", "PrincipalType", "PrincipalName", "AccountId", "AccessKeyId",
        "SessionContext",
    ),
    "AwsIamUser": (
        "AttachedManagedPolicies", "CreateDate", "GroupList", "Path", "PermissionsBoundary", "UserId", "UserName",
        "UserPolicyList",
    ),
}  # fmt: skip
_REQUIRED: Mapping[str, Callable[[Any], Fault]] = {
    "SchemaVersion": _exactly("2018-10-08"),
    "Id": _text(512),
    "ProductArn": _text(2048),
    "GeneratorId": _text(512),
    "AwsAccountId": _account,
    "CreatedAt": _time,
    "UpdatedAt": _time,
    "Title": _text(256),
    "Description": _text(1024),
    "Resources": _resources,
}
_OPTIONAL: Mapping[str, Callable[[Any], Fault]] = {
    "Severity": _severity,
    "Types": _types,
    "FindingProviderFields": _provider,
    "ProductFields": _product_fields,
    "Remediation": _remediation,
    "RecordState": _exactly("ACTIVE", "ARCHIVED"),
    "FirstObservedAt": _time,
    "LastObservedAt": _time,
    "ProductName": _text(64),
    "CompanyName": _text(64),
}
