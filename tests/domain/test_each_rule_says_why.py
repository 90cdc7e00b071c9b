"""What a rule says of a subject is told with its reason; what is not known is told as that, and never as a no."""

from dataclasses import replace

import pytest

from iamflow.domain.explaining import Explanation, explain
from iamflow.domain.facts import Facts, Finding, KeyFacts, KeyStatus, LastUse, RootFacts, TargetFacts, UserFacts
from iamflow.domain.overrides import Override
from iamflow.domain.policy import Policy
from iamflow.domain.rule_settings import RuleName, Rules
from tests.domain.samples import ACCOUNT, DAY, KEY, NOW, USER

KEY_FACTS = KeyFacts(
    status=KeyStatus.ACTIVE, created_at=NOW - 100 * DAY, last_use=LastUse(at=NOW - 30 * DAY), as_of=NOW, source="live"
)
USER_FACTS = UserFacts(
    console=True, mfa=False, password_last_used=NOW - 10 * DAY, key_last_used=None, created_at=NOW - 400 * DAY, as_of=NOW, source="live"
)  # fmt: skip
ROOT_FACTS = RootFacts(mfa=False, access_key=True, last_login=None, as_of=NOW, source="live")


def _said(facts: Facts, policy: Policy | None = None, tags: dict[str, str] | None = None) -> list[Explanation]:
    key_id = KEY if isinstance(facts, KeyFacts) else None
    finding = Finding(account_id=ACCOUNT, account_name="production", username=USER, key_id=key_id, facts=facts)
    return list(explain(finding, tags, policy or Policy(), NOW))


@pytest.mark.parametrize(
    ("facts", "rule", "applies", "words"),
    [
        (KEY_FACTS, RuleName.KEY_TOO_OLD, True, "100 d ago: more than max_key_age (90 d); used 2026-10-25, not within"),
        (replace(KEY_FACTS, last_use=LastUse()), RuleName.KEY_TOO_OLD, True, "no last use is known"),
        (replace(KEY_FACTS, last_use=LastUse(at=NOW - DAY)), RuleName.KEY_IN_USE, True, "within recent_use"),
        (
            replace(KEY_FACTS, created_at=NOW - 90 * DAY),
            RuleName.KEY_TOO_OLD,
            False,
            "not more than max_key_age (90 d)",
        ),
        (replace(KEY_FACTS, status=KeyStatus.INACTIVE), RuleName.KEY_TOO_OLD, False, "the key is Inactive"),
    ],
)
def test_a_key(facts: KeyFacts, rule: RuleName, applies: bool, words: str) -> None:
    (said,) = _said(facts)
    assert (said.rule, said.applies, said.key_id) == (rule, applies, KEY)
    assert words in said.because
    assert said.workflow == ("disable-key" if applies else None)


@pytest.mark.parametrize(
    ("facts", "unused", "words", "console"),
    [
        (USER_FACTS, False, "last used 2026-11-14, 10 d ago: not more than unused_after", True),
        (replace(USER_FACTS, password_last_used=None), True, "no use is known; the oldest that is known", True),
        (replace(USER_FACTS, password_last_used=None, created_at=None), None, "not the same as unused", True),
        (replace(USER_FACTS, mfa=True), False, "10 d ago", False),
        (replace(USER_FACTS, console=False), False, "10 d ago", False),
    ],
)
def test_a_user(facts: UserFacts, unused: bool | None, words: str, console: bool) -> None:
    idle, mfa = _said(facts)
    assert (idle.rule, idle.applies) == (RuleName.USER_UNUSED, unused)
    assert words in idle.because
    assert (mfa.rule, mfa.applies) == (RuleName.CONSOLE_WITHOUT_MFA, console)


@pytest.mark.parametrize(
    ("facts", "applies"),
    [
        (ROOT_FACTS, (True, True)),
        (replace(ROOT_FACTS, mfa=True, access_key=False), (False, False)),
        (replace(ROOT_FACTS, mfa=None, access_key=None), (None, None)),
    ],
)
def test_a_root_user(facts: RootFacts, applies: tuple[bool | None, bool | None]) -> None:
    mfa, keys = _said(facts)
    assert (mfa.rule, keys.rule) == (RuleName.ROOT_WITHOUT_MFA, RuleName.ROOT_WITH_ACCESS_KEYS)
    assert (mfa.applies, keys.applies) == applies


def test_no_rule_is_about_a_target_of_the_organisation() -> None:
    assert _said(TargetFacts(target="ou-1", target_name=None, as_of=NOW, source="by hand")) == []


def test_a_rule_that_is_not_applied_says_so() -> None:
    nowhere = Policy(rules=Rules(opens={}))
    (said,) = _said(KEY_FACTS, nowhere)
    assert (said.applies, said.workflow) == (True, None)
    assert said.because.endswith("; but the rule is not applied")


def test_the_override_that_decides_is_named_once_tags_are_known() -> None:
    policy = Policy(rules=Rules(overrides=(Override(tags=(("env", "dev"),), max_key_age=365 * DAY),)))
    (known,) = _said(KEY_FACTS, policy, {"env": "dev"})
    assert (known.applies, known.under) == (False, "rules.overrides: users tagged env=dev")
    (unknown,) = _said(KEY_FACTS, policy)
    assert (unknown.applies, unknown.under) == (True, "rules")
