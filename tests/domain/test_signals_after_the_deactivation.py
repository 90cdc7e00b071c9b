"""DESIGN 8.4: what rolls back, what holds for a person, and what means nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from iamflow.domain.evidence import Baseline, Signal, SignalKind, TrailEvent
from iamflow.domain.facts import KeyState, KeyStatus, LastUse, UserReading
from iamflow.domain.ids import KeyId
from iamflow.domain.signals import DECISIVE, HOLDING, from_event, from_events, from_reading
from iamflow.domain.ticket import Ticket

from .samples import DAY, HOUR, KEY, MICROSECOND, NOW, OTHER_KEY, USER, reading, ticket

SINCE = NOW - DAY
PROPAGATION = timedelta(minutes=2)
SESSION = "ASIAEXAMPLESESSION001"
WATCHED = ticket(deactivated_at=SINCE)
CALL = TrailEvent(
    event_id="e-1",
    at=NOW - HOUR,
    region="eu-west-1",
    source="s3.amazonaws.com",
    name="ListBuckets",
    access_key_id=KEY,
    username=USER,
    request_id="r-1",
)
SESSION_CALL = replace(CALL, access_key_id=SESSION)
ACTIVATED = replace(
    CALL,
    name="UpdateAccessKey",
    source="iam.amazonaws.com",
    access_key_id="ASIAEXAMPLEOWNER00001",
    username="ada",
    principal="arn:aws:iam::012345678901:user/ada",
    target_key_id=KEY,
    target_user=USER,
    new_status="Active",
)
CREATED_KEY = replace(ACTIVATED, name="CreateAccessKey", target_key_id=OTHER_KEY, new_status=None)


def _seen(event: TrailEvent, watched: Ticket = WATCHED) -> Signal | None:
    return from_event(event, watched, PROPAGATION)


def _kind(event: TrailEvent, watched: Ticket = WATCHED) -> SignalKind | None:
    signal = _seen(event, watched)
    return None if signal is None else signal.kind


def _acknowledging(*events: TrailEvent) -> Ticket:
    marks = tuple(signal.mark for signal in from_events(events, WATCHED, PROPAGATION))
    return ticket(deactivated_at=SINCE, acknowledged=marks)


def test_a_call_with_the_key_after_the_propagation_rolls_back() -> None:
    assert _kind(CALL) is SignalKind.KEY_USED
    assert SignalKind.KEY_USED in DECISIVE


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        (SINCE - HOUR, None),
        (SINCE, None),
        (SINCE + MICROSECOND, SignalKind.STRAGGLER),
        (SINCE + PROPAGATION, SignalKind.STRAGGLER),
        (SINCE + PROPAGATION + MICROSECOND, SignalKind.KEY_USED),
    ],
)
def test_a_call_within_the_propagation_is_a_straggler_for_a_person(at: datetime, kind: SignalKind | None) -> None:
    assert _kind(replace(CALL, at=at)) is kind
    used = reading(last_use=LastUse(at=at))
    assert [signal.kind for signal in from_reading(used, WATCHED, PROPAGATION)] == [kind] * (kind is not None)


def test_a_denied_call_of_the_key_counts_and_its_error_is_kept() -> None:
    denied, passed = _seen(replace(CALL, error_code="AccessDenied")), _seen(CALL)

    assert denied is not None
    assert denied.kind is SignalKind.KEY_USED
    assert "s3.amazonaws.com ListBuckets in eu-west-1" in denied.sentence
    assert "refused with AccessDenied" in denied.sentence
    assert passed is not None
    assert "let through" in passed.sentence
    assert passed.event == CALL
    assert passed.at == CALL.at


def test_a_last_use_that_moved_on_tells_which_service_and_region() -> None:
    used = LastUse(at=NOW - HOUR, service="s3", region="eu-west-1")
    (known,) = from_reading(reading(last_use=used), WATCHED, PROPAGATION)
    (unknown,) = from_reading(reading(last_use=LastUse(at=NOW - HOUR)), WATCHED, PROPAGATION)

    assert known.kind is SignalKind.KEY_USED
    assert "2026-11-24 11:00:00 UTC (s3 eu-west-1)" in known.sentence
    assert "(service unknown)" in unknown.sentence


def test_without_a_last_use_a_reading_says_nothing() -> None:
    assert from_reading(reading(last_use=None), WATCHED, PROPAGATION) == ()
    assert from_reading(reading(last_use=LastUse()), WATCHED, PROPAGATION) == ()


def test_before_the_deactivation_nothing_is_a_signal() -> None:
    assert _seen(CALL, ticket()) is None
    assert from_reading(reading(last_use=LastUse(at=NOW)), ticket(), PROPAGATION) == ()


def test_iamflows_own_calls_mean_nothing() -> None:
    own = ticket(deactivated_at=SINCE, own_requests=("r-1",))

    assert _seen(CALL, own) is None
    assert _seen(ACTIVATED, own) is None
    assert _kind(replace(CALL, request_id=None), own) is SignalKind.KEY_USED
    assert _kind(replace(CALL, request_id="r-2"), own) is SignalKind.KEY_USED


def test_a_session_of_the_user_that_still_works_holds() -> None:
    minted = replace(
        WATCHED, baseline=Baseline(taken_at=SINCE, start=SINCE, end=SINCE, regions=("x",), minted=(SESSION,))
    )
    other = replace(WATCHED, baseline=Baseline(taken_at=SINCE, start=SINCE, end=SINCE, regions=("x",)))
    known, unsure, unseen = (_seen(SESSION_CALL, watched) for watched in (minted, other, WATCHED))

    assert known is not None
    assert unsure is not None
    assert unseen is not None
    assert {known.kind, unsure.kind, unseen.kind} == {SignalKind.SESSION_ALIVE}
    assert "a session minted from this key" in known.sentence
    assert "may have been minted" in unsure.sentence
    assert "may have been minted" in unseen.sentence
    assert SignalKind.SESSION_ALIVE in HOLDING


@pytest.mark.parametrize(
    "event",
    [
        replace(CALL, access_key_id=OTHER_KEY),
        replace(CALL, access_key_id=None),
        replace(SESSION_CALL, console=True),
        replace(SESSION_CALL, username="somebody"),
        replace(SESSION_CALL, username=None),
        replace(SESSION_CALL, principal="arn:aws:sts::012345678901:assumed-role/App/deploy"),
        replace(ACTIVATED, new_status="Inactive"),
        replace(ACTIVATED, target_key_id=OTHER_KEY),
        replace(ACTIVATED, error_code="AccessDenied"),
        replace(CREATED_KEY, target_user="somebody"),
        replace(CREATED_KEY, error_code="LimitExceeded"),
    ],
)
def test_other_keys_other_people_and_the_console_mean_nothing(event: TrailEvent) -> None:
    assert _seen(event) is None


def test_a_session_by_the_users_own_arn_counts() -> None:
    assert _kind(replace(SESSION_CALL, principal="arn:aws:iam::012345678901:user/deploy")) is SignalKind.SESSION_ALIVE


@pytest.mark.parametrize(
    ("event", "who"),
    [
        (ACTIVATED, "arn:aws:iam::012345678901:user/ada"),
        (replace(ACTIVATED, principal=None), "ada"),
        (replace(ACTIVATED, principal=None, username=None), "somebody"),
    ],
)
def test_a_person_who_reacts_is_named(event: TrailEvent, who: str) -> None:
    toggled, created = _seen(event), _seen(replace(event, name="CreateAccessKey", target_key_id=OTHER_KEY))

    assert toggled is not None
    assert (toggled.kind, toggled.sentence) == (SignalKind.TOGGLED, f"{who} set the key to Active")
    assert created is not None
    assert (created.kind, created.sentence) == (SignalKind.NEW_KEY, f"{who} made a new access key for the user")
    assert {toggled.kind, created.kind} <= HOLDING


def _with_new_key(created_at: datetime) -> UserReading:
    old = reading()
    new = KeyState(key_id=OTHER_KEY, status=KeyStatus.ACTIVE, created_at=created_at)
    return replace(old, keys=(*old.keys, new))


def test_a_key_made_after_the_deactivation_holds() -> None:
    (signal,) = from_reading(_with_new_key(SINCE + MICROSECOND), WATCHED, PROPAGATION)

    assert signal.kind is SignalKind.NEW_KEY
    assert "2026-11-23 12:00 UTC" in signal.sentence
    assert from_reading(_with_new_key(SINCE), WATCHED, PROPAGATION) == ()


def test_what_a_person_let_pass_is_not_told_again() -> None:
    passed = _acknowledging(
        SESSION_CALL,
        replace(ACTIVATED, event_id="e-2"),
        replace(CREATED_KEY, event_id="e-3"),
        replace(CALL, event_id="e-4", at=SINCE + MICROSECOND),
    )

    assert _seen(SESSION_CALL, passed) is None
    assert _seen(replace(SESSION_CALL, event_id="e-9"), passed) is None
    assert _seen(replace(ACTIVATED, event_id="e-2"), passed) is None
    assert _seen(replace(CALL, event_id="e-4", at=SINCE + MICROSECOND), passed) is None
    assert from_reading(_with_new_key(NOW - HOUR), passed, PROPAGATION) == ()


def test_what_is_new_is_told_whatever_was_let_pass_before() -> None:
    passed = _acknowledging(SESSION_CALL, CREATED_KEY)

    assert _kind(replace(SESSION_CALL, access_key_id="ASIAEXAMPLESESSION002"), passed) is SignalKind.SESSION_ALIVE
    assert _kind(replace(CREATED_KEY, target_key_id=KeyId("AKIAEXAMPLETHIRD00001")), passed) is SignalKind.NEW_KEY
    assert _kind(ACTIVATED, passed) is SignalKind.TOGGLED


def test_a_use_of_the_key_cannot_be_let_pass() -> None:
    used = reading(last_use=LastUse(at=NOW - HOUR))
    marks = [signal.mark for signal in from_reading(used, WATCHED, PROPAGATION)]
    passed = ticket(deactivated_at=SINCE, acknowledged=(CALL.event_id, *marks))

    assert _kind(CALL, passed) is SignalKind.KEY_USED
    assert [signal.kind for signal in from_reading(used, passed, PROPAGATION)] == [SignalKind.KEY_USED]


def test_a_straggler_of_the_last_use_can_be_let_pass() -> None:
    used = reading(last_use=LastUse(at=SINCE + MICROSECOND))
    marks = tuple(signal.mark for signal in from_reading(used, WATCHED, PROPAGATION))

    assert from_reading(used, ticket(deactivated_at=SINCE, acknowledged=marks), PROPAGATION) == ()


def test_signals_come_oldest_first_and_each_event_once() -> None:
    early = replace(CALL, event_id="e-0", at=NOW - 2 * HOUR)
    nothing = replace(CALL, event_id="e-9", access_key_id=OTHER_KEY)

    signals = from_events([CALL, nothing, CALL, early], WATCHED, PROPAGATION)

    assert [signal.mark for signal in signals] == ["e-0", "e-1"]


def test_no_signal_both_rolls_back_and_waits_for_a_person() -> None:
    assert not DECISIVE & HOLDING
