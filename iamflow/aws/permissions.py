"""The least permissions that the work needs, declared once: for ``iamflow policy show`` and for narrowing sessions.

Roles (DESIGN section 4, DOMAIN section 7): the observer reads, the operator also takes a key's access away and
gives it back, the reaper deletes. Separate roles keep a stolen operator session from deleting anything.
"""

import json
from collections.abc import Collection, Iterable, Mapping

from iamflow.aws.arns import policy_arn, user_resources
from iamflow.aws.blueprint_permissions import general_statements, named_on, session_statements
from iamflow.aws.effects import CALLS, guardrails
from iamflow.aws.effects.call import ON_USER
from iamflow.aws.roles import Role
from iamflow.aws.scan_permissions import ScanReads
from iamflow.aws.settings import TrailBucket
from iamflow.aws.sinks.permissions import store_statements
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import PermanentError
from iamflow.domain.sink import Sink
from iamflow.domain.subject import UserSubject

SESSION_POLICY_MOST = 2048
"""The most characters of an inline session policy (STS API reference, AssumeRole: Policy)."""

_VERSION = "2012-10-17"

USER_READS = ("iam:GetUser", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:ListAttachedUserPolicies")
"""What one reading of a user and its key calls; all can be limited to users (Service Authorization Reference, IAM)."""

ACCOUNT_READS = (
    "account:GetAlternateContact",
    "ec2:DescribeRegions",
    "iam:GetAccountSummary",
    "sts:GetCallerIdentity",
)
"""What has no resource to limit it to. AWS allows GetCallerIdentity to everybody; it is listed to be complete.

Without GetAlternateContact everything works but for the account's own security contact, which then is not known.
"""
TRAIL_READS = ("cloudtrail:LookupEvents",)
"""What is needed besides where events are not read from a bucket."""

HUB_WRITES = ("securityhub:BatchImportFindings", "securityhub:BatchUpdateFindings")
"""What telling Security Hub calls. Neither can be limited to resources (Service Authorization Reference, Security Hub)."""


def policy_document(
    effects: Collection[EffectKind],
    role: Role | None = None,
    *,
    sink: Sink | None = None,
    scans: ScanReads | None = None,
    hub: bool = False,
    trail: TrailBucket | None = None,
    partition: str = "aws",
) -> dict[str, object]:
    """Return the IAM policy that a role needs for these effects; without a role, what all of them need together.

    ``effects`` are those of the workflows in use (``Workflow.used``). What their readings need is in every role's policy.
    ``sink`` is where the secrets of new keys go, its name a pattern. ``scans`` is what a live scan reads, which goes to the
    observer's role alone. ``hub`` says whether Security Hub is to be told; the role ``reporter`` is there for nothing else.
    ``trail`` is the bucket that events are read from, None for LookupEvents.
    """
    calls = [CALLS[effect] for effect in EffectKind if effect in effects and not effect.governs]
    statements = [
        _allow("ReadUsersAndTheirKeys", USER_READS, _arns(partition, (ON_USER,))),
        _allow("ReadAccountAndTrail", (*ACCOUNT_READS, *(() if trail is not None else TRAIL_READS)), "*"),
        *(_bucket_statements(trail, partition) if trail is not None else ()),
    ]
    looks = {action for call in calls for action in call.looks}
    if scans is not None and role in {None, Role.OBSERVER}:
        statements += [
            _allow("ScanUsers", scans.of_users, _arns(partition, (ON_USER,))),
            _allow("ScanAccounts", scans.of_accounts, "*"),
            _allow("ListAccountsOfTheOrganisation", scans.of_organisation, "*"),
        ]
    reads = {action for call in calls for action in call.reads} - looks
    if reads:
        statements.append(_allow("ReadWhatStepsChange", reads, _arns(partition, (ON_USER,))))
    lists = {action for call in calls for action in call.lists}
    if lists:
        statements.append(_allow("ReadWhatStepsLeave", lists, "*"))
    if looks:
        statements.append(_allow("ReadWhatUsersMayDo", looks, "*"))
    stores = [call for call in calls if call.stores]
    if stores and sink is not None:
        writes = any(role is None or call.role is role for call in stores)
        statements += store_statements(sink, (partition, "*"), writes=writes)
    mine = [call for call in calls if role is None or call.role is role]
    statements += general_statements(calls, partition, mine)
    for sid in dict.fromkeys(call.sid for call in calls if call.actions and (role is None or call.role is role)):
        of_sid = [call for call in calls if call.sid == sid]
        actions = {action for call in of_sid for action in call.actions}
        # Attaching is about the user alone; which policy may be attached is a condition.
        on = tuple(dict.fromkeys(on for call in of_sid for on in ((ON_USER,) if call.only else call.on)))
        only = tuple(dict.fromkeys(name for call in of_sid for name in call.only))
        statements.append(_allow(sid, actions, _arns(partition, on)) | _only(partition, "*", only))
    statements += guardrails.policy_statements(effects, role)
    if role is Role.REPORTER or (hub and role is None):
        statements.append(_allow("TellSecurityHub", HUB_WRITES, "*"))
    return {"Version": _VERSION, "Statement": statements}


def _bucket_statements(trail: TrailBucket, partition: str) -> list[dict[str, object]]:
    """Return what reading a trail's bucket takes, for whoever reads it: the role in ``trail.account_id``, or the host."""
    bucket = f"arn:{partition}:s3:::{trail.bucket}"
    logs = "/".join(part for part in (trail.prefix, "AWSLogs", trail.organization) if part is not None)
    by_s3 = {"StringEquals": {"kms:ViaService": f"s3.{trail.region}.amazonaws.com"}}
    return [
        _allow("ListTrail", ("s3:ListBucket",), bucket) | {"Condition": {"StringLike": {"s3:prefix": f"{logs}/*"}}},
        _allow("ReadTrail", ("s3:GetObject",), f"{bucket}/{logs}/*"),
        _allow("DecryptTrail", ("kms:Decrypt",), "*") | {"Condition": by_s3},
    ]


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
    if effect.governs:
        return one_line({"Version": _VERSION, "Statement": guardrails.session_statements(partition, subject, effect)})
    call = CALLS[effect]
    patterns = call.on if subject.blueprint is None else named_on(call, subject.blueprint)
    others = [f"arn:{partition}:iam::{subject.account_id}:{pattern}" for pattern in patterns if pattern != ON_USER]
    resources = [*user_resources(partition, subject.account_id, subject.username), *others]
    reads = [*USER_READS, *call.reads]
    statements: list[dict[str, object]] = [
        {"Effect": "Allow", "Action": [*reads, *([] if call.only else call.actions)], "Resource": resources}
    ]
    if call.only:
        only = _only(partition, subject.account_id, call.only)
        statements.append({"Effect": "Allow", "Action": list(call.actions), "Resource": resources[:2]} | only)
    if call.lists:
        statements.append({"Effect": "Allow", "Action": list(call.lists), "Resource": "*"})
    if subject.blueprint is not None:
        statements += session_statements(call, subject.blueprint, partition, subject.account_id)
    if subject.sink is not None:
        statements += store_statements(subject.sink, (partition, subject.account_id), writes=call.stores, exact=True)
    text = one_line({"Version": _VERSION, "Statement": statements})
    if len(text) > SESSION_POLICY_MOST:
        message = (
            f"the session policy for {subject.username!r} has {len(text)} characters, AWS accepts {SESSION_POLICY_MOST}"
        )
        raise PermanentError(message)
    return text


def one_line(document: Mapping[str, object]) -> str:
    """Write a policy on one line, without white space."""
    return json.dumps(document, separators=(",", ":"))


def _arns(partition: str, patterns: tuple[str, ...]) -> str | list[str]:
    arns = [f"arn:{partition}:iam::*:{pattern}" for pattern in patterns]
    return arns[0] if len(arns) == 1 else arns


def _only(partition: str, account: str, policies: tuple[str, ...]) -> dict[str, object]:
    """Return the condition under which a statement is good for these policies alone."""
    if not policies:
        return {}
    arns = [policy_arn(partition, account, policy) for policy in policies]
    return {"Condition": {"ArnEquals": {"iam:PolicyARN": arns}}}


def _allow(sid: str, actions: Iterable[str], resource: str | list[str]) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}
