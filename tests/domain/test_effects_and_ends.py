"""What an effect is to AWS, and when a ticket is at its end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.facts import same_second
from iamflow.domain.sink import Sink, SinkKind
from iamflow.domain.states import State

from .samples import KEY, MICROSECOND, NOW, OTHER_KEY, reading, ticket

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("kind", "call", "undoes"),
    [
        (EffectKind.DEACTIVATE_KEY, "iam:UpdateAccessKey", False),
        (EffectKind.REACTIVATE_KEY, "iam:UpdateAccessKey", True),
        (EffectKind.DELETE_KEY, "iam:DeleteAccessKey", False),
    ],
)
def test_an_effect_is_one_call_and_only_giving_back_undoes(kind: EffectKind, call: str, undoes: bool) -> None:
    assert kind.call == call
    assert kind.undoes is undoes


@pytest.mark.parametrize(
    ("kind", "place", "calls"),
    [
        (EffectKind.DELETE_KEY, None, ["iam:DeleteAccessKey"]),
        (
            EffectKind.PROVE_SINK,
            SinkKind.SECRETSMANAGER,
            ["secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"],
        ),
        (EffectKind.PROVE_SINK, SinkKind.SSM, ["ssm:PutParameter"]),
        (EffectKind.ISSUE_KEY, SinkKind.SECRETSMANAGER, ["iam:CreateAccessKey", "secretsmanager:PutSecretValue"]),
        (EffectKind.ISSUE_KEY, SinkKind.SSM, ["iam:CreateAccessKey", "ssm:PutParameter"]),
        (EffectKind.ISSUE_KEY, SinkKind.FILE, ["iam:CreateAccessKey", "file:write"]),
    ],
)
def test_every_call_that_an_effect_may_take_is_named(
    kind: EffectKind, place: SinkKind | None, calls: list[str]
) -> None:
    document = None if place is None else Sink(kind=place, name="n").text
    effect = Effect(kind=kind, account_id=ticket().account_id, username=ticket().username, document=document)
    assert list(effect.calls) == calls


@pytest.mark.parametrize("state", State)
def test_a_ticket_has_ended_only_at_one_of_its_ends(state: State) -> None:
    ends = {
        State.DELETED, State.REMEDIATED, State.RESTORED, State.ROLLED_BACK, State.RESOLVED, State.CANCELLED,
    }  # fmt: skip

    assert ticket(state=state).ended is (state in ends)


def test_a_key_counts_as_deactivated_once_that_was_observed() -> None:
    assert not ticket().key_was_deactivated
    assert ticket(deactivated_at=NOW).key_was_deactivated


def test_a_key_is_found_by_its_whole_id() -> None:
    assert reading().key(KEY) == reading().keys[0]
    assert reading().key(OTHER_KEY) is None
    assert replace(reading(), keys=()).key(KEY) is None


@pytest.mark.parametrize(
    ("apart", "same"),
    [
        (timedelta(0), True),
        (SECOND, True),
        (-SECOND, True),
        (SECOND + MICROSECOND, False),
        (-SECOND - MICROSECOND, False),
    ],
)
def test_two_times_agree_within_a_second_either_way(apart: timedelta, same: bool) -> None:
    assert same_second(NOW, NOW + apart) is same
