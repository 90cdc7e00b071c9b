"""Findings in the AWS Security Finding Format, as Security Hub's GetFindings tells them and Prowler writes them.

Source: Security Hub user guide, "AWS Security Finding Format (ASFF)" and "Samples of control findings".
"""

from collections.abc import Mapping
from datetime import datetime

from iamflow.sources.checks import Rules, rules_of
from iamflow.sources.findings import Left, Said, moment
from iamflow.sources.json_file import Element
from iamflow.sources.json_values import listed, optional, part, text

_USER, _ACCOUNT, _KEY = "AwsIamUser", "AwsAccount", "AwsIamAccessKey"
_ABOUT = frozenset({_USER, _ACCOUNT, _KEY})


def is_asff(element: Element) -> bool:
    """Return whether this is a finding in this format."""
    return {"SchemaVersion", "AwsAccountId", "GeneratorId"} <= element.keys()


def read(element: Element, now: datetime | None) -> Said | Left:
    """Return what one finding says. Raises ``ValueError`` for one that cannot be understood."""
    rules = _rules(element)
    if rules is None:
        return Left.OTHER
    status = optional(part(element, "Compliance"), "Status")
    if status != "FAILED":
        return Left.PASSED
    workflow = optional(part(element, "Workflow"), "Status")
    if optional(element, "RecordState") == "ARCHIVED" or workflow == "SUPPRESSED":
        return Left.MUTED
    return Said(
        rules=rules,
        account_id=text(element, "AwsAccountId"),
        account_name=optional(element, "AwsAccountName") or "",
        resource=_resource(element),
        at=moment(text(element, "UpdatedAt"), now),
    )


def _rules(element: Element) -> Rules | None:
    """Return the rules by the first of its ids that is one of a check that leads anywhere."""
    ids = (
        optional(part(element, "Compliance"), "SecurityControlId"),
        optional(part(element, "ProductFields"), "ControlId"),
        text(element, "GeneratorId"),
    )
    return next((rules for one in ids if one is not None and (rules := rules_of(one)) is not None), None)


def _resource(element: Element) -> str:
    resources: list[Mapping[str, object]] = listed(element, "Resources")
    about = [text(one, "Id") for one in resources if optional(one, "Type") in _ABOUT]
    if len(about) != 1:
        message = f"it names {len(about)} users or accounts among its Resources, where one is expected"
        raise ValueError(message)
    return about[0]
