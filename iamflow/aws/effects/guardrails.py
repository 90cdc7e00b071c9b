"""The effects on service control policies of an organisation, and the permissions that guardrails need."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from iamflow.aws.effects.call import Call
from iamflow.aws.roles import Role
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.errors import PermanentError, UncertainError
from iamflow.domain.guardrail import is_account, target_of
from iamflow.domain.subject import UserSubject

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api

_TYPE = "SERVICE_CONTROL_POLICY"
_GONE = ("PolicyNotFoundException", "PolicyNotAttachedException", "TargetNotFoundException")

_READS = (
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:DescribeOrganizationalUnit",
    "organizations:DescribePolicy",
    "organizations:ListPolicies",
    "organizations:ListPoliciesForTarget",
    "organizations:ListRoots",
    "organizations:ListTargetsForPolicy",
)
"""What one reading of a target and a policy calls. Organizations limits none of the lists to a resource."""
_TREE = ("organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent")
_PEOPLE = ("iam:GetLoginProfile", "iam:ListMFADevices", "iam:ListUsers")


def _create(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    described = (
        "iamflow: denies users and root users everything but enrolling an MFA device until they sign in with one"
    )
    yield client("organizations").call(
        "CreatePolicy", Name=effect.target, Content=effect.document, Description=described, Type=_TYPE
    )


def _attach(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield _one(client("organizations"), effect, "AttachPolicy", TargetId=target_of(effect.username))


def _detach(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield _one(client("organizations"), effect, "DetachPolicy", TargetId=target_of(effect.username))


def _delete(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield _one(client("organizations"), effect, "DeletePolicy")


def _one(api: "Api", effect: Effect, operation: str, **parameters: object) -> "Answer":
    """Make a call about the policy, which the effect names by its id. What is gone is for reading to tell."""
    try:
        return api.call(operation, PolicyId=effect.target, **parameters)
    except PermanentError as error:
        if not any(code in str(error) for code in _GONE):
            raise
        message = f"{operation}: the policy or its target is not what it was; reading AWS will tell what there is"
        raise UncertainError(message) from error


def _call(action: str, make: "Callable[[Callable[[str], Api], Effect], Iterator[Answer]]") -> Call:
    return Call(role=Role.OPERATOR, sid="GovernByMfa", actions=(action,), make=make, on=())


EFFECTS: Mapping[EffectKind, Call] = {
    EffectKind.CREATE_SCP: _call("organizations:CreatePolicy", _create),
    EffectKind.ATTACH_SCP: _call("organizations:AttachPolicy", _attach),
    EffectKind.DETACH_SCP: _call("organizations:DetachPolicy", _detach),
    EffectKind.DELETE_SCP: _call("organizations:DeletePolicy", _delete),
}
"""How each is carried out."""


def policy_statements(effects: Collection[EffectKind], role: Role | None) -> list[dict[str, object]]:
    """Return what a role's policy needs for guardrails among these effects: in the management account, and in the members."""
    if not any(effect.governs for effect in effects):
        return []
    found = [
        _allow("ReadOrganisation", (*_READS, *_TREE), "*"),
        _allow("PreviewGuardrails", _PEOPLE, "*"),
    ]
    if role in {None, Role.OPERATOR}:
        actions = {action for effect in effects if effect.governs for action in EFFECTS[effect].actions}
        found.append(_allow("GovernByMfa", actions, "*"))
    return found


def session_statements(partition: str, subject: UserSubject, effect: EffectKind) -> list[dict[str, object]]:
    """Return what the session of one step may do: read, and make this one call about policies, on this target alone."""
    account, target = subject.account_id, target_of(subject.username)
    arn = f"arn:{partition}:organizations::{account}"
    on: list[str] | str = [f"{arn}:policy/*/service_control_policy/*"]
    if effect in {EffectKind.ATTACH_SCP, EffectKind.DETACH_SCP}:
        on = [*on, f"{arn}:{'account' if is_account(target) else 'ou'}/*/{target}"]
    elif effect is EffectKind.CREATE_SCP:
        on = "*"
    return [
        {"Effect": "Allow", "Action": list(_READS), "Resource": "*"},
        {"Effect": "Allow", "Action": list(EFFECTS[effect].actions), "Resource": on},
    ]


def _allow(sid: str, actions: Collection[str], resource: str) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}
