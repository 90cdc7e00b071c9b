"""Where the settings leave users to the code that manages them, nothing is taken from them, whoever approved it."""

from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Remedy
from iamflow.domain.policy import Managed, Protection

from .circumstances import FORWARD, Alone, allowed, alone, approve, codes, reading, refusal

STACK = {"aws:cloudformation:stack-name": "payments-users", "aws:cloudformation:logical-id": "Etl"}


def _managed(c: Circumstances, how: Managed, tags: dict[str, str]) -> Circumstances:
    protection = Protection(managed=how, managed_tags=(("managed-by", "*terraform*"),))
    return replace(reading(c, tags=tags), policy=replace(c.policy, protection=protection))


ALONE = tuple(
    alone(f"{how.value}: {why}", approve(_managed(allowed(kind), how, tags)), "managed")
    for kind in FORWARD
    for how in (Managed.NOTICE, Managed.SKIP)
    for why, tags in (
        ("CloudFormation", STACK),
        ("a tag of another case", {"Managed-By": "Terraform Cloud"}),
        ("a stack without a name", {"aws:cloudformation:stack-id": "arn:…"}),
    )
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)
    assert refusal(case.spoilt).remedy is Remedy.BLOCK


@pytest.mark.parametrize("kind", FORWARD)
def test_by_default_a_managed_user_is_as_any_other(kind: EffectKind) -> None:
    assert codes(_managed(allowed(kind), Managed.TICKET, STACK)) == ()


@pytest.mark.parametrize("kind", FORWARD)
def test_a_tag_that_says_something_else_manages_nobody(kind: EffectKind) -> None:
    assert codes(_managed(allowed(kind), Managed.SKIP, {"managed-by": "hand", "cloudformation": "no"})) == ()


def test_giving_back_is_always_allowed() -> None:
    assert codes(_managed(allowed(EffectKind.REACTIVATE_KEY), Managed.SKIP, STACK)) == ()


def test_the_reason_names_what_manages_the_user() -> None:
    sentence = refusal(_managed(allowed(EffectKind.DEACTIVATE_KEY), Managed.SKIP, STACK)).sentence
    assert sentence == "managed by CloudFormation stack payments-users (protect.managed: skip): change it there"
