"""Security Hub, which moto takes anything for: what is refused, ignored and set back is as AWS's documentation says.

API reference (BatchImportFindings, BatchUpdateFindings, GetFindings, Workflow) and user guide ("BatchImportFindings for finding
providers"). It is off in every account until it is enabled there.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from iamflow.sandbox import asff
from iamflow.sandbox.errors import AwsError, Refusal, Reply, refusal
from iamflow.sandbox.services import Exchange
from iamflow.sandbox.world import Hub

_AT_ONCE = 100
_PAGE = 100
_PARTITION = "aws"
_NOTE_MOST = 512


def answer(exchange: Exchange) -> Reply:
    """Answer a call, or raise the service's error."""
    operation = exchange.call.operation
    if operation not in _OPERATIONS:
        raise refusal(Refusal.NOT_BUILT, exchange.call.dialect)
    world = exchange.world
    place = (exchange.principal.account_id, exchange.call.region)
    if operation == "EnableSecurityHub":
        world.hubs.setdefault(place, Hub())
    hub = world.hubs.get(place)
    if hub is None:
        message = f"Account {place[0]} is not subscribed to AWS Security Hub"
        raise AwsError(code="InvalidAccessException", message=message, status=401)
    return _reply(_OPERATIONS[operation](exchange, hub))


def _reply(body: Mapping[str, Any]) -> Reply:
    headers = (("Content-Type", "application/json"),)
    return Reply(status=200, headers=headers, body=json.dumps(body).encode())


def _import(exchange: Exchange, hub: Hub) -> Mapping[str, Any]:
    findings: Sequence[Mapping[str, Any]] = exchange.parameter("Findings") or []
    if not 1 <= len(findings) <= _AT_ONCE:
        message = "Findings must hold 1 to 100 findings"
        raise _invalid(message)
    failed = []
    for finding in findings:
        code, message = _refused(exchange, hub, finding)
        if code is None:
            _store(hub, finding)
        else:
            failed.append({"Id": str(finding.get("Id", "")), "ErrorCode": code, "ErrorMessage": message})
    return {"FailedCount": len(failed), "SuccessCount": len(findings) - len(failed), "FailedFindings": failed}


def _refused(exchange: Exchange, hub: Hub, finding: Mapping[str, Any]) -> tuple[str | None, str]:
    if hub.refusals:
        hub.refusals -= 1
        return "InternalFailure", "An internal error occurred."
    wrong = next(asff.faults(finding, exchange.principal.account_id, exchange.call.region, _PARTITION), None)
    return (
        (None, "") if wrong is None else ("InvalidInput", f"Finding does not adhere to Amazon Finding Format. {wrong}")
    )


def _store(hub: Hub, finding: Mapping[str, Any]) -> None:
    key = finding["ProductArn"], finding["Id"]
    before = hub.findings.get(key)
    if before is not None and _at(finding["UpdatedAt"]) <= _at(before["UpdatedAt"]):
        hub.ignored.append(finding["Id"])
        return
    given = finding.get("FindingProviderFields", {})
    after: dict[str, Any] = {"RecordState": "ACTIVE", "Severity": given.get("Severity"), "Types": given.get("Types")}
    after |= finding
    # Workflow and note belong to the customer once the finding is there.
    kept = before if before is not None else finding
    after |= {"Workflow": kept.get("Workflow", {"Status": "NEW"})}
    after.pop("Note", None)
    if before is not None and "Note" in before:
        after["Note"] = before["Note"]
    woken = before is not None and before["RecordState"] == "ARCHIVED" and after["RecordState"] == "ACTIVE"
    if woken and after["Workflow"]["Status"] in {"NOTIFIED", "RESOLVED"}:
        after["Workflow"] = {"Status": "NEW"}
    hub.findings[key] = after


def _update(exchange: Exchange, hub: Hub) -> Mapping[str, Any]:
    wanted: Sequence[Mapping[str, str]] = exchange.parameter("FindingIdentifiers") or []
    if not 1 <= len(wanted) <= _AT_ONCE:
        message = "FindingIdentifiers must hold 1 to 100 identifiers"
        raise _invalid(message)
    note: Mapping[str, str] | None = exchange.parameter("Note")
    if note is not None and not 1 <= len(note["Text"]) <= _NOTE_MOST:
        message = "Note.Text is too long"
        raise _invalid(message)
    done, left = [], []
    for one in wanted:
        finding = hub.findings.get((one["ProductArn"], one["Id"]))
        if finding is None:
            unknown = {"ErrorCode": "FindingNotFound", "ErrorMessage": "The finding was not found."}
            left.append({"FindingIdentifier": dict(one), **unknown})
            continue
        if (workflow := exchange.parameter("Workflow")) is not None:
            finding["Workflow"] = dict(workflow)
        if note is not None:
            finding["Note"] = {**note, "UpdatedAt": exchange.call.at.isoformat(timespec="milliseconds")}
        done.append(dict(one))
    return {"ProcessedFindings": done, "UnprocessedFindings": left}


def _get(exchange: Exchange, hub: Hub) -> Mapping[str, Any]:
    filters: Mapping[str, Sequence[Mapping[str, str]]] = exchange.parameter("Filters") or {}
    if not filters.keys() <= _FILTERS.keys():
        raise refusal(Refusal.NOT_BUILT, exchange.call.dialect)
    found = [finding for _, finding in sorted(hub.findings.items()) if _fits(finding, filters)]
    start, most = int(exchange.parameter("NextToken") or 0), int(exchange.parameter("MaxResults") or _PAGE)
    rest = found[start + most :]
    return {"Findings": found[start : start + most], **({"NextToken": str(start + most)} if rest else {})}


def _fits(finding: Mapping[str, Any], filters: Mapping[str, Sequence[Mapping[str, str]]]) -> bool:
    """Whether a finding fits: one of the values of each field."""
    for name, conditions in filters.items():
        value = _FILTERS[name](finding)
        if not any(_meets(value, each) for each in conditions):
            return False
    return True


def _meets(value: str, condition: Mapping[str, str]) -> bool:
    wanted = condition["Value"]
    return value.startswith(wanted) if condition["Comparison"] == "PREFIX" else value == wanted


_FILTERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "Id": lambda finding: str(finding["Id"]),
    "ProductArn": lambda finding: str(finding["ProductArn"]),
    "RecordState": lambda finding: str(finding["RecordState"]),
    "WorkflowStatus": lambda finding: str(finding["Workflow"]["Status"]),
    "GeneratorId": lambda finding: str(finding["GeneratorId"]),
}


def _describe(exchange: Exchange, _: Hub) -> Mapping[str, Any]:
    account, region = exchange.principal.account_id, exchange.call.region
    return {"HubArn": f"arn:{_PARTITION}:securityhub:{region}:{account}:hub/default"}


def _disable(exchange: Exchange, _: Hub) -> Mapping[str, Any]:
    del exchange.world.hubs[exchange.principal.account_id, exchange.call.region]
    return {}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _invalid(message: str) -> AwsError:
    return AwsError(code="InvalidInputException", message=message, status=400)


_OPERATIONS: Mapping[str, Callable[[Exchange, Hub], Mapping[str, Any]]] = {
    "BatchImportFindings": _import,
    "BatchUpdateFindings": _update,
    "GetFindings": _get,
    "DescribeHub": _describe,
    "DisableSecurityHub": _disable,
    "EnableSecurityHub": lambda _exchange, _hub: {},
}
