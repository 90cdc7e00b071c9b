"""Safety rule 10 and DESIGN 8.8: nothing selected means nothing done; iamflow acts only where the settings list the account."""

from dataclasses import replace

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Circumstances, Remedy
from iamflow.domain.ids import AccountId
from iamflow.domain.policy import Policy
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode

from .circumstances import ACCOUNT, FORWARD, Alone, allowed, alone, approve, codes, refusal

OTHER = AccountId("210987654321")


def _with(c: Circumstances, policy: Policy) -> Circumstances:
    return approve(replace(c, policy=policy))


def _policy(mode: Mode = Mode.ENFORCE, **scope: frozenset[AccountId] | None) -> Policy:
    return Policy(mode=mode, scope=AccountScope(**scope))  # type: ignore[arg-type]  # the caller names real fields


ONLY_WATCHED = {
    "nothing is set": Policy(),
    "the mode is observe": _policy(Mode.OBSERVE, enforce=frozenset({ACCOUNT})),
    "no account is listed": _policy(enforce=frozenset()),
    "another account is listed": _policy(enforce=frozenset({OTHER})),
    "the account is excluded": _policy(enforce=None, exclude=frozenset({ACCOUNT})),
    "the account is not included": _policy(enforce=None, include=frozenset({OTHER})),
}

ALONE = tuple(
    case
    for kind in FORWARD
    for case in (
        *(alone(why, _with(allowed(kind), policy), "not_enforced") for why, policy in ONLY_WATCHED.items()),
        alone("nobody knows since when", replace(allowed(kind), enforced_since=None), "not_enforced"),
    )
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("kind", FORWARD)
def test_all_accounts_may_be_enforced_by_saying_so(kind: EffectKind) -> None:
    assert codes(_with(allowed(kind), _policy(enforce=None))) == ()
    assert codes(_with(allowed(kind), _policy(enforce=None, include=frozenset({ACCOUNT})))) == ()


@pytest.mark.parametrize("policy", ONLY_WATCHED.values(), ids=list(ONLY_WATCHED))
def test_a_rollback_goes_on_in_an_account_that_is_only_observed(policy: Policy) -> None:
    assert codes(replace(allowed(EffectKind.REACTIVATE_KEY), policy=policy, enforced_since=None)) == ()


def test_the_reason_names_the_account_and_the_settings() -> None:
    watched = refusal(replace(allowed(EffectKind.DELETE_KEY), policy=Policy()))

    assert "only observes account 012345678901" in watched.sentence
    assert "accounts.enforce" in watched.sentence
    assert watched.remedy is Remedy.WAIT
