"""An override counts where its accounts and tags fit; the first that fits counts alone; tags count once they are known."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.facts import Finding, KeyFacts, KeyStatus, LastUse, UserFacts
from iamflow.domain.ids import AccountId
from iamflow.domain.overrides import Override
from iamflow.domain.policy import Policy
from iamflow.domain.rule_settings import RuleName, Rules
from iamflow.domain.rules import ReportedUser, dealt_with_by, judge_key, judge_user
from tests.domain.samples import ACCOUNT, DAY, KEY, NOW, USER

OTHER = AccountId("999999999999")
PROD = Override(accounts=("PROD*",), max_key_age=60 * DAY)
DEV = Override(tags=(("env", "dev*"),), max_key_age=180 * DAY, opens={"user-unused": None})


def _rules(*overrides: Override) -> Rules:
    return Rules(overrides=overrides)


def _judged(age: timedelta, rules: Rules, name: str = "production", account: AccountId = ACCOUNT) -> bool:
    facts = KeyFacts(
        status=KeyStatus.ACTIVE, created_at=NOW - age, last_use=LastUse(at=NOW - 40 * DAY), as_of=NOW, source="a"
    )
    finding = Finding(account_id=account, account_name=name, username=USER, key_id=KEY, facts=facts)
    return judge_key(finding, Policy(rules=rules), NOW).applies


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("prod-*", "Prod-payments", True),
        ("PROD-*", "prod-payments", True),
        ("012345678901", "anything", True),
        ("0123*", "anything", True),
        ("prod-*", "preprod-payments", False),
        ("123456789012", "anything", False),
    ],
)
def test_an_account_is_named_by_id_or_name_in_any_case(pattern: str, name: str, found: bool) -> None:
    rules = _rules(Override(accounts=(pattern,), max_key_age=60 * DAY))
    assert _judged(61 * DAY, rules, name) is found


def test_the_first_override_that_fits_counts_alone() -> None:
    rules = _rules(Override(accounts=("*payments",), unused_after=45 * DAY), PROD)
    of_both, of_one = rules.of(ACCOUNT, "prod-payments", {}), rules.of(ACCOUNT, "prod-web", {})
    assert (of_both.max_key_age, of_both.unused_after) == (90 * DAY, 45 * DAY)
    assert (of_one.max_key_age, of_one.unused_after) == (60 * DAY, 90 * DAY)


def test_every_tag_of_an_override_must_fit() -> None:
    rules = _rules(Override(tags=(("env", "dev*"), ("team", "web")), max_key_age=180 * DAY))
    assert rules.of(ACCOUNT, "a", {"ENV": "Development", "Team": "web"}).max_key_age == 180 * DAY
    assert rules.of(ACCOUNT, "a", {"env": "dev"}).max_key_age == 90 * DAY
    assert rules.of(ACCOUNT, "a", {"env": "dev", "team": "webshop"}).max_key_age == 90 * DAY


def test_a_report_is_judged_by_the_strictest_rule_that_tags_may_turn_out_to_choose() -> None:
    strict = Override(tags=(("env", "prod"),), max_key_age=30 * DAY)
    assert _judged(31 * DAY, _rules(strict))
    assert not _judged(31 * DAY, _rules(DEV))
    assert _judged(91 * DAY, _rules(DEV))
    assert not _judged(31 * DAY, _rules(PROD, strict), "prod-1")
    assert _judged(31 * DAY, _rules(strict, PROD), "prod-1")


def test_a_rule_can_be_applied_in_some_accounts_only() -> None:
    rules = replace(
        _rules(Override(accounts=(ACCOUNT,), opens={"user-unused": "delete-user"})),
        opens={RuleName.KEY_TOO_OLD: "disable-key"},
    )
    policy = Policy(rules=rules)
    facts = UserFacts(
        console=False,
        mfa=False,
        password_last_used=None,
        key_last_used=NOW - 200 * DAY,
        created_at=None,
        as_of=NOW,
        source="a",
    )
    here = ReportedUser(account_id=ACCOUNT, account_name="a", username=USER, facts=facts)
    there = replace(here, account_id=OTHER)
    assert [dealt_with_by(judge_user(user, policy, NOW)[0], policy) for user in (here, there)] == ["delete-user", None]
    assert "user-unused" in rules.applied


def test_an_override_changes_when_a_user_counts_as_unused() -> None:
    policy = Policy(rules=_rules(Override(accounts=("*",), unused_after=30 * DAY)))
    facts = UserFacts(
        console=True,
        mfa=True,
        password_last_used=NOW - 31 * DAY,
        key_last_used=None,
        created_at=None,
        as_of=NOW,
        source="a",
    )
    user = ReportedUser(account_id=ACCOUNT, account_name="a", username=USER, facts=facts)
    assert judge_user(user, policy, NOW)[0].applies
    assert not judge_user(user, Policy(), NOW)[0].applies


def test_the_youngest_key_that_may_be_a_finding_anywhere_is_known() -> None:
    assert _rules().least_key_age == 90 * DAY
    assert _rules(PROD, DEV).least_key_age == 60 * DAY
