"""The effects by which a key is replaced: the probe of the secret store, the new key with its delivery, and deletions.

A new key and the delivery of its secret are one effect, since nothing but their both being there can be settled by reading:
the secret is in the memory of this one call, and whoever comes after a crash has none to deliver. A key without a delivery
is withdrawn, and another one made.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from iamflow.aws.codes import code_of
from iamflow.aws.effects.call import Call
from iamflow.aws.roles import Role
from iamflow.aws.sinks import Credential, open_store
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.errors import BlockedError, IamflowError, TemporaryError, UncertainError
from iamflow.domain.ids import KeyId
from iamflow.domain.sink import Sink, delivery_version

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer, Api


def _prove(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    yield from open_store(_place(effect), client).prove(effect.target)


def _issue(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    """Make a key and put its secret away. What is yielded is AWS's word about the key, without the secret."""
    answer = _created(client, effect)
    metadata = answer.get("ResponseMetadata", {})
    try:
        credential = _credential(effect, answer)
        place = _place(effect)
        version = delivery_version(place, KeyId(credential.access_key_id))
        list(open_store(place, client).deliver(version, credential))
    except Exception as error:  # noqa: BLE001 - see below
        # Whatever went wrong: there is a key now, and only reading tells whether its secret arrived. Its words are left
        # out, with the error behind it: some parts of botocore quote what they were given.
        told = isinstance(error, BlockedError) or (isinstance(error, IamflowError) and code_of(error) is not None)
        reason = str(error) if told else type(error).__name__
        message = f"a key was made, and its secret may not have arrived: {reason}"
        raise UncertainError(message, request_id=metadata.get("RequestId")) from None
    yield {"ResponseMetadata": metadata}


def _created(client: "Callable[[str], Api]", effect: Effect) -> "Answer":
    try:
        return client("iam").call("CreateAccessKey", UserName=effect.username)
    except TemporaryError as error:
        if code_of(error) == "LimitExceeded":
            message = f"user {effect.username} has as many access keys as AWS allows him"
            raise BlockedError(message, code="slots_full") from error
        raise


def _credential(effect: Effect, answer: "Answer") -> Credential:
    made = answer["AccessKey"]
    return Credential(
        account_id=effect.account_id,
        username=effect.username,
        access_key_id=made["AccessKeyId"],
        secret=made["SecretAccessKey"],
    )


def _delete_other(client: "Callable[[str], Api]", effect: Effect) -> "Iterator[Answer]":
    """Delete the one key that the effect names beside the ticket's own, which must be another."""
    if effect.target == effect.key_id:
        message = f"{effect.kind.value} names the ticket's own key; nothing was called"
        raise BlockedError(message, code="wrong_key")
    yield client("iam").call("DeleteAccessKey", UserName=effect.username, AccessKeyId=effect.target)


def _place(effect: Effect) -> Sink:
    return Sink.read(effect.document or "")


EFFECTS: Mapping[EffectKind, Call] = {
    EffectKind.PROVE_SINK: Call(role=Role.ISSUER, sid="KeepSecrets", actions=(), make=_prove, stores=True),
    EffectKind.ISSUE_KEY: Call(
        role=Role.ISSUER, sid="IssueKeys", actions=("iam:CreateAccessKey",), make=_issue, stores=True
    ),
    EffectKind.FREE_SLOT: Call(
        role=Role.REAPER, sid="DeleteKeys", actions=("iam:DeleteAccessKey",), make=_delete_other
    ),
    EffectKind.WITHDRAW_KEY: Call(
        role=Role.REAPER, sid="DeleteKeys", actions=("iam:DeleteAccessKey",), make=_delete_other
    ),
}
"""How each is carried out."""
