"""The effects on a user's inline policies."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from iamflow.aws.effects.call import Call
from iamflow.aws.roles import Role
from iamflow.domain.effect import Effect, EffectKind

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api


def put(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    """Put the one policy that the effect names."""
    named = {"UserName": effect.username, "PolicyName": effect.target}
    yield client("iam").call("PutUserPolicy", **named, PolicyDocument=effect.document)


def delete(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    """Delete every policy that the effect names."""
    for policy in effect.targets:
        yield client("iam").call("DeleteUserPolicy", UserName=effect.username, PolicyName=policy)


_READS = ("iam:GetUserPolicy",)

EFFECTS: Mapping[EffectKind, Call] = {
    EffectKind.ATTACH_BROWNOUT: Call(
        role=Role.OPERATOR, sid="BrownOut", actions=("iam:PutUserPolicy",), make=put, reads=_READS
    ),
    EffectKind.LIFT_BROWNOUT: Call(
        role=Role.OPERATOR, sid="BrownOut", actions=("iam:DeleteUserPolicy",), make=delete, reads=_READS
    ),
}
"""How each is carried out."""
