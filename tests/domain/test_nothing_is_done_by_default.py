"""Safety rule 10 and DESIGN 8.8: without settings, nothing is enforced anywhere."""

import pytest

from iamflow.domain.ids import AccountId
from iamflow.domain.policy import Policy
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode
from iamflow.domain.waits import AutoDelete

from .samples import ACCOUNT

OTHER = AccountId("210987654321")
MINE = frozenset({ACCOUNT})


def test_the_default_only_observes() -> None:
    assert Policy().mode is Mode.OBSERVE
    assert not Policy().acts_in(ACCOUNT)


def test_enforce_alone_acts_nowhere() -> None:
    assert not Policy(mode=Mode.ENFORCE).acts_in(ACCOUNT)


def test_a_listed_account_alone_is_only_observed() -> None:
    assert not Policy(scope=AccountScope(enforce=None)).acts_in(ACCOUNT)


@pytest.mark.parametrize(
    ("scope", "selected", "enforced"),
    [
        (AccountScope(), True, False),
        (AccountScope(enforce=None), True, True),
        (AccountScope(enforce=MINE), True, True),
        (AccountScope(enforce=frozenset({OTHER})), True, False),
        (AccountScope(include=MINE, enforce=None), True, True),
        (AccountScope(include=frozenset({OTHER}), enforce=MINE), False, False),
        (AccountScope(include=frozenset(), enforce=None), False, False),
        (AccountScope(exclude=MINE, enforce=MINE), False, False),
        (AccountScope(include=MINE, exclude=MINE, enforce=None), False, False),
    ],
)
def test_an_account_is_acted_in_only_where_it_is_selected_and_listed(
    scope: AccountScope, selected: bool, enforced: bool
) -> None:
    assert scope.selected(ACCOUNT) is selected
    assert scope.enforced(ACCOUNT) is enforced
    assert Policy(mode=Mode.ENFORCE, scope=scope).acts_in(ACCOUNT) is enforced


def test_a_key_never_used_is_not_deleted_by_time_alone_by_default() -> None:
    assert AutoDelete().never_used is False
