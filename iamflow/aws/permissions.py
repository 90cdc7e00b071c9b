"""The least permissions that the work needs, declared once: for ``iamflow policy show`` and for narrowing sessions.

Three roles (DESIGN section 4, DOMAIN section 7): the observer reads, the operator also takes a key's access away and
gives it back, the reaper deletes. Separate roles keep a stolen operator session from deleting anything.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from iamflow.aws.arns import user_resources
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import PermanentError
from iamflow.domain.subject import UserSubject

SESSION_POLICY_MOST = 2048
"""The most characters of an inline session policy (STS API reference, AssumeRole: Policy)."""

_VERSION = "2012-10-17"

USER_READS = ("iam:GetUser", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:ListAttachedUserPolicies")
"""What one reading of a user and its key calls; all can be limited to users (Service Authorization Reference, IAM)."""

POLICY_READ = "iam:GetUserPolicy"
"""What a reading calls too where a brown-out is configured: one inline policy, by name."""

ACCOUNT_READS = ("cloudtrail:LookupEvents", "ec2:DescribeRegions", "iam:GetAccountSummary", "sts:GetCallerIdentity")
"""What has no resource to limit it to. AWS allows GetCallerIdentity to everybody; it is listed to be complete."""


class Role(StrEnum):
    """Who is to be given a policy."""

    OBSERVER = "observer"
    OPERATOR = "operator"
    REAPER = "reaper"


ROLE_OF: Mapping[EffectKind, Role] = {
    EffectKind.ATTACH_BROWNOUT: Role.OPERATOR,
    EffectKind.LIFT_BROWNOUT: Role.OPERATOR,
    EffectKind.DEACTIVATE_KEY: Role.OPERATOR,
    EffectKind.REACTIVATE_KEY: Role.OPERATOR,
    EffectKind.DELETE_KEY: Role.REAPER,
}
"""Which role each effect belongs to."""

_BROWNOUT = {EffectKind.ATTACH_BROWNOUT, EffectKind.LIFT_BROWNOUT}


def policy_document(
    effects: Collection[EffectKind], role: Role | None = None, *, partition: str = "aws"
) -> dict[str, object]:
    """Return the IAM policy that a role needs for these effects; without a role, what all of them need together.

    ``effects`` are those of the workflows in use (``Workflow.used``).
    """
    wanted = {effect for effect in effects if role is None or ROLE_OF[effect] is role}
    users = f"arn:{partition}:iam::*:user/*"
    statements = [
        _allow("ReadUsersAndTheirKeys", USER_READS, users),
        _allow("ReadAccountAndTrail", ACCOUNT_READS, "*"),
    ]
    changing = {effect for effect in wanted if ROLE_OF[effect] is Role.OPERATOR}
    deleting = wanted - changing
    if _BROWNOUT & set(effects):
        statements.append(_allow("ReadTheBrownoutsPolicy", (POLICY_READ,), users))
    if changing - _BROWNOUT:
        statements.append(_allow("ChangeKeyStatus", _calls(changing - _BROWNOUT), users))
    if changing & _BROWNOUT:
        statements.append(_allow("BrownOut", _calls(changing & _BROWNOUT), users))
    if deleting:
        statements.append(_allow("DeleteKeys", _calls(deleting), users))
    return {"Version": _VERSION, "Statement": statements}


def host_policy(role: str, *, partition: str = "aws") -> dict[str, object]:
    """Return the policy of the host: it may assume the role (a name, or an ARN with ``{account}``), nothing else."""
    pattern = role.replace("{account}", "*") if role.startswith("arn:") else f"arn:{partition}:iam::*:role/{role}"
    return {"Version": _VERSION, "Statement": [_allow("EnterAccounts", ("sts:AssumeRole",), pattern)]}


def trust_policy(principal: str, external_id: str | None = None) -> dict[str, object]:
    """Return the trust policy with which a role lets this principal (an ARN) in."""
    statement: dict[str, object] = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    if external_id is not None:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return {"Version": _VERSION, "Statement": [statement]}


def session_policy(partition: str, subject: UserSubject, effect: EffectKind) -> str:
    """Return the inline policy that narrows a step's session: this effect and its fresh reading, on this one user.

    Raises ``PermanentError`` where the user name is none, or the policy would be longer than AWS accepts.
    """
    resources = list(user_resources(partition, subject.account_id, subject.username))
    reads = [*USER_READS, *([POLICY_READ] if subject.policies else [])]
    statement = {"Effect": "Allow", "Action": [*reads, effect.call], "Resource": resources}
    text = one_line({"Version": _VERSION, "Statement": [statement]})
    if len(text) > SESSION_POLICY_MOST:
        message = (
            f"the session policy for {subject.username!r} has {len(text)} characters, AWS accepts {SESSION_POLICY_MOST}"
        )
        raise PermanentError(message)
    return text


def one_line(document: Mapping[str, object]) -> str:
    """Write a policy on one line, without white space."""
    return json.dumps(document, separators=(",", ":"))


def _calls(effects: Collection[EffectKind]) -> tuple[str, ...]:
    return tuple(sorted({effect.call for effect in effects}))


def _allow(sid: str, actions: Iterable[str], resource: str) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}
