"""Findings in the Open Cybersecurity Schema Framework, as Prowler writes them, and as Security Hub does.

Prowler's are Detection Findings (class 2004), in version 3 Security Findings (2001), with its own status in ``status_code``.
Those of Security Hub about controls are Compliance Findings (2003), with the control's id in ``compliance.control`` (Security
Hub user guide, "OCSF findings in Security Hub"; schema.ocsf.io, "Compliance Finding").
"""

from datetime import datetime

from iamflow.sources.checks import Rules, rules_of
from iamflow.sources.findings import Left, Said, moment
from iamflow.sources.json_file import Element
from iamflow.sources.json_values import listed, optional, part, text

_FAILED = frozenset({"fail", "failed", "failure"})
_FAIL_ID = 3
"""``compliance.status_id`` of a check that failed."""
_SUPPRESSED = frozenset({"suppressed", "archived", "deleted"})
"""Not what a person called resolved: where the check still fails, AWS has the last word."""
_CLOSED = "close"


def is_ocsf(element: Element) -> bool:
    """Return whether this is a finding in this format."""
    return {"class_uid", "metadata", "cloud", "resources"} <= element.keys()


def is_prowlers(element: Element) -> bool:
    """Return whether Prowler wrote it."""
    return (optional(part(part(element, "metadata"), "product"), "name") or "").lower() == "prowler"


def read(element: Element, now: datetime | None) -> Said | Left:
    """Return what one finding says. Raises ``ValueError`` for one that cannot be understood."""
    rules = _rules(element)
    if rules is None:
        return Left.OTHER
    if not _failed(element):
        return Left.PASSED
    status = (optional(element, "status") or "").lower()
    if status in _SUPPRESSED or (optional(element, "activity_name") or "").lower() == _CLOSED:
        return Left.MUTED
    account = part(part(element, "cloud"), "account")
    resources = listed(element, "resources")
    if len(resources) != 1:
        message = f"it has {len(resources)} resources, where one is expected"
        raise ValueError(message)
    return Said(
        rules=rules,
        account_id=text(account, "uid"),
        account_name=optional(account, "name") or "",
        resource=text(resources[0], "uid"),
        at=moment(element.get("time"), now),
    )


def _rules(element: Element) -> Rules | None:
    metadata = part(element, "metadata")
    ids = (
        optional(part(element, "compliance"), "control"),
        optional(metadata, "event_code"),
        optional(part(part(metadata, "product"), "feature"), "uid"),
        optional(part(part(element, "finding_info"), "analytic"), "uid"),
    )
    return next((rules for one in ids if one is not None and (rules := rules_of(one)) is not None), None)


def _failed(element: Element) -> bool:
    code = optional(element, "status_code")
    if code is not None and is_prowlers(element):
        return code.lower() in _FAILED
    compliance = part(element, "compliance")
    if compliance.get("status_id") is not None:
        return compliance["status_id"] == _FAIL_ID
    return (optional(compliance, "status") or "").lower() in _FAILED
