"""Safety rule 12 and DESIGN 8.12: no wait is ever shortened, and nothing comes before the date that was promised."""

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.guards import Remedy

from .circumstances import (
    DAY,
    HOUR,
    NOW,
    TICK,
    WORD,
    Alone,
    allowed,
    alone,
    approve,
    codes,
    progress,
    refusal,
    setting,
    ticket,
)

DEACTIVATE = allowed(EffectKind.DEACTIVATE_KEY)
WEEK = 7 * DAY
UNDATED = ticket(progress(DEACTIVATE, promised_at=None), deadline=None)

ALONE = (
    alone("the deadline is to come", ticket(DEACTIVATE, deadline=NOW + TICK), "in_grace"),
    alone("the promised date is to come", progress(DEACTIVATE, promised_at=NOW + TICK), "in_grace"),
    alone("the grace period is not over", progress(DEACTIVATE, notified_at=NOW - WEEK + TICK), "in_grace"),
    alone("the setting is longer now", setting(DEACTIVATE, grace=10 * DAY + TICK), "in_grace"),
    alone("the notice was waived and no date is set", progress(UNDATED, notice_waiver=WORD), "no_deadline"),
    alone(
        "the notice was waived after a date was promised",
        progress(DEACTIVATE, notice_waiver=WORD, promised_at=NOW + TICK),
        "in_grace",
    ),
    alone(
        "the notice was waived and the deadline extended",
        ticket(progress(DEACTIVATE, notice_waiver=WORD), deadline=NOW + TICK),
        "in_grace",
    ),
)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_each_reason_blocks_alone(case: Alone) -> None:
    assert codes(case.spoilt) == (case.code,)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_an_approval_does_not_shorten_the_grace_period(case: Alone) -> None:
    assert codes(approve(case.spoilt)) == (case.code,)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_the_owners_go_ahead_waives_the_rest_of_it(case: Alone) -> None:
    assert codes(progress(case.spoilt, grace_waiver=WORD)) == ()


def test_the_grace_period_ends_to_the_microsecond() -> None:
    assert codes(ticket(DEACTIVATE, deadline=NOW)) == ()
    assert codes(progress(DEACTIVATE, promised_at=NOW)) == ()
    assert codes(progress(DEACTIVATE, notified_at=NOW - WEEK)) == ()


def test_the_accepted_notice_alone_begins_the_grace_period() -> None:
    assert codes(UNDATED) == ()
    assert codes(progress(UNDATED, notified_at=NOW)) == ("in_grace",)


def test_without_any_date_the_grace_period_has_not_begun() -> None:
    assert codes(progress(UNDATED, notified_at=None)) == ("not_notified", "no_deadline")


def test_a_waived_notice_has_no_grace_period_of_its_own() -> None:
    waived = progress(DEACTIVATE, notice_waiver=WORD, notified_at=NOW, promised_at=NOW)

    assert codes(ticket(waived, deadline=NOW)) == ()


@pytest.mark.parametrize("kind", [EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY])
def test_only_a_deactivation_waits_for_the_grace_period(kind: EffectKind) -> None:
    early = ticket(progress(allowed(kind), promised_at=NOW + DAY, notified_at=NOW), deadline=NOW + DAY)

    assert codes(early) == ()


def test_the_latest_of_the_dates_is_told_and_waited_for() -> None:
    latest = refusal(ticket(progress(DEACTIVATE, promised_at=NOW + HOUR), deadline=NOW + 2 * HOUR))

    assert "grace period runs until 2026-11-24 14:00:00 UTC" in latest.sentence
    assert latest.until == NOW + 2 * HOUR
    assert latest.remedy is Remedy.WAIT


def test_a_grace_period_that_has_not_begun_is_said_so() -> None:
    unbegun = refusal(progress(UNDATED, notice_waiver=WORD))

    assert "has not begun" in unbegun.sentence
    assert unbegun.remedy is Remedy.WAIT
