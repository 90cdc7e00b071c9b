"""Whether a user's own policies let him do something: enough of AWS's policy language to say no where it is not certain.

Identity policies and the permissions boundary are weighed. Control policies of the organisation are not: iamflow cannot
read them from inside an account. An Allow under a condition does not count, and a Deny under one counts: neither can be
known before the request is made. Policy elements are those of the IAM user guide, "IAM JSON policy elements reference".
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

ENROLMENT = ("iam:CreateVirtualMFADevice", "iam:EnableMFADevice")
"""What a user calls to enrol a virtual MFA device for himself."""

_USER_ARN = re.compile(r"arn:(?P<partition>[\w-]+):iam::(?P<account>\d{12}):user/(?:.*/)?(?P<name>[^/]+)")

Statement = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """The policies that decide what a user may do, each as its text."""

    arn: str
    """The user's."""
    policies: tuple[str, ...]
    """What is attached to the user and to his groups, and their inline policies."""
    boundary: str | None = None
    """The permissions boundary; None where he has none."""


def cannot_enrol(rights: Rights) -> tuple[str, ...]:
    """Return why the user cannot be known to be able to enrol an MFA device himself; nothing where he is."""
    found = _USER_ARN.fullmatch(rights.arn)
    if found is None:
        return ("the user's ARN is not one that iamflow understands",)
    device = f"arn:{found['partition']}:iam::{found['account']}:mfa/{found['name']}"
    resources = dict(zip(ENROLMENT, (device, rights.arn), strict=True))
    identity = [statement for policy in rights.policies for statement in _statements(policy)]
    boundary = None if rights.boundary is None else _statements(rights.boundary)
    reasons = (
        _lacking(identity, boundary, action, (resource, found["name"])) for action, resource in resources.items()
    )
    return tuple(reason for reason in reasons if reason is not None)


def _lacking(
    identity: Sequence[Statement], boundary: Sequence[Statement] | None, action: str, where: tuple[str, str]
) -> str | None:
    if _denied([*identity, *(boundary or ())], action, where):
        return f"a policy denies the user {action}, or may"
    if not _allowed(identity, action, where):
        return f"no policy allows the user {action} on himself"
    if boundary is not None and not _allowed(boundary, action, where):
        return f"the user's permissions boundary does not allow {action}"
    return None


def _allowed(statements: Iterable[Statement], action: str, where: tuple[str, str]) -> bool:
    return any(
        statement.get("Effect") == "Allow" and not statement.get("Condition") and _concerns(statement, action, where)
        for statement in statements
    )


def _denied(statements: Iterable[Statement], action: str, where: tuple[str, str]) -> bool:
    return any(statement.get("Effect") == "Deny" and _concerns(statement, action, where) for statement in statements)


def _concerns(statement: Statement, action: str, where: tuple[str, str]) -> bool:
    resource, name = where
    return _element(statement, "Action", action, ignore_case=True) and _element(
        _named(statement, name), "Resource", resource, ignore_case=False
    )


def _element(statement: Statement, name: str, value: str, *, ignore_case: bool) -> bool:
    if f"Not{name}" in statement:
        return not any(_pattern(item, ignore_case).fullmatch(value) for item in _listed(statement[f"Not{name}"]))
    return any(_pattern(item, ignore_case).fullmatch(value) for item in _listed(statement.get(name)))


def _named(statement: Statement, name: str) -> Statement:
    """Return a statement's resources with the user's name where the policy leaves it open."""
    return {
        key: [item.replace("${aws:username}", name) for item in _listed(statement[key])]
        for key in ("Resource", "NotResource")
        if key in statement
    }


def _listed(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


@cache
def _pattern(text: str, ignore_case: bool) -> re.Pattern[str]:  # noqa: FBT001 - part of the cache's key
    expression = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _statements(document: str) -> list[Statement]:
    """Return a policy's statements. One that cannot be read denies everything: what it says is not known."""
    try:
        found = json.loads(document)["Statement"]
    except (ValueError, KeyError, TypeError):
        found = None
    listed = [found] if isinstance(found, dict) else found
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return [{"Effect": "Deny", "Action": "*", "Resource": "*"}]
    return listed
