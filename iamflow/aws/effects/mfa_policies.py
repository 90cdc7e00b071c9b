"""The effects that require MFA of a user: by an inline policy, or by the account's one customer managed policy.

The managed way is the safer one: attaching can be allowed for exactly that policy (``iam:PolicyARN``), while whoever may
put any inline policy on any user is as good as an administrator (DOMAIN section 7).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from iamflow.aws.arns import policy_arn
from iamflow.aws.effects.call import ON_USER, Call
from iamflow.aws.effects.user_policies import delete, put
from iamflow.aws.roles import Role
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.errors import PermanentError, TemporaryError
from iamflow.domain.require_mfa import MANAGED_NAMES

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api


def _create(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    described = "iamflow: denies everything but enrolling an MFA device until a user has signed in with one"
    named = {"PolicyName": effect.target, "PolicyDocument": effect.document, "Description": described}
    try:
        yield client("iam").call("CreatePolicy", **named)
    except PermanentError as error:
        if "EntityAlreadyExists" not in str(error):
            raise
        message = f"the policy {effect.target} was made by another ticket at this moment; it is looked at again"
        raise TemporaryError(message) from error


def _attach(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield client("iam").call("AttachUserPolicy", UserName=effect.username, PolicyArn=_arn(client("iam"), effect))


def _detach(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield client("iam").call("DetachUserPolicy", UserName=effect.username, PolicyArn=_arn(client("iam"), effect))


def _arn(iam: "Api", effect: Effect) -> str:
    return policy_arn(iam.partition, effect.account_id, effect.target)


_ON_USER = ("iam:GetLoginProfile", "iam:ListMFADevices", "iam:ListUserPolicies", "iam:GetUserPolicy")
_ON_POLICY = ("iam:GetPolicy", "iam:GetPolicyVersion")
_RIGHTS = (
    "iam:GetGroupPolicy",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:ListAttachedGroupPolicies",
    "iam:ListGroupPolicies",
    "iam:ListGroupsForUser",
)
_POLICIES = tuple(f"policy/{name}" for name in MANAGED_NAMES)


def _inline(action: str, make: "Callable[[Callable[[str], Api], Effect], Iterator[Answer]]") -> Call:
    return Call(role=Role.OPERATOR, sid="RequireMfa", actions=(action,), make=make, reads=_ON_USER, looks=_RIGHTS)


def _managed(action: str, make: "Callable[[Callable[[str], Api], Effect], Iterator[Answer]]") -> Call:
    return Call(
        role=Role.OPERATOR,
        sid="RequireMfaByAttaching",
        actions=(action,),
        make=make,
        reads=(*_ON_USER, *_ON_POLICY),
        looks=_RIGHTS,
        only=MANAGED_NAMES,
        on=(ON_USER, *_POLICIES),
    )


EFFECTS: Mapping[EffectKind, Call] = {
    EffectKind.PUT_MFA_POLICY: _inline("iam:PutUserPolicy", put),
    EffectKind.DELETE_MFA_POLICY: _inline("iam:DeleteUserPolicy", delete),
    EffectKind.CREATE_MFA_POLICY: Call(
        role=Role.OPERATOR,
        sid="MakeMfaPolicy",
        actions=("iam:CreatePolicy",),
        make=_create,
        reads=(*_ON_USER, *_ON_POLICY),
        looks=_RIGHTS,
        on=_POLICIES,
    ),
    EffectKind.ATTACH_MFA_POLICY: _managed("iam:AttachUserPolicy", _attach),
    EffectKind.DETACH_MFA_POLICY: _managed("iam:DetachUserPolicy", _detach),
}
"""How each is carried out."""
