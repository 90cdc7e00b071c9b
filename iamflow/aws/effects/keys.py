"""The effects on access keys.

The user is always named with the key: for a key of anybody else, IAM then answers NoSuchEntity.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from iamflow.aws.effects.call import Call
from iamflow.aws.roles import Role
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.facts import KeyStatus

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api


def _deactivate(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield client("iam").call("UpdateAccessKey", **_named(effect), Status=KeyStatus.INACTIVE.value)


def _reactivate(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield client("iam").call("UpdateAccessKey", **_named(effect), Status=KeyStatus.ACTIVE.value)


def _delete(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield client("iam").call("DeleteAccessKey", **_named(effect))


def _named(effect: Effect) -> dict[str, object]:
    return {"UserName": effect.username, "AccessKeyId": effect.key_id}


EFFECTS: Mapping[EffectKind, Call] = {
    EffectKind.DEACTIVATE_KEY: Call(
        role=Role.OPERATOR, sid="ChangeKeyStatus", actions=("iam:UpdateAccessKey",), make=_deactivate
    ),
    EffectKind.REACTIVATE_KEY: Call(
        role=Role.OPERATOR, sid="ChangeKeyStatus", actions=("iam:UpdateAccessKey",), make=_reactivate
    ),
    EffectKind.DELETE_KEY: Call(role=Role.REAPER, sid="DeleteKeys", actions=("iam:DeleteAccessKey",), make=_delete),
}
"""How each is carried out."""
