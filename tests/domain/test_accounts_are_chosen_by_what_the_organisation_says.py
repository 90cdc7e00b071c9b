"""Accounts are chosen by id, name, unit and tag; a pattern that was not held against the organisation chooses nothing."""

import pytest

from iamflow.domain.accounts import AccountPattern, MemberAccount
from iamflow.domain.ids import AccountId
from iamflow.domain.scope import AccountScope

PROD, DEV, LAB = AccountId("111111111111"), AccountId("222222222222"), AccountId("333333333333")
UNIT = "ou-ab12-11111111"
ACCOUNTS = (
    MemberAccount(account_id=PROD, name="Prod-Payments", units=frozenset({UNIT}), tags={"env": "production"}),
    MemberAccount(account_id=DEV, name="dev-payments", tags={"env": "dev"}),
    MemberAccount(account_id=LAB, name="lab", units=frozenset({UNIT})),
)
ALL = frozenset({PROD, DEV, LAB})


def read(*texts: str) -> tuple[AccountPattern, ...]:
    return tuple(AccountPattern.read(text) for text in texts)


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("prod-*", {PROD}),
        ("*PAYMENTS", {PROD, DEV}),
        ("pay*", set()),
        (f"ou:{UNIT}", {PROD, LAB}),
        ("ou:ou-ab12-22222222", set()),
        ("tag:env=prod*", {PROD}),
        ("tag:env", {PROD, DEV}),
        ("tag:Env=dev", set()),
    ],
)
def test_a_pattern_fits_what_it_says(pattern: str, fitting: set[AccountId]) -> None:
    (one,) = read(pattern)
    assert {account.account_id for account in ACCOUNTS if one.fits(account)} == fitting
    assert one.fits(ACCOUNTS[0]) is read(str(one))[0].fits(ACCOUNTS[0])


@pytest.mark.parametrize("text", ["ou:", "ou:payments", "ou:ou-ab12", "tag:", "tag:=x"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as (ou|tag):"):
        AccountPattern.read(text)


@pytest.mark.parametrize(
    ("scope", "chosen"),
    [
        (AccountScope(), ALL),
        (AccountScope(exclude=frozenset({DEV})), {PROD, LAB}),
        (AccountScope(include=frozenset({DEV}), include_patterns=read("prod-*")), {DEV, PROD}),
        (AccountScope(exclude_patterns=read(f"ou:{UNIT}")), {DEV}),
        (AccountScope(include=frozenset({PROD}), exclude_patterns=read("tag:env=prod*")), set()),
        (AccountScope(include=frozenset(), include_patterns=read("*"), exclude=frozenset({LAB})), {PROD, DEV}),
    ],
)
def test_resolving_puts_ids_in_the_place_of_patterns(scope: AccountScope, chosen: set[AccountId]) -> None:
    resolved = scope.resolved(ACCOUNTS)
    assert not resolved.patterns
    assert {account for account in ALL if resolved.selected(account)} == chosen


def test_before_it_is_resolved_a_pattern_selects_nothing_and_leaves_out_everything() -> None:
    assert not AccountScope(include=frozenset(), include_patterns=read("*"), enforce=None).enforced(PROD)
    leaving_out = AccountScope(exclude_patterns=read("lab"), enforce=frozenset({PROD}))
    assert not leaving_out.selected(PROD)
    assert not leaving_out.enforced(PROD)


def test_an_account_that_joined_since_is_not_selected() -> None:
    resolved = AccountScope(exclude_patterns=read("lab"), enforce=None).resolved(ACCOUNTS)
    assert not resolved.enforced(AccountId("444444444444"))


def test_an_account_outside_of_the_organisation_is_selected_by_its_id_unless_a_pattern_could_leave_it_out() -> None:
    outside = AccountId("444444444444")
    scope = AccountScope(include=frozenset({outside}), include_patterns=read("prod-*"))
    assert scope.resolved(ACCOUNTS).selected(outside)
    assert (
        not AccountScope(include=frozenset({outside}), exclude_patterns=read("lab"))
        .resolved(ACCOUNTS)
        .selected(outside)
    )
