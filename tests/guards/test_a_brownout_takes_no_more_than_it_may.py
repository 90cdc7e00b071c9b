"""A brown-out denies the whole user: it touches no policy but its own, and no deactivation follows before it was quiet."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.brownout import policy_document, policy_name
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import KeyStatus
from iamflow.domain.guards import Remedy
from iamflow.domain.guards.circumstances import Circumstances
from iamflow.domain.ids import KeyId, TicketId
from iamflow.domain.policy import Policy
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import State

from .circumstances import (
    BROWNOUT,
    CREATED,
    DAY,
    DENY,
    DENYING,
    HOUR,
    KEY,
    NOW,
    OTHER_KEY,
    QUIET,
    TICK,
    WORD,
    allowed,
    alone,
    approve,
    brownout,
    codes,
    effect,
    key,
    key_of,
    progress,
    reading,
    refusal,
    rule,
    setting,
    ticket,
    used,
)

ATTACH, LIFT = allowed(EffectKind.ATTACH_BROWNOUT), allowed(EffectKind.LIFT_BROWNOUT)
DEACTIVATE = allowed(EffectKind.DEACTIVATE_KEY)
BROWNED = ticket(setting(brownout(DEACTIVATE), brownout=4 * HOUR), state=State.BROWNOUT)
TWO_KEYS = key_of(ATTACH, OTHER_KEY, KeyStatus.ACTIVE)

ALONE = (
    alone("another Active key", TWO_KEYS, "other_active_keys"),
    alone("the policy not read", reading(ATTACH, policies={}), "deny_unread"),
    alone("the policy not read", reading(LIFT, policies={}), "deny_unread"),
    alone("another policy's name", effect(ATTACH, targets=("somebody-elses",)), "deny_unread"),
    alone("another policy's name", effect(LIFT, targets=("somebody-elses",)), "deny_unread"),
    alone("a policy that reads otherwise", reading(ATTACH, policies={DENY: "{}"}), "deny_foreign"),
    alone("a policy that reads otherwise", reading(LIFT, policies={DENY: "{}"}), "deny_foreign"),
    alone("a policy that is gone", reading(LIFT, policies={DENY: None}), "deny_absent"),
    alone("no brown-out yet", progress(BROWNED, brownout=None), "brownout_not_begun"),
    alone("a deny that is on", brownout(DEACTIVATE, lifted_at=None), "brownout_still_on"),
    alone("a brown-out cut short", brownout(BROWNED, lifted_at=QUIET.ends_at - TICK), "brownout_cut_short"),  # type: ignore[operator]
    alone("a brown-out nobody searched", brownout(BROWNED, swept_at=None), "brownout_not_swept"),
    alone("a search of some regions", brownout(BROWNED, excused=(("sa-east-1", "denied"),)), "brownout_other_regions"),
    alone("the key Inactive", key(ATTACH, status=KeyStatus.INACTIVE), "unexpected_status"),
    alone("the key gone", reading(ATTACH, keys=ATTACH.reading.keys[:1]), "key_gone"),
    alone("another key of that id", key(ATTACH, created_at=CREATED + DAY), "key_changed"),
    alone("the user gone", reading(LIFT, user_id=None), "user_gone"),
    alone("the user recreated", reading(LIFT, user_id="AIDAEXAMPLERECREATED1"), "user_changed"),
    alone("the owner keeps the key", progress(ATTACH, keep=WORD), "owner_keeps"),
    alone("nobody was told", progress(ATTACH, notified_at=None), "not_notified"),
    alone("in grace", progress(ATTACH, promised_at=NOW + TICK), "in_grace"),
    alone("no baseline", ticket(ATTACH, baseline=None), "no_baseline"),
    alone("only the default address", progress(ATTACH, told_owner=False), "default_address_only"),
    alone("used of late", used(ATTACH, NOW - DAY), "recently_used"),
    alone("out of turn", ticket(ATTACH, state=State.ON_HOLD), "not_in_turn"),
    alone("quarantined as leaked", reading(LIFT, quarantined=True), "quarantined"),
)


@pytest.mark.parametrize(
    "document",
    [
        DENYING,
        json.dumps(json.loads(DENYING), indent=4),
        json.dumps(dict(reversed(json.loads(DENYING).items()))),
    ],
    ids=["as written", "with white space", "in another order"],
)
def test_the_deny_is_ours_whatever_its_white_space_and_order(document: str) -> None:
    assert codes(reading(LIFT, policies={DENY: document})) == ()
    assert codes(reading(ATTACH, policies={DENY: document})) == ()


@pytest.mark.parametrize(
    "document",
    [
        policy_document(TicketId(8)),
        DENYING.replace('"Deny"', '"Allow"'),
        DENYING.replace("aws:TokenIssueTime", "aws:MultiFactorAuthAge"),
        json.dumps({**json.loads(DENYING), "Id": "mine"}),
        "",
        "no policy",
    ],
)
def test_one_difference_makes_it_somebody_elses(document: str) -> None:
    assert codes(reading(LIFT, policies={DENY: document})) == ("deny_foreign",)
    assert refusal(reading(ATTACH, policies={DENY: document})).remedy is Remedy.BLOCK


def test_the_policy_of_another_ticket_is_not_looked_at() -> None:
    others = {policy_name(TicketId(8)): policy_document(TicketId(8)), DENY: DENYING}
    assert codes(reading(LIFT, policies=others)) == ()


def test_an_approval_lets_a_brownout_deny_the_users_other_keys_too() -> None:
    assert refusal(TWO_KEYS).remedy is Remedy.APPROVE
    assert refusal(TWO_KEYS).sentence.endswith("1 other Active key")
    third = replace(TWO_KEYS.reading.keys[0], key_id=KeyId("AKIAIOSFODNN7EXAMPL3"))
    three = reading(TWO_KEYS, keys=(*TWO_KEYS.reading.keys, third))
    assert refusal(three).sentence.endswith("2 other Active keys")
    assert codes(approve(TWO_KEYS)) == ()


def test_an_approval_of_the_brownout_is_one_of_the_deactivation_after_it() -> None:
    yes = approve(TWO_KEYS).approvals
    after = progress(replace(BROWNED, approvals=yes), approval_reasons=("two keys",))
    assert codes(after) == ()


def test_an_approval_from_before_a_brownout_was_asked_for_is_none_of_it() -> None:
    yes = approve(setting(TWO_KEYS, brownout=None)).approvals
    assert codes(replace(TWO_KEYS, approvals=yes)) == ("other_active_keys",)


@pytest.mark.parametrize("other", [2 * HOUR, None])
def test_an_approval_of_a_brownout_of_another_length_is_none(other: timedelta | None) -> None:
    yes = approve(TWO_KEYS).approvals
    changed = replace(progress(BROWNED, approval_reasons=("two keys",)), approvals=yes)
    assert codes(setting(changed, brownout=other)) == ("approval_needed",)


def test_a_brownout_that_was_begun_is_gone_through_even_where_it_is_asked_for_no_more() -> None:
    without = setting(BROWNED, brownout=None)
    assert codes(without) == ()
    assert codes(brownout(without, lifted_at=QUIET.ends_at - HOUR)) == ()  # type: ignore[operator]  # it has an end
    assert codes(brownout(without, swept_at=None)) == ("brownout_not_swept",)


def _against(c: Circumstances) -> Circumstances:
    c = replace(c, policy=Policy(scope=AccountScope()), enforced_since=None, freeze=replace(c.freeze, on=True))
    c = replace(c, pace=replace(c.pace, used=99), reading=replace(c.reading, last_use=None, keys=()))
    c = reading(c, tags={"iamflow:protected": "x"}, aws_time=NOW + DAY)
    return ticket(progress(c, keep=WORD, notified_at=None), state=State.BLOCKED, baseline=None)


def test_neither_freeze_caps_mode_protection_nor_the_keys_own_end_stops_the_end_of_a_brownout() -> None:
    assert codes(_against(LIFT)) == ()


def test_a_person_who_asked_for_the_key_gets_it_back_from_quarantine() -> None:
    assert codes(ticket(reading(LIFT, quarantined=True), wanted_by=WORD)) == ()


@pytest.mark.parametrize("since", [timedelta(0), TICK])
def test_a_brownout_lasts_for_the_whole_of_its_time(since: timedelta) -> None:
    assert QUIET.ends_at is not None
    assert codes(brownout(BROWNED, lifted_at=QUIET.ends_at + since)) == ()


def test_a_call_that_went_through_before_the_deny_spread_counts_as_a_recent_use() -> None:
    assert codes(used(BROWNED, QUIET.since + TICK)) == ("recently_used",)
    assert codes(rule(used(BROWNED, QUIET.since + TICK), recent_use=HOUR)) == ()


def test_a_deny_that_is_on_stops_the_deactivation_whatever_the_settings_say() -> None:
    for wanted in (None, 4 * HOUR):
        assert codes(setting(progress(DEACTIVATE, brownout=BROWNOUT), brownout=wanted)) == ("brownout_still_on",)


def test_the_effect_names_the_one_key_whose_ticket_it_is() -> None:
    assert codes(effect(LIFT, key_id=OTHER_KEY)) == ("wrong_key",)
    assert LIFT.effect.key_id == KEY


@pytest.mark.parametrize(
    "spoilt", [reading(LIFT, policies={}), reading(LIFT, policies={DENY: None}), brownout(BROWNED, swept_at=None)]
)
def test_what_time_may_bring_is_waited_for(spoilt: Circumstances) -> None:
    assert refusal(spoilt).remedy is Remedy.WAIT
