"""Whatever else is the case: what must stop a call stops it, and a rollback is stopped by very little."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import SweepRecord
from iamflow.domain.facts import KeyStatus
from iamflow.domain.guards import Circumstances, Freeze, Guard, Pace, waits
from iamflow.domain.ids import AccountId
from iamflow.domain.policy import Policy
from iamflow.domain.states import ENDS, PAUSED, State

from .circumstances import (
    BROWNOUT,
    DAY,
    DENY,
    FORWARD,
    HOUR,
    KEY,
    KINDS,
    NOW,
    OTHER_KEY,
    QUIET,
    SECOND,
    TICK,
    USER_ID,
    WORD,
    allowed,
    codes,
    effect,
    progress,
    reading,
    setting,
    ticket,
)
from .strategies import circumstances

FEW = settings(max_examples=30)
"""Enough for each of many properties; mutation testing runs them again and again."""

WAITS: tuple[Guard, ...] = (
    waits.notice_was_accepted,
    waits.grace_is_over,
    waits.window_is_over,
    waits.final_sweep_was_conclusive,
)
HOURS_AGO = st.integers(-1, 80).map(lambda hours: NOW - hours * HOUR)
SWEEPS = st.builds(
    SweepRecord,
    start=st.integers(48, 80).map(lambda hours: NOW - hours * HOUR),
    end=st.integers(-1, 32).map(lambda hours: NOW - hours * HOUR),
    run_at=st.integers(-1, 32).map(lambda hours: NOW - hours * HOUR),
    regions=st.just(("us-east-1",)),
    conclusive=st.booleans(),
)

STOPS_A_ROLLBACK = frozenset(
    {
        "lease_lost",
        "reading_not_fresh",
        "wrong_account",
        "wrong_user",
        "user_gone",
        "user_changed",
        "wrong_key",
        "key_gone",
        "key_changed",
        "unexpected_status",
        "quarantined",
    }
)
STOPS_A_LIFT = STOPS_A_ROLLBACK | {"deny_unread", "deny_foreign", "deny_absent"}
EVERY = frozenset(KINDS)
ABOUT_KEY = frozenset(kind for kind in KINDS if kind.about_key)
TAKING = frozenset(FORWARD)
BEGINNING = frozenset(kind for kind in KINDS if kind.begins)
DEACTIVATE = frozenset({EffectKind.DEACTIVATE_KEY})
BROWN_OUT = frozenset({EffectKind.ATTACH_BROWNOUT, EffectKind.LIFT_BROWNOUT})
DELETE = frozenset({EffectKind.DELETE_KEY})
GIVING_BACK = frozenset({EffectKind.REACTIVATE_KEY, EffectKind.LIFT_BROWNOUT})


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """Something that must stop these effects, whatever else is the case, and under which codes it is told."""

    kinds: frozenset[EffectKind]
    spoil: Callable[[Circumstances], Circumstances]
    codes: frozenset[str]


def _violation(kinds: frozenset[EffectKind], spoil: Callable[[Circumstances], Circumstances], *told: str) -> Violation:
    return Violation(kinds=kinds, spoil=spoil, codes=frozenset(told))


def _status(c: Circumstances) -> Circumstances:
    """Give the key the status in which the effect must not find it."""
    wrong = KeyStatus.INACTIVE if c.effect.kind.begins else KeyStatus.ACTIVE
    return reading(c, keys=tuple(replace(key, status=wrong) for key in c.reading.keys))


def _unapproved(c: Circumstances) -> Circumstances:
    return replace(c, approvals=())


VIOLATIONS: Mapping[str, Violation] = {
    "the lease is lost": _violation(EVERY, lambda c: replace(c, lease_held=False), "lease_lost"),
    "the reading is old": _violation(EVERY, lambda c: reading(c, read_at=NOW - DAY), "reading_not_fresh"),
    "the session is elsewhere": _violation(
        EVERY, lambda c: reading(c, account_id=AccountId("210987654321")), "wrong_account"
    ),
    "the user is gone": _violation(EVERY, lambda c: reading(c, user_id=None), "user_gone"),
    "the user was recreated": _violation(EVERY, lambda c: reading(c, user_id=USER_ID[::-1]), "user_changed"),
    "the effect names another key": _violation(EVERY, lambda c: effect(c, key_id=OTHER_KEY), "wrong_key"),
    "the key is gone": _violation(
        ABOUT_KEY,
        lambda c: reading(c, keys=tuple(key for key in c.reading.keys if key.key_id != KEY)),
        "key_gone",
    ),
    "the status is another": _violation(ABOUT_KEY, _status, "unexpected_status", "key_gone"),
    "nothing is enforced": _violation(TAKING, lambda c: replace(c, policy=Policy()), "not_enforced"),
    "never enforced": _violation(TAKING, lambda c: replace(c, enforced_since=None), "not_enforced"),
    "frozen": _violation(TAKING, lambda c: replace(c, freeze=Freeze(on=True)), "frozen"),
    "over the cap": _violation(TAKING, lambda c: replace(c, pace=Pace(used=2, allowance=2)), "over_cap"),
    "protected": _violation(TAKING, lambda c: reading(c, tags={"iamflow:protected": "x"}), "protected"),
    "the last use was not read": _violation(TAKING, lambda c: reading(c, last_use=None), "use_unknown"),
    "the owner keeps the key": _violation(TAKING, lambda c: progress(c, keep=WORD), "owner_keeps"),
    "nobody approved": _violation(
        TAKING, lambda c: _unapproved(progress(c, approval_reasons=("recently used",))), "approval_needed"
    ),
    "nobody approved a second strike": _violation(
        TAKING, lambda c: _unapproved(progress(c, once_rolled_back=True)), "rolled_back_before"
    ),
    "nobody was told": _violation(
        BEGINNING, lambda c: progress(c, notified_at=None, notice_waiver=None), "not_notified"
    ),
    "the promised date is to come": _violation(
        BEGINNING, lambda c: progress(c, promised_at=NOW + SECOND, grace_waiver=None), "in_grace"
    ),
    "no baseline": _violation(BEGINNING, lambda c: ticket(c, baseline=None), "no_baseline"),
    "the deny is on": _violation(DEACTIVATE, lambda c: progress(c, brownout=BROWNOUT), "brownout_still_on"),
    "the brown-out was not searched": _violation(
        DEACTIVATE,
        lambda c: progress(c, brownout=replace(QUIET, swept_at=None)),
        "brownout_not_swept",
    ),
    "the policy is somebody else's": _violation(BROWN_OUT, lambda c: reading(c, policies={DENY: "{}"}), "deny_foreign"),
    "the policy was not read": _violation(BROWN_OUT, lambda c: reading(c, policies={}), "deny_unread"),
    "another Active key, and nobody approved": _violation(
        frozenset({EffectKind.ATTACH_BROWNOUT}),
        lambda c: _unapproved(reading(c, keys=allowed(EffectKind.DEACTIVATE_KEY).reading.keys)),
        "other_active_keys",
    ),
    "no observed deactivation": _violation(DELETE, lambda c: progress(c, deactivated_at=None), "not_deactivated"),
    "within the window": _violation(
        DELETE, lambda c: setting(progress(c, deactivated_at=NOW - DAY), monitor=DAY + TICK), "in_window"
    ),
    "no final sweep": _violation(DELETE, lambda c: progress(c, final_sweep=None), "sweep_inconclusive"),
    "quarantined": _violation(
        GIVING_BACK, lambda c: ticket(reading(c, quarantined=True), wanted_by=None), "quarantined"
    ),
}


@pytest.mark.parametrize(
    ("violation", "kind"),
    [(violation, kind) for violation in VIOLATIONS.values() for kind in KINDS if kind in violation.kinds],
    ids=[f"{kind}: {why}" for why, violation in VIOLATIONS.items() for kind in KINDS if kind in violation.kinds],
)
@FEW
@given(data=st.data())
def test_nothing_makes_up_for_a_violation(violation: Violation, kind: EffectKind, data: st.DataObject) -> None:
    spoilt = violation.spoil(data.draw(circumstances(kind)))

    assert violation.codes & set(codes(spoilt))


@given(circumstances(EffectKind.REACTIVATE_KEY))
def test_a_rollback_is_stopped_by_nothing_but_identity_freshness_lease_and_quarantine(c: Circumstances) -> None:
    assert set(codes(c)) <= STOPS_A_ROLLBACK


@given(circumstances(EffectKind.LIFT_BROWNOUT))
def test_the_end_of_a_brownout_is_stopped_by_nothing_more_but_the_policy_itself(c: Circumstances) -> None:
    assert set(codes(c)) <= STOPS_A_LIFT


@given(data=st.data(), kind=st.sampled_from(FORWARD), state=st.sampled_from(sorted(PAUSED | ENDS | {State.EXEMPT})))
def test_no_step_is_taken_on_a_ticket_that_is_paused_exempt_or_ended(
    data: st.DataObject, kind: EffectKind, state: State
) -> None:
    assert "not_in_turn" in codes(ticket(data.draw(circumstances(kind)), state=state))


@given(since=HOURS_AGO, window_ends=st.none() | HOURS_AGO, final=SWEEPS)
def test_a_deletion_is_allowed_exactly_when_a_conclusive_sweep_covered_the_whole_window(
    since: datetime, window_ends: datetime | None, final: SweepRecord
) -> None:
    watched = progress(allowed(EffectKind.DELETE_KEY), deactivated_at=since, window_ends_at=window_ends)
    window = max(since + 2 * DAY, window_ends or since)
    covered = final.start <= since and window <= final.end and window + HOUR / 2 <= final.run_at <= NOW

    assert (codes(progress(watched, final_sweep=final)) == ()) == (final.conclusive and covered)


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.__name__)
@FEW
@given(data=st.data(), kind=st.sampled_from(FORWARD), back=st.timedeltas(TICK, 30 * DAY))
def test_putting_the_clock_back_ends_no_wait(
    wait: Guard, data: st.DataObject, kind: EffectKind, back: timedelta
) -> None:
    c = data.draw(circumstances(kind))

    assert wait(c) is None or wait(replace(c, now=c.now - back)) is not None
